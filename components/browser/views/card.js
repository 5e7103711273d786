// The card beside a token, which never covers the line being read; and the list of keys.

import { element, mark } from "../dom.js";
import { count, quoted } from "../words.js";
import { bars, guessesAt, nameOfToken, pieceLine } from "./guesses.js";

const GAP = 8; // pixels between a line and its card
const MOST_BARS = 6;
const MOST_NUMBERS = 4; // and the one that colours; the inspector has them all

export class Card {
  constructor(className = "") {
    this.node = mark(element("div", `card ${className}`), { role: "tooltip", popover: "manual" });
  }

  get open() {
    return this.node.matches(":popover-open");
  }

  hide() {
    if (this.open) this.node.hidePopover();
  }

  /** @param {Node[]} content  @param {() => DOMRect} line  where the line stands that it must not cover */
  show(content, line) {
    this.line = line;
    this.node.replaceChildren(...content);
    if (!this.open) this.node.showPopover();
    this.place(line());
  }

  /** Keep beside its token while ``scroller`` moves, and go when the token is out of sight. */
  follow(scroller) {
    if (!this.open) return;
    const [line, view] = [this.line(), scroller.getBoundingClientRect()];
    if (line.bottom < view.top || line.top > view.bottom) this.hide();
    else this.place(line);
  }

  // Under the line or above it, whichever has the room; what does not fit there is left out below.
  place(line) {
    const { style } = this.node;
    style.maxHeight = "";
    const { width, height } = this.node.getBoundingClientRect();
    const below = window.innerHeight - line.bottom - 2 * GAP;
    const above = line.top - 2 * GAP;
    const under = height <= below || below >= above;
    const room = under ? below : above;
    if (height > room) style.maxHeight = `${Math.max(80, room)}px`;
    style.left = `${Math.max(GAP, Math.min(line.left, window.innerWidth - width - GAP))}px`;
    style.top = under ? `${line.bottom + GAP}px` : `${line.top - GAP - Math.min(height, room)}px`;
  }
}

/** A list of names and values; those that are ``active`` in bold. */
export function rowsOf(rows) {
  const list = element("dl", "card-numbers");
  for (const { label, value, active } of rows) {
    const look = active ? "active" : "";
    list.append(element("dt", look, label), element("dd", look, value));
  }
  return list;
}

/**
 * What the card says of a token, or of the word or sentence it stands in.
 *
 * @param text the text parcel  @param {[number, number]} ends first and last token
 * @param {{quantity, value: string, active: boolean}[]} numbers
 */
export function cardOn(text, token, [first, last], numbers) {
  const several = first < last;
  const head = element("div", "card-head");
  const whole = several ? quoted(text.tokens.slice(first, last + 1).join("")) : nameOfToken(text, token);
  const place = several ? `tokens ${count(first)}–${count(last)}` : `token ${count(token)} · id ${text.ids[token]}`;
  head.append(mark(element("b", !several && text.special[token] ? "chip" : "", whole), { dir: "auto" }), element("span", "", place));
  const shown = numbers.filter((each, i) => i < MOST_NUMBERS || each.active);
  const rows = rowsOf(shown.map((each) => ({ ...each, label: each.quantity.label })));
  if (several) return [head, rows];
  const guesses = guessesAt(text, token, MOST_BARS);
  const words = [pieceLine(text, token), text.top && !guesses && "Nothing stands before it, so nothing predicted it."];
  return [head, ...words.filter(Boolean).map((each) => element("p", "", each)), ...(guesses ? [bars(guesses)] : []), rows];
}

const KEYS = {
  "← →": "pin the one before or behind", "↑ ↓": "one line up or down", "Home End": "first or last token",
  Enter: "card with what is known of the token", Esc: "back to the first pin", "[ ]": "one depth down or up, where there is depth",
  "?": "this list",
};

/** The list of keys, which opens over the page. */
export function keyList() {
  const panel = mark(element("div", "keys"), { popover: "auto" });
  const list = element("dl");
  for (const [keys, meaning] of Object.entries(KEYS)) {
    const term = element("dt");
    term.append(...keys.split(" ").map((key) => element("kbd", "", key)));
    list.append(term, element("dd", "", meaning));
  }
  panel.append(element("b", "", "Keys"), list);
  return panel;
}
