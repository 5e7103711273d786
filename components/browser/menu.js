// Menus and small forms that open under a button; one is open at a time.

import { element } from "./dom.js";

/**
 * Make ``button`` open a menu.
 * @param {HTMLElement} button
 * @param {() => Array<object>} items called when it opens: {label, note, checked, href, download,
 *   act, heading, content}
 */
export function menu(button, items) {
  opens(button, (close) => {
    const list = element("div", "menu");
    list.setAttribute("role", "menu");
    list.append(...items().map((item) => entry(item, close)));
    list.addEventListener("keydown", (event) => step(event, list));
    return list;
  });
}

/** Make ``button`` open whatever ``build(close)`` returns, under it or under ``anchor``. */
export function opens(button, build, anchor = button) {
  button.setAttribute("aria-haspopup", "true");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const panel = element("div", "popover");
    panel.popover = "auto";
    const close = () => panel.hidePopover();
    panel.append(build(close));
    button.after(panel);
    panel.addEventListener("toggle", (event) => {
      const open = event.newState === "open";
      button.setAttribute("aria-expanded", open);
      if (!open) {
        const inside = panel.contains(panel.getRootNode().activeElement);
        panel.remove();
        if (inside) button.focus();
      }
    });
    panel.showPopover();
    place(panel, anchor);
    panel.querySelector("[role^=menuitem],input,textarea,select,button,a")?.focus();
  });
}

/** Open at once under ``anchor`` what ``build(close)`` returns. */
export function openAt(anchor, build) {
  const opener = element("button", "unseen");
  anchor.after(opener);
  opens(opener, build, anchor);
  opener.click();
  opener.hidden = true;
}

function entry(item, close) {
  if (item.heading) return element("div", "menu-heading", item.heading);
  if (item.content) return item.content;
  const node = element(item.href ? "a" : "button", "menu-item");
  if (item.href) {
    node.href = item.href;
    if (item.download !== undefined) node.download = item.download;
  } else node.type = "button";
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  node.setAttribute("role", role);
  if (item.checked !== undefined) node.setAttribute("aria-checked", item.checked);
  node.append(element("span", "", item.label));
  if (item.note) node.append(element("small", "", item.note));
  node.addEventListener("click", (event) => {
    if (item.act) {
      event.preventDefault();
      item.act();
    }
    close();
  });
  return node;
}

function step(event, list) {
  const items = [...list.querySelectorAll("[role^=menuitem]")];
  const at = items.indexOf(list.getRootNode().activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  items[(to + items.length) % items.length]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

function place(panel, button) {
  const box = button.getBoundingClientRect();
  const own = panel.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, window.innerWidth - own.width - 8));
  const below = window.innerHeight - box.bottom - 12;
  panel.style.left = `${left}px`;
  if (own.height <= below || below > box.top) {
    panel.style.top = `${box.bottom + 4}px`;
    panel.style.maxHeight = `${below}px`;
  } else {
    panel.style.top = `${Math.max(8, box.top - own.height - 4)}px`;
    panel.style.maxHeight = `${box.top - 12}px`;
  }
}
