// Passkeys: asks the browser for what a form wants, fills the form in and sends it. Every page works without, by password and code.
//
// A form with data-passkey ("get" or "create") is not to be seen until it is known that the browser can; its room is kept. What is asked for stands in
// data-options, or is fetched from data-from at the moment of the click: a challenge is good for five minutes.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const keys = (ids) => ids.map((id) => ({ type: "public-key", id: bytes(id) }));

const wanted = async (form) => {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.from, { method: "POST", headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`asked in vain: ${answer.status}`);
  return answer.json();
};

const get = async (asked) => {
  const used = await navigator.credentials.get({
    publicKey: {
      challenge: bytes(asked.challenge),
      rpId: asked.rp_id,
      allowCredentials: keys(asked.credentials),
      userVerification: asked.user_verification,
      timeout: 300000,
    },
  });
  const { clientDataJSON, authenticatorData, signature } = used.response;
  return { credential: used.rawId, client_data: clientDataJSON, authenticator_data: authenticatorData, signature };
};

const create = async (asked) => {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(asked.challenge),
      rp: { id: asked.rp_id, name: asked.rp_name },
      user: { id: bytes(asked.user_id), name: asked.user_name, displayName: asked.user_display_name },
      pubKeyCredParams: asked.algorithms.map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: keys(asked.exclude),
      authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
      attestation: "none",
      timeout: 300000,
    },
  });
  return { client_data: made.response.clientDataJSON, attestation_object: made.response.attestationObject };
};

const send = async (form) => {
  const told = form.querySelector("[data-passkey-told]");
  const button = form.querySelector("button[type=submit]");
  told.hidden = true;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const asked = await wanted(form);
    const answer = form.dataset.passkey === "create" ? await create(asked) : await get(asked);
    for (const [name, value] of Object.entries(answer)) form.elements[name].value = text(value);
    form.submit();
  } catch {
    // Nobody touched the key, or it is another one's: the browser has said so already.
    told.hidden = false;
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
};

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.classList.add("ready");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
} else {
  for (const note of document.querySelectorAll("[data-passkey-missing]")) note.classList.add("ready");
}
