// Passkeys, on the pages that use one. Each form with data-passkey carries the browser's answer in its field `credential`.
"use strict";
(() => {
  const problem = document.getElementById("passkey-problem");
  const say = (message) => { problem.textContent = message; problem.hidden = !message; };
  const isAddress = /^[\d.]+$|^\[/.test(location.hostname);
  const given = () => JSON.parse(document.getElementById("passkey-options").textContent);
  let waiting = new AbortController();

  const send = (form, credential) => {
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  };
  // The server remembers one challenge for each session, so it is requested each time.
  const challenge = async (form) => {
    const answer = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return (await answer.json()).request_options;
  };
  const ways = {
    login: async (form) => webauthnJSON.get(await challenge(form)),
    check: async () => webauthnJSON.get(given().request_options),
    add: async () => {
      const options = given().creation_options;
      Object.assign(options.publicKey.authenticatorSelection, {
        residentKey: "required", requireResidentKey: true, userVerification: "required",
      });
      return webauthnJSON.create(options);
    },
  };
  const explain = (error) => {
    if (isAddress) return `Passkeys need a name, not an IP address. Open this page as http://localhost:${location.port}.`;
    if (error.name === "NotAllowedError") return "No passkey was used. Try again, or use another method.";
    if (error.name === "InvalidStateError") return "This device has a passkey for you already.";
    if (error.name === "SecurityError") return "Passkeys need https://.";
    return `That did not work. ${error.message}`;
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.querySelector("button").addEventListener("click", async () => {
      waiting.abort();
      say("");
      try {
        send(form, await ways[form.dataset.passkey](form));
      } catch (error) {
        say(explain(error));
      }
    });
  }

  // Where the name is typed, the browser offers the passkeys that it has.
  const offer = async (form) => {
    if (isAddress || !(await window.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
    const options = await challenge(form);
    send(form, await webauthnJSON.get({ ...options, mediation: "conditional", signal: waiting.signal }));
  };
  const login = document.querySelector("form[data-passkey=login]");
  if (login) offer(login).catch(() => { /* The button says what is wrong, when someone taps it. */ });
})();
