// Any Vega-Lite chart of a panel. The cursor, the unit and thresholds are signals of it; only another
// run, theme or parameter draws it anew. Vega is loaded when the first chart is wanted.

import { colours } from "../colour.js";
import { element, mark, typeScale } from "../dom.js";
import { factor } from "../numbers.js";
import { Card, rowsOf } from "./card.js";
import { View } from "./view.js";

const MANY = 20_000; // letters of data; beyond, a canvas draws faster than elements
const HEADS = 10_000; // a head's cursor is layer × this + head
const BESIDE = 58; // of each that stands beside others
const NARROW = 130; // pixels that a plot beside others has at least
const MARGIN = 80; // pixels beside the plots of a chart with several

export default class Chart extends View {
  constructor(stage, panel) {
    super(stage, panel, "chart-view", ["theme", "unit", "flags", panel.options.cursor, ...Object.keys(panel.options.signals ?? {})]);
    mark(this.node, { role: "group", "aria-label": panel.title || "Chart" });
    this.box = element("div", "chart-box");
    this.choices = element("div", "chart-choices");
    this.tip = new Card("chart-tip"); // Vega's own would make markup of tokens
    this.node.append(this.choices, this.box, this.tip.node);
    this.watch(this.node, () => this.#fit());
    if (panel.options.grows) this.partial = this.#grow;
  }

  // What comes while a picture is being fetched is in the next one.
  async #grow({ content }) {
    if (this.growing) return;
    this.growing = true;
    await this.show({ ...this.run, content }).finally(() => (this.growing = false));
  }

  async fetch() {
    const loading = window.vegaEmbed ?? import("../vega.js");
    const { asked } = this;
    const chart = this.stage.chart(this.panel.name, this.state.unit, this.parameters, this.run).catch((error) => {
      if (error.nothing && this.asked === asked) this.#clear();
      throw error;
    });
    const [spec] = await Promise.all([chart, loading]);
    return spec;
  }

  // What stood there was of another run or place.
  #clear() {
    this.made?.finalize();
    this.made = this.part = undefined;
    this.box.replaceChildren();
  }

  draw(changed) {
    this.#drawChoices();
    return changed.has("theme") ? this.#embed() : this.#signal();
  }

  // Beside the title, or, where a figure has none, above the picture.
  #drawChoices() {
    const { name, numbers, area } = this.panel;
    if (area !== "inspector" || this.choices.childElementCount) return;
    this.choices.append(...(this.options.choices ?? []).map(({ parameter, label, values }) => {
      const field = mark(element("select"), { "aria-label": label });
      for (const { value, label: own } of values) {
        field.append(new Option(own || numbers.find((each) => each.name === value)?.label || value, value));
      }
      field.value = this.state.choices?.[name]?.[parameter] ?? values[0].value;
      field.addEventListener("change", () => {
        const own = { ...this.state.choices?.[name], [parameter]: field.value };
        this.stage.set({ choices: { ...this.state.choices, [name]: own } });
      });
      return field;
    }));
  }

  close() {
    super.close();
    this.made?.finalize();
    this.tip.hide();
  }

  async #embed() {
    const part = this.part;
    const box = element("div", "chart-box");
    this.made?.finalize();
    this.made = undefined;
    this.box.replaceWith(box);
    this.box = box;
    const spec = enlarged(part);
    if (spec.vconcat) spec.vconcat.forEach((each) => (each.width = Math.max(120, this.node.clientWidth - MARGIN)));
    else if (spec.hconcat) this.#beside(spec);
    else Object.assign(spec, { width: "container", height: "container", autosize: { type: "fit", contains: "padding" } });
    const many = JSON.stringify(spec.datasets ?? spec.data ?? "").length > MANY;
    const made = await window.vegaEmbed(box, spec, {
      actions: false, renderer: many ? "canvas" : "svg", config: enlarged(colours(this.state.theme).vega),
      tooltip: (_, event, __, value) => this.#tell(event, value),
    });
    if (this.box !== box || this.closed) return made.finalize();
    this.made = made;
    const picture = mark(box, { role: "img", "aria-label": `${this.panel.title || "Chart"}; its menu has the numbers` });
    for (const each of picture.querySelectorAll("svg,canvas")) mark(each, { "aria-hidden": true });
    made.view.addEventListener("click", (_, item) => this.#pick(item?.datum ?? {}));
    this.#stops();
    return this.#signal();
  }

  // Plots beside one another share the width; where that is too little they stand below one another.
  #beside(spec) {
    const { clientWidth, clientHeight } = this.node;
    const width = clientWidth / spec.hconcat.length - BESIDE;
    const size = width < NARROW ? { width: clientWidth - MARGIN } : { width, height: Math.max(100, clientHeight - MARGIN) };
    for (const each of spec.hconcat) Object.assign(each, size);
    if (width >= NARROW) return;
    spec.vconcat = spec.hconcat;
    delete spec.hconcat;
  }

  // A chart that is larger than its place can be scrolled by keys.
  #stops() {
    if (this.node.scrollHeight > this.node.clientHeight + 1) mark(this.node, { tabindex: 0 });
    else this.node.removeAttribute("tabindex");
  }

  #signal() {
    if (!this.made) return undefined;
    const { state, options } = this;
    const { cursor, signals = {} } = options;
    const place = cursor === "head" && state.head ? state.head[0] * HEADS + state.head[1] : state[cursor];
    const wanted = { cursor: place ?? -1, factor: factor({ power: 1 }, state.unit) };
    for (const name of Object.keys(signals)) wanted[name] = state.flags?.[name] ?? state.limits?.[name] ?? state[name] ?? signals[name];
    const known = this.part.params?.map((each) => each.name) ?? [];
    for (const name of known) if (name in wanted) this.made.view.signal(name, wanted[name]);
    return this.made.view.runAsync().then(() => this.#own());
  }

  // Vega names a gradient by the address of the page, which changes with what is pinned.
  #own() {
    for (const each of this.box.querySelectorAll('[fill*="#"]')) {
      each.setAttribute("fill", each.getAttribute("fill").replace(/^url\(.*#/, "url(#"));
    }
  }

  #pick(datum) {
    const whole = ["layer", "head", "token", "step", "row"].filter((name) => Number.isInteger(datum[name]));
    const { layer, head, ...places } = Object.fromEntries(whole.map((name) => [name, datum[name]]));
    this.stage.set(head === undefined ? places : { ...places, head: [layer, head] });
  }

  #tell(event, value) {
    if (value === null || value === undefined || value === "") return this.tip.hide();
    const rows = Object.entries(typeof value === "object" ? value : { "": value });
    const at = new DOMRect(event.clientX + 8, event.clientY - 4, 0, 8);
    return this.tip.show([rowsOf(rows.map(([label, each]) => ({ label, value: String(each) })))], () => at);
  }

  #fit() {
    if (this.part.vconcat || this.part.hconcat) this.#embed();
    else window.dispatchEvent(new Event("resize")); // what a chart of the width of its container listens to
    this.#stops();
  }
}

// A copy whose letters are as large as those of the page.
function enlarged(spec) {
  const scale = typeScale();
  return JSON.parse(JSON.stringify(spec), (key, value) => (typeof value === "number" && /fontSize$/i.test(key) ? value * scale : value));
}
