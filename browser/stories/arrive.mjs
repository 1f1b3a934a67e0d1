// How people get in: what every story begins with.

import { linkIn } from "../prepare.mjs";

/** By the link of the access mail: a password is set, and used. */
export async function arrive(hand, house, who) {
  await hand.open(linkIn(await house.post.mail(who.email, "Your access")));
  await hand.fill("Password", who.password);
  await hand.button("Set the password");
  await hand.heading("Password set");
  await hand.link("Sign in");
  await signIn(hand, who);
}

/** On the page that asks for address and password. */
export async function signIn(hand, { email, password }) {
  await hand.fill("E-mail address", email);
  await hand.fill("Password", password);
  await hand.button("Sign in");
  await hand.heading("Overview");
}
