// What joins answers, which temperature, which colour, and how duplicates count: above the cards.

import { button, element, mark } from "../dom.js";
import { select } from "../form.js";
import { choose, chosen } from "./answers_state.js";

export class AnswersTools {
  constructor(view) {
    this.view = view;
    this.node = element("div", "answers-tools");
  }

  draw() {
    const { part, stage, state, options } = this.view;
    const own = chosen(state, this.view.run);
    const open = this.node.contains(this.node.getRootNode().activeElement) && this.node.getRootNode().activeElement.type === "range";
    if (open) return void (this.said.textContent = this.#threshold());
    const rules = options.rules.map(({ name, label }) => [name, label]);
    const rule = select("What joins two answers", part.by_hand ? [["", "by hand"], ...rules] : rules, part.by_hand ? "" : part.rule, (name) => choose(stage, this.view.run, { rule: name, threshold: undefined, groups: undefined }));
    for (const option of rule.options) option.disabled = option.value !== "" && !["exact", "normalised"].includes(option.value) && !part.rules.includes(option.value);
    const parts = [labelled("Joined by", rule)];
    if (part.threshold !== null && !part.by_hand) parts.push(this.#slider(), this.#chain());
    if (part.by_hand) parts.push(button("Undo by hand", () => choose(stage, this.view.run, { groups: undefined }), "quiet"));
    if (part.temperatures.length > 1) {
      const list = part.temperatures.map((each) => [String(each), `T = ${each}`]);
      const [first] = list[0];
      parts.push(select("Temperature", list, String(part.temperatures[part.temperature]), (at) => choose(stage, this.view.run, { temperature: at === first ? undefined : at, groups: undefined })));
    }
    const colours = part.numbers.map(({ name, label }) => [name, label]);
    parts.push(labelled("Colour", select("Colour of tokens", colours, this.view.quantity.name, (name) => stage.set({ colour: name === colours[0][0] ? null : name }))));
    const counted = own.duplicates === "1";
    const each = button("Duplicates", () => choose(stage, this.view.run, { duplicates: counted ? undefined : "1" }));
    mark(each, { "aria-pressed": counted, title: "Count equal answers again and again in Kuhn's form, as it is often computed: it may then fall below 0" });
    parts.push(each);
    this.node.replaceChildren(...parts);
  }

  #threshold() {
    return this.view.part.threshold.toFixed(2);
  }

  // Cosines and judgements are not transitive: A like B and B like C may leave A unlike C.
  #chain() {
    const { stage, state } = this.view;
    const on = chosen(state, this.view.run).chained === "1";
    const node = button("Chains", () => choose(stage, this.view.run, { chained: on ? undefined : "1" }));
    return mark(node, { "aria-pressed": on, title: "Join along chains of likeness (single link) instead of with a meaning's first answer only" });
  }

  #slider() {
    const { part, stage } = this.view;
    const input = element("input", "answers-slider");
    Object.assign(input, { type: "range", min: 0, max: 1, step: 0.01, value: part.threshold });
    mark(input, { "aria-label": "Threshold" });
    this.said = element("output", "", this.#threshold());
    input.addEventListener("input", () => choose(stage, this.view.run, { threshold: Number(input.value).toFixed(2) }));
    input.addEventListener("change", () => input.blur());
    const box = element("label", "answers-label");
    box.append("from", input, this.said);
    return box;
  }
}

function labelled(name, node) {
  const box = element("label", "answers-label");
  box.append(element("span", "quiet", name), node);
  return box;
}
