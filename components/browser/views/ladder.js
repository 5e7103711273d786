// What every layer would have said in the place of the pinned token, the end on top.

import { behindText } from "../colour.js";
import { element, mark } from "../dom.js";
import { factor, range, share, withUnit } from "../numbers.js";
import { listed, percent } from "../words.js";
import { heading } from "./expected.js";
import { View } from "./view.js";

const SHOWN = 3; // tokens a row

export default class Ladder extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned", ["unit", "at", "theme"]);
    mark(this.node, { role: "region", "aria-label": panel.title, tabindex: 0 });
  }

  draw() {
    const { text, part } = this;
    const [kl] = part.numbers;
    const depths = part[kl.name].length;
    const known = [...Array(depths).keys()].filter((depth) => part.ids[depth * this.count] >= 0);
    const rows = element("div", "rungs");
    rows.append(...known.reverse().map((depth) => this.#row(depth, depths)));
    this.node.replaceChildren(heading(text, part.token), this.#lenses(), element("p", "pinned-sentence", this.#sentence(known.length, depths)), rows);
  }

  get count() {
    return this.part.ids.length / this.part[this.part.numbers[0].name].length;
  }

  #sentence(known, depths) {
    const { since, label, token } = this.part;
    if (!known) return token ? "No layer was read here." : "Nothing predicts the first token.";
    if (since === null) return `${label}: the end was not read.`;
    if (since === depths - 1) return `${label}: no layer before the end has its first choice for good.`;
    return `${label}: from depth ${since} of ${depths - 1} on, the first choice is the end's.`;
  }

  #lenses() {
    const { name } = this.panel;
    const [{ parameter, label, values }] = this.options.choices;
    const field = mark(element("select"), { "aria-label": label });
    for (const each of values) field.append(new Option(each.label, each.value));
    field.value = this.part.lens;
    field.addEventListener("change", () => {
      this.stage.set({ choices: { ...this.state.choices, [name]: { ...this.state.choices?.[name], [parameter]: field.value } } });
    });
    return field;
  }

  #row(depth, depths) {
    const { part, state } = this;
    const [kl, entropy] = part.numbers;
    const shown = part[kl.name][depth] * factor(kl, state.unit);
    const ramp = behindText(kl, state.theme);
    const node = element("div", `rung${depth === part.since ? " since" : ""}${depth === this.placeOf(depths) ? " at" : ""}`);
    const number = element("b", "", String(depth));
    number.style.background = ramp[Math.round(255 * (share(shown, kl, range(kl, state.unit)) || 0))];
    number.title = `${kl.label} ${withUnit(part[kl.name][depth], kl, state.unit)}, ${entropy.label.toLowerCase()} ${withUnit(part[entropy.name][depth], entropy, state.unit)}`;
    node.append(number);
    for (let place = 0; place < Math.min(SHOWN, this.count); place++) {
      const at = depth * this.count + place;
      const id = part.ids[at];
      const token = element("span", id === part.end ? "end" : id === part.came ? "came" : "", listed(part.texts[id]));
      token.title = `${percent(100 * Math.exp(part.logprobs[at]))}${id === part.end ? ", the end's first choice" : ""}${id === part.came ? ", what came" : ""}`;
      token.dir = "auto";
      node.append(token);
    }
    return node;
  }
}
