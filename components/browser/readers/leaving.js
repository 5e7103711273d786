// Leaving a computer that others use next: nothing of this reader stays on it.

import { button, element } from "../dom.js";

/** What leaving does, and the button for it. */
export function leaveForm(frame, close) {
  const box = element("div", "form");
  const failed = element("p", "hint");
  const leave = button("Leave", async () => {
    leave.disabled = true;
    failed.textContent = (await left(frame)) ? "" : "The server did not answer. Try again.";
    leave.disabled = false;
  }, "primary");
  const foot = element("div", "edit-foot");
  foot.append(button("Cancel", close, "quiet"), leave);
  box.append(
    element("div", "menu-heading", "Leave this computer"),
    element("p", "hint", "Whoever uses this browser next finds nothing of you: no text, no run, no draft. Runs that you saved go to the trash, and links to them end. Download first what you want to keep."),
    failed,
    foot,
  );
  return box;
}

async function left(frame) {
  const asked = { method: "POST", headers: { "X-Entroscope": "1" } };
  const answer = await fetch(`${frame.address.base}leave`, asked).catch(() => null);
  if (!answer?.ok) return false;
  for (const store of [window.localStorage, window.sessionStorage]) store.clear();
  window.location.replace(frame.address.base);
  return true;
}
