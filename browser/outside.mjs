// What there is for who is not signed in, and for who has just come: sign-in and up, links of mails, a server that waits to be set up.

import { Mouse } from "./hands.mjs";
import { House, signIn } from "./house.mjs";
import { Onlooker } from "./looking.mjs";
import { applyAs, linkIn } from "./prepare.mjs";
import { code, secretOn } from "./totp.mjs";

export const PASSWORD = "words of somebody";

/** Sends the form that is open without what it asks for; its answer shows what is missing. */
export async function mistaken(page, button, status = 422) {
  await page.evaluate(() => {
    for (const form of document.querySelectorAll("form")) form.noValidate = true;
    for (const field of document.querySelectorAll("main form :is(input:not([type=hidden], [type=radio], [type=checkbox], [type=submit]), textarea)")) field.value = "";
  });
  const [answer] = await Promise.all([
    page.waitForResponse((answer) => answer.request().method() === "POST" && answer.request().isNavigationRequest()),
    page.waitForEvent("load"),
    page.locator("main form").getByRole("button", { name: button, exact: true }).first().click(),
  ]);
  if (answer.status() !== status) throw new Error(`${button} at ${page.url()} answered ${answer.status()}, not ${status}`);
}

/** Signing in and up, and the links of mails. */
async function comingIn(onlooker, hand, { house }) {
  const page = onlooker.wide;
  for (const path of ["/sign-in", "/forgot", `/join/${house.merchant.slug}`, "/styleguide"]) {
    await onlooker.open(path, path);
    await onlooker.look(path.replace(house.merchant.slug, "{merchant}"), path);
  }
  await hand.open("/sign-in");
  await hand.fill("E-mail address", "nobody@nowhere.example");
  await hand.fill("Password", PASSWORD);
  await hand.button("Sign in");
  await hand.reads("Sign-in failed");
  await onlooker.lookHere("sign-in-refused");
  await hand.open(`/join/${house.merchant.slug}`);
  await mistaken(page, "Apply");
  await onlooker.lookHere("join-with-mistakes");
  await hand.open("/forgot");
  await hand.fill("E-mail address", "bo@brightline.example");
  await hand.button("Send me the link");
  await page.waitForLoadState("load");
  await onlooker.lookHere("forgot-answered");

  await applyAs(house, "Walker", "will@walker.example", false);
  const confirmation = linkIn(await house.post.mail("will@walker.example", "Confirm your e-mail address"));
  await hand.open(confirmation);
  await onlooker.lookHere("confirm-address");
  await hand.button("Confirm address");
  await hand.heading("Address confirmed");
  await onlooker.lookHere("address-confirmed");
  const reset = linkIn(await house.post.mail("bo@brightline.example", "Reset your password"));
  await hand.open(reset);
  await onlooker.lookHere("reset");
  await mistaken(page, "Set the password");
  await onlooker.lookHere("reset-with-mistakes");
  await hand.fill("Password", PASSWORD);
  await hand.button("Set the password");
  await hand.heading("Password set");
  await onlooker.lookHere("reset-done");
  await onlooker.open("link-used", reset, 410);
  await onlooker.look("link-used", reset, { status: 410 });
}

/** Two steps: what is shown once, what a wrong code leads to, and the proof that it is still oneself. */
async function twoSteps(onlooker, hand) {
  const page = onlooker.wide;
  await signIn(page, "bo@brightline.example", PASSWORD);
  await hand.open("/again");
  await onlooker.lookHere("again");
  await mistaken(page, "Continue");
  await onlooker.lookHere("again-refused");
  await hand.open("/profile/two-step");
  await hand.button("Set up");
  await hand.reads("Scan this");
  await onlooker.lookHere("two-step-secret");
  const secret = await secretOn(page);
  await hand.fill("Code that the app shows", "000000");
  await hand.button("Turn on");
  await hand.reads("The secret in your app is still valid.");
  await onlooker.lookHere("two-step-wrong-code");
  await hand.fill("Code that the app shows", code(secret));
  await hand.button("Turn on");
  await hand.heading("Recovery codes");
  await onlooker.lookHere("recovery-codes");
  await hand.open("/again");
  await onlooker.lookHere("again-by-code");
  await hand.open("/account");
  await hand.button("Sign out");
  await hand.heading("Sign in");
  await hand.fill("E-mail address", "bo@brightline.example");
  await hand.fill("Password", PASSWORD);
  await hand.button("Sign in");
  await hand.heading("Second step");
  await onlooker.lookHere("second-step");
  await mistaken(page, "Sign in");
  await onlooker.lookHere("second-step-wrong-code");
}

/** A server without a merchant. */
async function setUp(world, report) {
  const house = await House.open({ kind: world.kind, empty: true });
  try {
    const onlooker = await Onlooker.arrive({ ...world, house }, "outside", report);
    const hand = new Mouse(onlooker.wide);
    const link = await house.setUpLink();
    await onlooker.open("set-up", link);
    await onlooker.look("set-up", link);
    await mistaken(onlooker.wide, "Set up and sign in");
    await onlooker.lookHere("set-up-with-mistakes");
    await onlooker.open("no-style-guide", "/styleguide", 404);
    await hand.open("/sign-in");
    await onlooker.lookHere("sign-in-before-set-up");
    await onlooker.leave();
  } finally {
    await house.close();
  }
}

export async function outside(world, report) {
  const onlooker = await Onlooker.arrive(world, "outside", report);
  const hand = new Mouse(onlooker.wide);
  for (const [name, part] of [["coming in", comingIn], ["two steps", twoSteps]]) {
    if (world.inTime()) await part(onlooker, hand, world);
    else report.skipped.push(`outside: ${name}`);
  }
  await onlooker.leave();
  if (world.inTime()) await setUp(world, report);
  else report.skipped.push("outside: set-up");
}
