// A translation under its source: the pinned token's attention colours the source, and pointing at a
// token of the source colours the translation by how much each token looks at it.

import { shadeClass } from "../colour.js";
import { element, mark, onKeys, placeByKey } from "../dom.js";
import { clamp, factor, range, share, withUnit } from "../numbers.js";
import { listed, quoted } from "../words.js";
import { facts } from "./expected.js";
import { bars } from "./guesses.js";
import { View } from "./view.js";

const MOST = 6; // candidates, and tokens that are looked at

class Both extends View {
  constructor(stage, panel) {
    super(stage, panel, "strip-view translation-view", ["token", "unit", "theme"]);
    this.lines = ["Source", "Translation"].map((name) => {
      const line = mark(element("p", "strip-text big"), { role: "listbox", "aria-label": name });
      line.dir = "auto";
      return line;
    });
    const [source, target] = this.lines;
    target.tabIndex = 0;
    target.addEventListener("click", (event) => this.#pin(Number(event.target.dataset.at)));
    onKeys(target, (event) => this.#pin(placeByKey(event, this.pinned, this.part.target.length)));
    source.addEventListener("pointerover", (event) => this.#paint(Number(event.target.dataset?.at)));
    source.addEventListener("pointerleave", () => this.#paint());
    this.node.append(...this.lines);
  }

  get pinned() {
    return clamp(this.state.token ?? this.part.first, 0, this.part.target.length - 1);
  }

  draw() {
    const { source, target } = this.part;
    if (this.drawn !== this.part) {
      this.drawn = this.part;
      [source, target].forEach((tokens, i) => this.lines[i].replaceChildren(...tokens.map((text, at) => token(text, at))));
    }
    this.#paint();
  }

  // With a token of the source the translation is coloured by attention to it, else by its number.
  #paint(of = NaN) {
    if (!this.part) return;
    const { part, pinned } = this;
    const [source, target] = this.lines.map((line) => [...line.children]);
    const wide = source.length;
    const looks = (at, from) => part.attention[at * wide + from];
    const shade = (value, quantity) => shadeClass(share(value * factor(quantity, "nats"), quantity, range(quantity, "nats")) || 0, quantity);
    const [number] = part.numbers;
    source.forEach((node, at) => (node.className = `t ${shade(looks(pinned, at), part.looks)}${at === of ? " asking" : ""}`));
    target.forEach((node, at) => {
      const colour = Number.isNaN(of) ? shade(part[number.name][at], number) : shade(looks(at, of), part.looks);
      node.className = `t ${colour}${at === pinned ? " pin" : ""}`;
      node.setAttribute("aria-selected", at === pinned);
    });
  }

  #pin(at) {
    if (!Number.isInteger(at)) return false;
    this.stage.set({ token: at });
    return true;
  }
}

class Step extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned", ["token", "unit"]);
    mark(this.node, { role: "region", "aria-label": panel.title, tabindex: 0 });
  }

  draw() {
    const { part, state } = this;
    const at = clamp(state.token ?? part.first, 0, part.target.length - 1);
    const head = element("h2", "pinned-head");
    head.append(mark(element("span", "", part.target[at] ? quoted(part.target[at]) : "the end"), { dir: "auto" }), element("small", "", `step ${at + 1} of ${part.target.length}`));
    const size = part.top_ids.length / part.target.length;
    const rows = Array.from({ length: Math.min(MOST, size) }, (_, k) => at * size + k).map((i) => ({
      label: listed(part.vocabulary[part.top_ids[i]] ?? ""), share: 100 * Math.exp(part.top_logprobs[i]), came: part.top_ids[i] === part.ids[at],
    }));
    const rest = 100 - rows.reduce((sum, each) => sum + each.share, 0);
    const wide = part.source.length;
    const looks = Array.from({ length: wide }, (_, i) => i).sort((a, b) => part.attention[at * wide + b] - part.attention[at * wide + a]);
    this.node.replaceChildren(
      head, element("h3", "pinned-title", "Expected"), bars({ rows, others: part.size - rows.length, rest: Math.max(0, rest) }),
      element("h3", "pinned-title", "Looks at"),
      bars({ rows: looks.slice(0, MOST).map((i) => ({ label: part.source[i] ? listed(part.source[i]) : "the end", share: 100 * part.attention[at * wide + i], came: false })), others: 0 }),
      facts(part.numbers.map((each) => ({ label: each.label, value: withUnit(part[each.name][at], each, state.unit), help: each.help })), "pinned-figures"),
    );
  }
}

function token(text, at) {
  const node = mark(element("span", "t", text || "⏎"), { role: "option" });
  node.dataset.at = at;
  if (!text) node.title = "the end";
  return node;
}

/** The view of a panel: ``options.mode`` says which. */
export default function Translation(stage, panel) {
  return panel.options.mode === "step" ? new Step(stage, panel) : new Both(stage, panel);
}
