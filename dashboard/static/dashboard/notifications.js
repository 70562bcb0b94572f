// Turns notifications on and off for this browser. It is on where the server knows the subscription, too.
"use strict";
(async () => {
  const push = document.getElementById("push");
  const button = document.getElementById("push-switch");
  const said = document.getElementById("push-said");
  if (!push || !navigator.serviceWorker || !window.PushManager) return;
  const token = push.querySelector("input[name=csrfmiddlewaretoken]").value;
  const key = Uint8Array.from(atob(push.dataset.key.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "all" });
  let isOn = false;

  const post = (url, values) => fetch(url, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: token, ...values }) });
  const send = async (url, values) => {
    const answer = await post(url, values);
    if (answer.status !== 204) throw new Error(await answer.text());
  };
  const isSubscribed = async () => {
    const subscription = await registration.pushManager.getSubscription();
    if (!subscription) return false;
    const itsKey = new Uint8Array(subscription.options?.applicationServerKey ?? key);
    if (itsKey.some((byte, place) => byte !== key[place])) return false;
    const answer = await post(push.dataset.isSubscribed, { endpoint: subscription.endpoint });
    if (answer.status !== 204 && answer.status !== 404) throw new Error(`the server answered ${answer.status}.`);
    return answer.status === 204;
  };
  const show = async () => {
    isOn = await isSubscribed();
    said.textContent = isOn ? "Notifications are on for this device." : "Notifications are off on this device.";
    push.classList.toggle("is-current", isOn);
    button.textContent = isOn ? "Turn off" : "Turn on";
    button.hidden = false;
  };
  const turnOn = async () => {
    await navigator.serviceWorker.ready;
    // One that the server no longer knows may be dead, or belong to an earlier key.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = subscription.toJSON();
    await send(push.dataset.subscribe, { endpoint, ...keys });
  };
  const turnOff = async () => {
    const subscription = await registration.pushManager.getSubscription();
    await send(push.dataset.unsubscribe, { endpoint: subscription.endpoint, script: "1" });
    await subscription.unsubscribe();
  };
  const explained = async (step) => {
    try {
      await step();
    } catch (error) {
      const denied = Notification.permission === "denied";
      said.textContent = denied ? "This browser blocks notifications. Allow them for this page in its settings." : `That did not work: ${error.message}`;
    }
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    await explained(async () => {
      await (isOn ? turnOff() : turnOn());
      await show();
    });
    button.disabled = false;
  });
  await explained(show);
})();
