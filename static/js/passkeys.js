// Forms that a passkey fills in: [data-passkey] is where the challenge comes from, data-passkey-do
// says whether one is made or used. What the browser answers goes along as `credential`.
const can = Boolean(window.PublicKeyCredential);
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

async function challenge(form) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  const answer = await fetch(form.dataset.passkey, { method: "POST", body, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).publicKey;
}

async function make(options) {
  return navigator.credentials.create({ publicKey: {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: known(options.excludeCredentials),
  } });
}

async function use(options) {
  return navigator.credentials.get({ publicKey: {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: known(options.allowCredentials),
  } });
}

// As JSON; not every browser's own toJSON is there (W3C WebAuthn level 3, 5.1).
function told(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(parts.filter((one) => response[one]).map((one) => [one, text(response[one])])),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const status = form.querySelector("[data-passkey-status]");
  form.querySelectorAll("[data-passkey-part]").forEach((one) => { one.hidden = !can; });
  form.querySelectorAll("[data-passkey-none]").forEach((one) => { one.hidden = can; });
  // Going back brings the page as it was; a challenge counts once.
  addEventListener("pageshow", () => { form.elements.credential.value = ""; });
  form.addEventListener("submit", async (event) => {
    // Without a name the server says so, before the device keeps what we would not.
    if (form.elements.credential.value || form.elements.name?.value.trim() === "") return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.setAttribute("aria-busy", "true");
    status.hidden = true;
    try {
      const options = await challenge(form);
      form.elements.credential.value = told(await (form.dataset.passkeyDo === "make" ? make : use)(options));
    } catch {
      status.hidden = false;
      button.removeAttribute("aria-busy");
      return;
    }
    // What was chosen on the form beside it goes along.
    for (const name of ["remember", "time_zone"]) {
      const there = document.querySelector(`form:not([data-passkey]) [name=${name}]`);
      const here = form.elements[name];
      if (there && here) here.value = there.type === "checkbox" ? (there.checked ? "on" : "") : there.value;
    }
    form.submit();
  });
}
