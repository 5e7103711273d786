// An address as a QR code over the whole screen.

import { element, mark } from "./dom.js";

const AT_HOME = /^(localhost|127\.|\[?::1)/; // addresses that lead nowhere from elsewhere
const MOST = 300; // characters of an address that are shown

/**
 * Show the code of ``url``; a click or Esc closes it.
 * @param {Element} root  where the dialog stands
 * @param {string} base  of our routes
 * @param {{title: string, what: string, large?: boolean, keys?: string[]}} more  a name, what the
 *   code opens, whether the address is to be typed, and keys that close it too
 */
export function showCode(root, base, url, { title, what, large = false, keys = [] }) {
  const dialog = mark(element("dialog", "qr"), { "aria-label": title });
  const picture = mark(element("img"), { alt: `QR code that opens ${what}`, src: `${base}qr.svg?${new URLSearchParams({ text: url })}` });
  const words = element("p", large ? "qr-address large" : "qr-address", url.length > MOST ? `${url.slice(0, MOST)}…` : url);
  dialog.append(picture, words);
  if (AT_HOME.test(new URL(url).hostname)) dialog.append(element("p", "hint", "This address leads here from this computer only. Open the app by the computer's name or number in the network, and the code works for all who share it."));
  picture.addEventListener("error", () => picture.replaceWith(element("p", "", "This view is too long for a code that a phone can read. Save the run first: its link is short.")));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (keys.includes(event.key) || keys.includes(event.key.toLowerCase())) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}
