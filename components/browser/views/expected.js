// What the model expected in the place of the pinned token: a sentence, bars, three numbers.

import { element, mark } from "../dom.js";
import { nameOf, withUnit } from "../numbers.js";
import { count, percent } from "../words.js";
import { bars, guessesAt, nameOfToken, pieceLine, sentenceOn } from "./guesses.js";
import { View } from "./view.js";

/** A token as the heading of an inspector, with its number. */
export function heading(text, token) {
  const node = element("h2", "pinned-head");
  const name = mark(element("span", text.special[token] ? "chip" : "", nameOfToken(text, token)), { dir: "auto" });
  node.append(name, element("small", "", `token ${count(token)} of ${count(text.tokens.length)}`));
  return node;
}

/** A list of names and values; ``help`` says more of a name. */
export function facts(rows, className) {
  const list = element("dl", className);
  for (const { label, value, help = "" } of rows) {
    const pair = element("div");
    pair.append(mark(element("dt", "", label), { title: help }), element("dd", "", value));
    list.append(pair);
  }
  return list;
}

export default class Expected extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned", ["token", "unit", "window"]);
    mark(this.node, { role: "region", "aria-label": "What was expected here", tabindex: 0 });
    this.all = element("details", "pinned-all");
  }

  draw() {
    const { text, token, part, state } = this;
    const row = (quantity, label) => {
      return { label, value: withUnit(this.valuesOf(quantity)[token], quantity, state.unit), help: quantity.help };
    };
    const guesses = guessesAt(text, token);
    const sentence = element("p", "pinned-sentence");
    sentence.append(...(guesses ? sentenceOn(text, token, part.entropy?.[token]) : [this.options.first_token]));
    const piece = pieceLine(text, token);
    const first = (part.first ?? []).map((name) => this.numberNamed(name));
    this.all.replaceChildren(element("summary", "", "All numbers"), facts([
      ...part.numbers.map((each) => row(each, nameOf(each))),
      ...(part.probability ? [] : [{ label: "Probability", value: percent(100 * Math.exp(-text.surprisal[token])) }]),
      ...(part.plain ?? []).map(({ name, label }) => ({ label, value: count(part[name][token]) })),
      { label: "Id in the vocabulary", value: String(text.ids[token]) },
    ], "pinned-list"));
    this.node.replaceChildren(
      heading(text, token), ...(piece ? [element("p", "quiet", piece)] : []), sentence,
      ...(guesses ? [bars(guesses), facts(first.map((each) => row(each, each.label)), "pinned-figures")] : []), this.all,
    );
  }
}
