// What both runs have at the pinned place: their numbers, and what each of them expected there.

import { element } from "../dom.js";
import { clamp, withUnit } from "../numbers.js";
import { listed, quoted } from "../words.js";
import { bothOf, largest } from "./compare.js";
import { bars, guessesAt, sentenceOn } from "./guesses.js";
import { View } from "./view.js";

const MOST_BARS = 4;
const FIRST = 3; // numbers shown at once

export default class Sides extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned sides", ["place", "unit", "at"]);
    this.node.tabIndex = 0;
    this.all = element("details", "pinned-all");
  }

  async fetch() {
    const texts = ["text", this.options.other].map((name) => this.stage.part(name, {}, this.run));
    const [part, ...both] = await Promise.all([super.fetch(), ...texts]);
    this.texts = both;
    return part;
  }

  draw() {
    const { part, state } = this;
    const known = part.numbers.length ? largest(bothOf(part, { ...state, colour: null }).differences) : 0;
    const place = clamp(state.place ?? known, 0, part.texts_a.length - 1);
    const own = [part.texts_a[place], part.texts_b[place]];
    const words = own.every(Boolean) ? "in both" : own[0] ? "only in A" : "only in B";
    const head = element("h2", "pinned-head");
    head.append(element("span", "", quoted(own[0] || own[1])), element("small", "", words));
    const rows = part.numbers.map((quantity) => this.#row(quantity, place));
    this.all.replaceChildren(element("summary", "", "All numbers"), table(rows.slice(FIRST)));
    const reasons = own.map((text, side) => (text ? this.#expected(side, place) : null));
    this.node.replaceChildren(head, table(rows.slice(0, FIRST)), ...reasons.filter(Boolean), ...(rows.length > FIRST ? [this.all] : []));
  }

  #row(quantity, place) {
    const { unit } = this.state;
    const { values, difference, differences } = bothOf(this.part, { ...this.state, colour: quantity.name });
    const [a, b] = values.map((each) => withUnit(each[place], quantity, unit));
    const signed = differences[place] > 0 ? "+" : "";
    return [quantity.label, a, b, signed + withUnit(differences[place], difference, unit)];
  }

  // A sentence and bars on what a run expected at the first token of the place.
  #expected(side, place) {
    const text = this.texts[side];
    const token = this.part[`first_${"ab"[side]}`][place];
    const guesses = text.top && guessesAt(text, token, MOST_BARS);
    if (!guesses) return null;
    const box = element("section", "sides-run");
    const sentence = element("p", "pinned-sentence");
    sentence.append(element("b", "sides-name", "AB"[side]), ...sentenceOn(text, token, this.part[`${"ab"[side]}:entropy`]?.[place]));
    box.append(sentence, bars(guesses));
    box.setAttribute("aria-label", `What ${"AB"[side]} expected at ${listed(text.tokens[token])}`);
    return box;
  }
}

function table(rows) {
  const node = element("table", "sides-numbers");
  const line = (cells, kind) => {
    const row = element("tr");
    row.append(...cells.map((text, i) => element(i && kind === "td" ? "td" : "th", "", text)));
    return row;
  };
  node.append(line(["", "A", "B", "B − A"], "th"), ...rows.map((cells) => line(cells, "td")));
  return node;
}
