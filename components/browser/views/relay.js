// One text of several, every token in the colour of how it came about; a slider chooses the text, all
// stand below it, and while a job writes, all of them grow.

import { categories } from "../colour.js";
import { button, element, mark, onKeys, placeByKey } from "../dom.js";
import { stopKeys } from "../form.js";
import { withUnit } from "../numbers.js";
import { count, percent } from "../words.js";
import { View } from "./view.js";

export default class Relay extends View {
  constructor(stage, panel) {
    super(stage, panel, "relay-view", ["row", "step", "unit", "theme"]);
    this.slider = mark(element("input", "relay-slider"), { type: "range", min: 0, step: 1, "aria-label": panel.options.slider });
    this.name = element("output", "relay-name");
    this.top = element("div", "relay-top");
    this.top.append(element("span", "quiet", panel.options.slider), this.slider, this.name);
    this.legend = element("p", "relay-legend");
    this.body = mark(element("div", "relay-text"), { role: "group", "aria-label": panel.title, tabindex: 0 });
    this.body.dir = "auto";
    this.all = mark(element("div", "relay-all"), { role: "group", "aria-label": "All texts" });
    this.node.append(this.top, this.legend, this.body, this.all);
    stopKeys(this.slider);
    this.slider.addEventListener("input", () => this.stage.set({ row: Number(this.slider.value) }));
    this.body.addEventListener("click", ({ target }) => target.dataset.step && this.stage.set({ step: Number(target.dataset.step) }));
    onKeys(this.body, (event) => {
      const length = this.part?.tokens[this.row].length ?? 0;
      const step = placeByKey(event, this.state.step ?? -1, length);
      if (step === undefined || !length) return false;
      this.stage.set({ step });
      return true;
    });
  }

  get parameters() {
    return this.state.row === null ? {} : { row: this.state.row };
  }

  get row() {
    const { row } = this.state;
    return Number.isInteger(row) && row >= 0 && row < this.part.names.length ? row : this.part.first;
  }

  /** Show what a job has written so far; what comes while that is fetched waits. */
  async partial(said) {
    this.latest = said;
    if (this.fetching) return;
    this.fetching = true;
    const part = await this.stage.part(this.panel.name, {}, { ...this.run, content: said.content }).catch(() => null);
    this.fetching = false;
    if (this.closed || this.latest === null) return;
    if (part) {
      this.part = part;
      this.draw();
      this.body.scrollTop = this.body.scrollHeight;
    }
    if (this.latest !== said) await this.partial(this.latest);
  }

  async show(run) {
    this.latest = null;
    return super.show(run);
  }

  draw() {
    const { part, row, state } = this;
    const { tokens, kinds, names, numbers, prompt, steps } = part;
    const colours = categories(state.theme).map(({ colour }) => colour);
    const own = [...part.kind.subarray(row * steps, row * steps + tokens[row].length)];
    this.slider.max = names.length - 1;
    this.slider.value = row;
    this.top.hidden = names.length < 2;
    this.name.textContent = names[row];
    mark(this.slider, { "aria-valuetext": names[row] });
    this.legend.replaceChildren(...kinds.map((name, kind) => {
      const many = own.filter((each) => each === kind).length;
      const node = element("span", "relay-kind", name);
      node.append(element("b", "", ` ${count(many)}${own.length ? `, ${percent((100 * many) / own.length)}` : ""}`));
      paint(node, colours[kind]);
      return node;
    }));
    const words = tokens[row].map((text, step) => {
      const node = token(text, step, own, colours);
      node.dataset.step = step;
      node.title = [kinds[own[step]], ...numbers.map((each) => `${each.label}: ${withUnit(part[each.name][row * steps + step], each, state.unit)}`)].join("\n");
      node.classList.toggle("pin", step === state.step);
      return node;
    });
    this.body.replaceChildren(element("span", "quiet", prompt), ...words);
    this.all.hidden = names.length < 2;
    this.all.replaceChildren(...names.map((name, at) => {
      const line = element("div", at === row ? "relay-line here" : "relay-line");
      const choose = mark(button(name, () => this.stage.set({ row: at })), { "aria-pressed": at === row });
      const text = element("p");
      text.dir = "auto";
      const kind = part.kind.subarray(at * steps, (at + 1) * steps);
      text.append(...tokens[at].map((each, step) => token(each, step, kind, colours)));
      line.append(choose, text);
      return line;
    }));
  }
}

function token(text, step, kind, colours) {
  const node = element("span", kind[step] === kind[step - 1] ? "t" : "t begins", text);
  paint(node, colours[kind[step]]);
  return node;
}

function paint(node, colour) {
  if (colour) node.style.setProperty("--kind", colour);
}
