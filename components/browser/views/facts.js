// What is known of the pinned token: every number of the lens; where it has one for every place of an
// axis, all of them as a ladder of bars. Of a head first what it looked at, and its means at the end.

import { behindText } from "../colour.js";
import { button, element, mark, onKeys, placeByKey } from "../dom.js";
import { along, factor, nameOf, range, share, unitIn, withUnit } from "../numbers.js";
import { facts, heading } from "./expected.js";
import { Looked } from "./looked.js";
import { View } from "./view.js";

const FIRST = ["entropy", "first_mass", "distance"]; // of a head; the others stand under All numbers

export default class Facts extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned", ["token", "unit", "at", "window", "theme"]);
    mark(this.node, { role: "region", "aria-label": "Numbers of this token", tabindex: 0 });
    if (this.options.head) {
      this.looked = new Looked(this);
      this.all = element("details", "pinned-all");
    }
  }

  async fetch() {
    if (!this.options.head) return super.fetch();
    const asked = this.following(["positions", "first"]);
    const { second } = this.state;
    const ofSecond = second && this.stage.part(this.options.part ?? this.panel.name, { ...this.parameters, layer: second[0], head: second[1] }, this.run);
    const [part, means, other] = await Promise.all([super.fetch(), this.stage.part("heads", asked, this.run), ofSecond]);
    return { ...part, means, other };
  }

  update(changed) {
    if (changed.has("second") && this.options.head && this.run) this.show(this.run);
    super.update(changed);
  }

  draw() {
    const { text, token, part, state } = this;
    const { other } = part;
    const row = (quantity, value, label = nameOf(quantity), second = undefined) => {
      const beside = second === undefined ? "" : ` · ${withUnit(second, quantity, state.unit)}`;
      return { label, value: `${withUnit(value, quantity, state.unit)}${beside}`, help: quantity.help };
    };
    const focused = this.node.getRootNode().activeElement?.classList.contains("ladder");
    const ladders = part.numbers.filter((each) => this.placesOf(each) > 1);
    const said = (numbers, className, label) => facts(numbers.map((each) => row(each, this.valuesOf(each)[token], label?.(each), other?.[each.name]?.[token])), className);
    if (this.looked) this.#drawHead(said, row);
    else this.node.replaceChildren(heading(text, token), ...ladders.map((each) => this.#ladder(each)), said(part.numbers, "pinned-list"));
    if (focused) this.node.querySelector(".ladder")?.focus();
  }

  #drawHead(said, row) {
    const { text, token, part, looked } = this;
    looked.load();
    looked.draw();
    const first = FIRST.map((name) => this.numberNamed(name)).filter(Boolean);
    const heads = part.other ? [element("p", "quiet", `${part.name} · ${part.other.name}`)] : [];
    this.all.replaceChildren(element("summary", "", "All numbers"), said(part.numbers, "pinned-list"), ...this.#means(row));
    this.node.replaceChildren(
      heading(text, token), looked.sentence, looked.bars, ...heads, said(first, part.other ? "pinned-list" : "pinned-figures", (each) => each.label), this.#pair(), this.all,
    );
  }

  // Holds the head on, so that another one is seen beside it.
  #pair() {
    const { second, head } = this.state;
    const words = second ? `Without L${second.join(".H")}` : "Hold this head and compare others with it";
    return button(words, () => this.stage.set({ second: second ? null : [...head] }), "pinned-pair");
  }

  #means(row) {
    const { means, layer, head, other } = this.part;
    if (!means) return [];
    const rows = this.options.figures.flatMap(({ name, label }) => {
      const quantity = means.numbers.find((each) => each.name === name);
      const of = (each) => means[name][each.layer * means.heads + each.head];
      return quantity ? [row(quantity, of({ layer, head }), label, other && of(other))] : [];
    });
    const title = `Means over ${this.state.queries ? "the chosen" : "all"} tokens`;
    return [element("h3", "pinned-title", title), facts(rows, "pinned-list")];
  }

  // The number at every place of its axis; a press goes there.
  #ladder(quantity) {
    const { text, token, state } = this;
    const [tokens, places] = [text.tokens.length, this.placesOf(quantity)];
    const place = this.placeOf(places);
    const ramp = behindText(quantity, state.theme);
    const words = (i) => `${this.axisName} ${i}, ${withUnit(along(this.part, quantity, tokens, i)[token], quantity, state.unit)}`;
    const node = mark(element("div", "ladder"), {
      role: "slider", tabindex: 0, "aria-label": `${nameOf(quantity)} at every ${this.axisName}`, "aria-valuemin": 0,
      "aria-valuemax": places - 1, "aria-valuenow": place, "aria-valuetext": words(place),
    });
    for (let i = 0; i < places; i++) {
      const shown = along(this.part, quantity, tokens, i)[token] * factor(quantity, state.unit);
      const part = share(shown, quantity, range(quantity, state.unit)) || 0;
      const bar = mark(element("i", i === place ? "at" : ""), { title: words(i) });
      bar.style.cssText = `--share:${Number.isNaN(shown) ? 0 : Math.max(0.02, part)};--fill:${ramp[Math.round(255 * part)]}`;
      node.append(bar);
    }
    node.addEventListener("click", ({ clientX }) => {
      const box = node.getBoundingClientRect();
      this.setPlace(Math.floor(((clientX - box.left) / box.width) * places), places);
    });
    onKeys(node, (event) => {
      const to = placeByKey(event, place, places);
      if (to !== undefined) this.setPlace(to, places);
      return to !== undefined;
    });
    const figure = element("figure", "ladder-box");
    const unit = unitIn(quantity, state.unit);
    figure.append(element("figcaption", "quiet", `${quantity.label}${unit ? ` (${unit})` : ""} by ${this.axisName}, 0 to ${places - 1}`), node);
    return figure;
  }
}
