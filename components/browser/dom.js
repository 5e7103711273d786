// Building blocks of the page. Text only ever goes into textContent.

import { steady } from "./words.js";

const PATHS = {
  back: "M15 5l-7 7 7 7", on: "M9 5l7 7-7 7", up: "M5 15l7-7 7 7", down: "M5 9l7 7 7-7",
  close: "M6 6l12 12M18 6L6 18", more: "M5 12h.01M12 12h.01M19 12h.01", plus: "M12 5v14M5 12h14",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3", search: "M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM15.5 15.5L20 20",
  info: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 11v6M12 7.5h.01", options: "M4 7h9M17 7h3M4 17h3M11 17h9M13 5v4M7 15v4",
  help: "M9 9a3 3 0 114.2 2.8c-.8.4-1.2 1-1.2 2.2M12 17.5h.01", play: "M7 4l13 8-13 8z", pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z", save: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6", export: "M12 4v11M7 11l5 5 5-5M5 20h14",
  link: "M10 14a4 4 0 006 .4l3-3a4 4 0 00-5.7-5.7l-1 1M14 10a4 4 0 00-6-.4l-3 3a4 4 0 005.7 5.7l1-1",
  compare: "M8 4v16M16 4v16M4 8l4-4 4 4M12 16l4 4 4-4", branch: "M6 4v16M6 12c8 0 11-2 11-8M14 7l3-3 3 3",
  lecture: "M4 5h16v10H4zM12 15v4M8 20h8", again: "M19 12a7 7 0 11-2-5l3 3M20 4v6h-6",
  whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5", theme: "M12 4a8 8 0 000 16zM12 4a8 8 0 010 16",
};

/**
 * @param {string} tag  @param {string} [className]
 * @param {string} [text] shown as it is, never as markup; see ``steady``
 */
export function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = steady(String(text));
  return node;
}

/** Set attributes: ``role``, ``tabindex``, and names that begin with "aria-". */
export function mark(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** A picture of one line, as large as the letters beside it. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = mark(document.createElementNS(space, "svg"), { class: "icon", viewBox: "0 0 24 24", "aria-hidden": true });
  picture.append(mark(document.createElementNS(space, "path"), { d: PATHS[name] }));
  return picture;
}

/** A button; with ``picture`` it shows that icon, and its label is for those who hear or hover. */
export function button(label, onclick, className, picture) {
  const node = element("button", className, picture ? undefined : label);
  if (picture) mark(node, { "aria-label": label, title: label }).append(icon(picture));
  node.type = "button";
  node.addEventListener("click", onclick);
  return node;
}

/** How much larger letters are than 16 pixels: by the reader's own setting, or in a lecture. */
export const typeScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;

/** Call ``act`` whenever ``node`` has another size; return what stops it. */
export function resized(node, act) {
  const observer = new ResizeObserver(() => node.isConnected && act());
  observer.observe(node);
  return () => observer.disconnect();
}

/** Listen to keys that are pressed alone; ``act`` returns whether it had a use for one. */
export function onKeys(node, act) {
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Where a key leads on a line of ``length`` places; undefined for another key. */
export function placeByKey({ key }, at, length, page = 10) {
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page, Home: -Infinity, End: Infinity };
  return key in steps ? Math.min(length - 1, Math.max(0, at + steps[key])) : undefined;
}
