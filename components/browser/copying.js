// Text into the clipboard, also where the address is not encrypted and browsers lend no clipboard.

import { element } from "./dom.js";

/** Copy ``text``; whether it worked. Called in answer to a click or a key. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByHand(text);
  }
}

// What browsers did before: select it in a field, and copy that.
function copiedByHand(text) {
  const field = element("textarea", "", text);
  field.style.cssText = "position: fixed; inset: 0 auto auto 0; opacity: 0";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus?.();
  return done;
}
