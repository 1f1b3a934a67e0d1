// An issuer of OpenID Connect on loopback, for sign-ins elsewhere: whoever is sent to it is signed in there already.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const CLIENT = "tradepost";
const SECRET = "a secret of the tests";
const base64url = (text) => Buffer.from(text).toString("base64url");

export class Issuer {
  /** As whom it knows the browser that is sent to it next. */
  email = "";
  #asked = new Map();
  #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });

  async open() {
    this.server = createServer((request, answer) => this.#answer(request, answer).catch(() => answer.writeHead(500).end()));
    this.server.listen(0, "127.0.0.1").unref();
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** What a server is told of it. */
  settings() {
    return `[[oidc]]\nname = "work"\nlabel = "Work account"\nissuer = "${this.url}"\nclient_id = "${CLIENT}"\nclient_secret = "${SECRET}"\n`;
  }

  async #answer(request, answer) {
    const { pathname, searchParams } = new URL(request.url, this.url);
    const json = (value) => answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    switch (pathname) {
      case "/.well-known/openid-configuration":
        return json({ issuer: this.url, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys` });
      case "/keys":
        return json({ keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "one", use: "sig" }] });
      case "/authorize": {
        const code = randomBytes(16).toString("hex");
        this.#asked.set(code, { email: this.email, nonce: searchParams.get("nonce"), challenge: searchParams.get("code_challenge") });
        const back = new URL(searchParams.get("redirect_uri"));
        back.search = new URLSearchParams({ code, state: searchParams.get("state"), iss: this.url });
        return answer.writeHead(302, { location: back.href }).end();
      }
      case "/token": {
        let body = "";
        for await (const piece of request) body += piece;
        const said = this.#exchanged(request.headers.authorization, new URLSearchParams(body));
        return said ? json({ access_token: "x", token_type: "Bearer", id_token: this.#signed(said) }) : answer.writeHead(400).end("{}");
      }
      default:
        return answer.writeHead(404).end();
    }
  }

  /** What it says of whom a code is for, once, to who knows the secret and the verifier. */
  #exchanged(authorization, form) {
    const asked = this.#asked.get(form.get("code"));
    this.#asked.delete(form.get("code"));
    const knows = authorization === `Basic ${Buffer.from(`${CLIENT}:${encodeURIComponent(SECRET)}`).toString("base64")}`;
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (!asked || !knows || challenge !== asked.challenge) return null;
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.url, sub: `person ${asked.email}`, aud: CLIENT, iat: now, exp: now + 300, nonce: asked.nonce, email: asked.email, email_verified: true };
  }

  #signed(claims) {
    const text = `${base64url(JSON.stringify({ alg: "ES256", kid: "one" }))}.${base64url(JSON.stringify(claims))}`;
    return `${text}.${sign("sha256", Buffer.from(text), { key: this.#keys.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  }
}
