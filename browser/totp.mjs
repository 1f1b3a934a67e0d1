// What an authenticator app shows.

import { createHmac } from "node:crypto";

/** What it shows now for this secret (RFC 6238). */
export function code(secret) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, "0");
}

/** The secret that the page shows, once. */
export async function secretOn(page) {
  return /[A-Z2-7]{32}/.exec((await page.locator("main").innerText()).replace(/(?<=[A-Z2-7]) (?=[A-Z2-7])/g, ""))[0];
}
