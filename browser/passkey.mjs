// A person's passkey in a real browser: added, used alone and as the second step, removed. Chromium's own virtual authenticator holds the key.

import { Mouse } from "./hands.mjs";
import { openWindow } from "./house.mjs";
import { OWNER } from "./prepare.mjs";
import { arrive } from "./stories/arrive.mjs";
import { code, secretOn } from "./totp.mjs";
import { strict as assert } from "node:assert";

export const title = "a passkey signs in alone, does the second step, and opens nothing once it is removed";
/** A browser keeps passkeys for names, not for addresses. */
export const name = "localhost";

async function signOut(hand) {
  await hand.open("/account");
  await hand.button("Sign out");
  await hand.heading("Sign in");
}

export async function passkey({ browser, house }) {
  const page = await openWindow(browser, house);
  const hand = new Mouse(page);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const kind = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options: kind });
  const held = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

  await arrive(hand, house, OWNER);
  await hand.open("/profile/passkeys");
  await hand.reads("No passkey yet");
  await hand.fill("Name", "Work laptop");
  await hand.button("Add a passkey");
  await hand.reads("Passkey added.");
  assert.equal((await held()).length, 1, "the authenticator holds it");
  await hand.fill("Name", "The same again");
  await hand.button("Add a passkey");
  await hand.reads("No passkey was used.");
  assert.equal((await held()).length, 1, "one authenticator holds one for each account");

  await signOut(hand);
  await hand.button("Sign in with a passkey");
  await hand.heading("Overview");

  await hand.open("/profile/two-step");
  await hand.button("Set up");
  await hand.heading("Two-step sign-in");
  const secret = await secretOn(page);
  await hand.fill("Code that the app shows", code(secret));
  await hand.button("Turn on");
  await hand.heading("Recovery codes");
  await signOut(hand);
  await hand.fill("E-mail address", OWNER.email);
  await hand.fill("Password", OWNER.password);
  await hand.button("Sign in");
  await hand.button("Use a passkey");
  await hand.heading("Overview");

  await hand.open("/profile/passkeys");
  await hand.reads("Work laptop");
  await hand.ask("Remove");
  await hand.button("Remove");
  await hand.reads("Passkey removed.");
  await signOut(hand);
  await hand.button("Sign in with a passkey");
  await hand.reads("That passkey was not taken");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}
