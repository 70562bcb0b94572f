// Switches notifications on and off for this browser.
"use strict";
(async () => {
  const push = document.getElementById("push");
  const button = document.getElementById("push-switch");
  const said = document.getElementById("push-said");
  if (!push || !navigator.serviceWorker || !window.PushManager) return;
  const token = push.querySelector("input[name=csrfmiddlewaretoken]").value;
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "all" });
  const send = async (url, values) => {
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: token, ...values }) });
    if (answer.status !== 204) throw new Error(await answer.text());
  };
  const show = async () => {
    const isOn = Boolean(await registration.pushManager.getSubscription());
    said.textContent = isOn ? "This device is told." : "This device is not told yet.";
    button.textContent = isOn ? "Switch off here" : "Switch on here";
    button.hidden = false;
    return isOn;
  };
  const switchOn = async () => {
    await navigator.serviceWorker.ready;
    const key = Uint8Array.from(atob(push.dataset.key.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = subscription.toJSON();
    await send(push.dataset.subscribe, { endpoint, ...keys });
  };
  const switchOff = async () => {
    const subscription = await registration.pushManager.getSubscription();
    await send(push.dataset.unsubscribe, { endpoint: subscription.endpoint, script: "1" });
    await subscription.unsubscribe();
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ((await registration.pushManager.getSubscription()) ? switchOff() : switchOn());
      await show();
    } catch (error) {
      const denied = Notification.permission === "denied";
      said.textContent = denied ? "This browser does not allow it: permit notifications for this page in its settings." : `That did not work: ${error.message}`;
    }
    button.disabled = false;
  });
  await show();
})();
