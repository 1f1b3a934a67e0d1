// A server of one's own, a mail server that keeps what it gets, and a browser: what every test here starts from.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Issuer } from "./issuer.mjs";

const packages = createRequire(`${process.env.BROWSER_PACKAGES}/`);
const { chromium } = packages("playwright-core");
/** The source of axe-core, to be run in a page. */
export const axeSource = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

const BINARY = process.env.TRADEPOST_TEST_BINARY ?? "tradepost";
/** Nothing waits this long unless it is stuck: the machine may be busy with other things. */
export const PATIENCE_MS = 60_000;
/** The password of every sign-in of `tradepost demo`. */
export const DEMO_PASSWORD = "demo-demo-demo";

/** Asks again and again until there is an answer. */
export async function until(ask, what, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${patience} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A mail server on loopback. It speaks as much SMTP as a client needs, and keeps every message. */
export class Post {
  caught = [];

  async open() {
    this.server = createServer((socket) => this.#talk(socket));
    this.server.listen(0, "127.0.0.1").unref();
    await once(this.server, "listening");
    this.port = this.server.address().port;
    return this;
  }

  close() {
    this.server.close();
  }

  #talk(socket) {
    let heard = "";
    let mail = null;
    let recipients = [];
    const say = (line) => socket.write(`${line}\r\n`);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      for (;;) {
        if (mail !== null) {
          const end = heard.indexOf("\r\n.\r\n");
          if (end < 0) return;
          this.caught.push(read(recipients, heard.slice(0, end)));
          [heard, mail, recipients] = [heard.slice(end + 5), null, []];
          say("250 kept");
          continue;
        }
        const end = heard.indexOf("\r\n");
        if (end < 0) return;
        const line = heard.slice(0, end);
        heard = heard.slice(end + 2);
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === "DATA") {
          mail = "";
          // The text begins at once; a dot alone ends an empty one too.
          heard = `\r\n${heard}`;
          say("354 go on");
        } else if (verb === "QUIT") {
          say("221 bye");
          socket.end();
        } else {
          if (verb === "RCPT") recipients.push(/<(.*?)>/.exec(line)?.[1]);
          say("250 ok");
        }
      }
    });
    say("220 post");
  }

  /** The mail to this address whose subject says this, once it is there. */
  mail(to, subject) {
    const found = () => this.caught.find((mail) => mail.to.includes(to) && mail.subject.includes(subject));
    return until(found, `a mail to ${to} about “${subject}”; there are ${JSON.stringify(this.caught.map((mail) => [mail.to, mail.subject]))}`);
  }
}

/** Who gets it, what it is about, and its plain text. */
function read(to, raw) {
  const message = raw.replaceAll("\r\n..", "\r\n.").trimStart();
  const head = message.slice(0, message.indexOf("\r\n\r\n")).replace(/\r\n[ \t]+/g, " ");
  const subject = words(/^subject: (.*)$/im.exec(head)?.[1] ?? "");
  const boundary = /boundary="?([^";\r\n]+)/i.exec(head)?.[1];
  const parts = boundary ? message.split(`--${boundary}`).slice(1) : [message];
  const plain = parts.find((part) => /content-type: text\/plain/i.test(part)) ?? parts[0];
  const [partHead, ...body] = plain.split("\r\n\r\n");
  return { to, subject, text: decoded(body.join("\r\n\r\n"), /content-transfer-encoding: (\S+)/i.exec(partHead)?.[1] ?? "") };
}

function decoded(text, encoding) {
  const bytes = {
    "base64": () => Buffer.from(text, "base64"),
    "quoted-printable": () => Buffer.from(text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), "latin1"),
  }[encoding.toLowerCase()]?.() ?? Buffer.from(text, "latin1");
  return bytes.toString("utf8").replaceAll("\r\n", "\n");
}

function words(header) {
  return header.replace(/\?=\s+=\?/g, "?==?").replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_, how, text) =>
    how.toLowerCase() === "b" ? Buffer.from(text, "base64").toString("utf8") : decoded(text.replaceAll("_", " "), "quoted-printable"));
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** A database that nobody used before: a file, or one of the server that `scripts/test-postgres` names. */
function freshDatabase(kind, folder) {
  if (kind !== "postgres") return `sqlite://${folder}/tradepost.db`;
  const admin = process.env.TRADEPOST_TEST_POSTGRES;
  const name = `browser_${process.pid}_${Math.floor(Math.random() * 1e9)}`;
  execFileSync("psql", ["-q", admin, "-c", `CREATE DATABASE ${name}`]);
  return `${admin.slice(0, admin.lastIndexOf("/"))}/${name}`;
}

/** A running server. With `demo` it has the demo's merchant and resellers, `empty` it waits to be set up, else it has a merchant whose owner got an access
 * mail; with `elsewhere` people may sign in at an issuer of OpenID Connect, too. */
export class House {
  static async open({ kind = "sqlite", demo = false, empty = false, elsewhere = false, name = "127.0.0.1" } = {}) {
    const house = new House();
    house.folder = mkdtempSync(join(tmpdir(), "tradepost-browser-"));
    house.post = await new Post().open();
    const place = ["--data", house.folder, "--database", freshDatabase(kind, house.folder)];
    if (elsewhere) {
      house.issuer = await new Issuer().open();
      writeFileSync(join(house.folder, "tradepost.toml"), house.issuer.settings());
      place.push("--config", join(house.folder, "tradepost.toml"));
    }
    const port = await freePort();
    house.url = `http://${name}:${port}`;
    const env = { ...process.env, TRADEPOST_PUBLIC_URL: house.url, TRADEPOST_MAIL_HOST: "127.0.0.1", TRADEPOST_MAIL_PORT: String(house.post.port), TRADEPOST_MAIL_TLS: "none", TRADEPOST_MAIL_FROM: "post@tradepost.example" };
    house.run = (...command) => execFileSync(BINARY, [...place, ...command], { env, encoding: "utf8" });
    if (!demo && !empty) {
      const owner = ["--owner-email", "owner@northwind.example", "--owner-name", "Olivia Owner"];
      house.merchant = JSON.parse(house.run("merchant", "create", "--name", "Northwind Software", "--currency", "USD", ...owner, "--json"));
    }
    const log = openSync(join(house.folder, "log"), "w");
    house.server = spawn(BINARY, [...place, demo ? "demo" : "serve", "--listen", `127.0.0.1:${port}`], { env, stdio: ["ignore", "ignore", log] });
    const ready = () => fetch(`${house.url}/health/ready`).then((answer) => answer.ok, () => house.#over());
    await until(ready, "the server", 4 * PATIENCE_MS);
    if (demo) house.merchant = { slug: "northwind-software", ...JSON.parse(readFileSync(join(house.folder, "demo.json"), "utf8")).merchant };
    return house;
  }

  /** The one-time link to set an empty server up by, as its log tells it. */
  async setUpLink() {
    return /http\S+\/set-up\/[\w.-]+/.exec(await until(() => (/set-up\//.test(this.log()) ? this.log() : ""), "the link in the log"))[0];
  }

  log() {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  #over() {
    if (this.server.exitCode !== null) throw new Error(`the server ended:\n${this.lastLines()}`);
    return false;
  }

  lastLines() {
    return this.log().slice(-2000);
  }

  /** Ends the server and checks every invariant over what it leaves. */
  async close() {
    this.server.kill("SIGTERM");
    if (this.server.exitCode === null) await once(this.server, "exit");
    this.post.close();
    this.issuer?.close();
    this.run("verify");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Debian's Chromium, which asks nothing of the network beyond the server under test. */
export function openBrowser() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--renderer-process-limit=1"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args, timeout: 2 * PATIENCE_MS });
}

/** A window of its own: cookies, language, size. What goes wrong in its pages is collected in `window.troubles`. */
export async function openWindow(browser, house, options = {}) {
  const context = await browser.newContext({ baseURL: house.url, locale: "en-US", viewport: { width: 1440, height: 900 }, timezoneId: "UTC", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  if (process.env.TRY_SOURCES) await trySources(context);
  const page = await context.newPage();
  // As long as somebody listens, a browser asks us for files: told to with each one, it may hear of it after the key that asks.
  page.on("filechooser", () => {});
  if (process.env.SLOWER) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: Number(process.env.SLOWER) });
  return Object.assign(page, { troubles: watch(page) });
}

/** Styles and script as they stand in this tree, whatever the server was built with: a change of them is seen without a build. */
async function trySources(context) {
  const style = readdirSync("crates/design/style").filter((name) => name.endsWith(".css")).sort().map((name) => readFileSync(`crates/design/style/${name}`, "utf8")).join("");
  await context.route(/\/assets\/style\.[^/]*\.css$/, (route) => route.fulfill({ contentType: "text/css", body: style }));
  const named = (route) => /\/assets\/([a-z]+)\./.exec(route.request().url())[1];
  await context.route(/\/assets\/[^/]*\.js$/, (route) => route.fulfill({ contentType: "text/javascript", path: `crates/design/script/${named(route)}.js` }));
}

/** Console errors (a broken content security policy is one), exceptions, failed requests, answers that are faults. */
function watch(page) {
  const troubles = [];
  const note = (text) => troubles.push(`${new URL(page.url()).pathname}: ${text}`);
  page.on("console", (message) => {
    // A form that is answered with its mistakes has a status of its own; the browser calls that an error.
    // A mail is shown in a frame that runs nothing, not even what a test would run in every frame.
    if (/^Blocked script execution in '\S+\/html' because the document's frame is sandboxed/.test(message.text())) return;
    if (["error", "warning"].includes(message.type()) && !/the server responded with a status of 4(01|02|09|12|22)/.test(message.text())) note(message.text());
  });
  page.on("pageerror", (error) => note(String(error)));
  page.on("requestfailed", (request) => {
    // What a new page or a download interrupts did not fail.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") note(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 500 || [403, 404, 405].includes(answer.status())) note(`${answer.request().method()} ${answer.url()} answered ${answer.status()}`);
  });
  return troubles;
}

/** A no was asked for: this answer is no trouble. */
export function forgive(page, status) {
  const told = new RegExp(`(answered|with a status of) ${status}\\b`);
  page.troubles.splice(0, page.troubles.length, ...page.troubles.filter((trouble) => !told.test(trouble)));
}

/** Through the sign-in page. */
export async function signIn(page, email, password = DEMO_PASSWORD) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").or(page.getByLabel("E-Mail-Adresse")).fill(email);
  await page.locator("input[type=password]").fill(password);
  await page.locator("form:has(input[type=password]) button[type=submit]").first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** Through the sign-in page, by an account at the house's issuer. */
export async function signInElsewhere(page, house, email) {
  house.issuer.email = email;
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Work account" }).click();
  await page.waitForURL((url) => url.origin === house.url && !url.pathname.startsWith("/sign-in"));
}
