// The heads of a model, layers from top to bottom: a grid of shades, with arrow keys and a stepper.

import { inkOn, mapRamp } from "../colour.js";
import { button, element, mark, onKeys } from "../dom.js";
import { clamp, factor, range, share, span, withUnit } from "../numbers.js";
import { legend } from "./legend.js";
import { View } from "./view.js";

const [LEAST, MOST] = [11, 26]; // pixels of a cell
const LABEL = 26; // pixels of the layers' numbers
const FITTED = ["entropy", "share"]; // whose colours always span this text, with a mark for the fixed scale
const SIGNS = { overload: "▲", collapse: "▼" };
const DRAWN = ["unit", "theme", "measure", "share", "sorted", "spread"];

export default class Heads extends View {
  constructor(stage, panel) {
    super(stage, panel, "heads-view", ["head", "marks", "flags", ...DRAWN]);
    [this.top, this.steps] = [element("div", "heads-top"), element("div", "heads-steps")];
    this.grid = mark(element("div", "heads-grid"), { role: "grid", "aria-label": "Heads by layer", tabindex: 0 });
    this.readout = element("p", "heads-readout");
    this.node.append(this.top, this.steps, this.grid, this.readout);
    const on = (name, act) => this.grid.addEventListener(name, ({ target }) => act(target.closest?.(".head-cell")?.place));
    on("click", (place) => place && this.#choose(...place));
    on("pointerover", (place) => this.part && this.#say(place ?? this.head));
    on("pointerleave", () => this.part && this.#say(this.head));
    onKeys(this.grid, (event) => this.#key(event));
    this.watch(this.grid, () => this.#fit());
  }

  /** Layer and head that are chosen. */
  get head() {
    const [layer, head] = this.state.head ?? [0, 0];
    return [clamp(layer, 0, this.part.layers - 1), clamp(head, 0, this.part.heads - 1)];
  }

  draw(changed) {
    if (this.drawn !== this.part || DRAWN.some((key) => changed.has(key))) this.#shade();
    else if (changed.has("marks") || changed.has("flags")) this.#sign();
    this.#mark();
    this.#fit();
  }

  #build() {
    this.drawn = this.part;
    const { layers, heads } = this.part;
    const row = () => Array.from({ length: heads }, () => mark(element("span"), { role: "gridcell" }));
    this.cells = Array.from({ length: layers }, row);
    this.grid.replaceChildren(...this.cells.map((cells, layer) => {
      const row = mark(element("div", "heads-row"), { role: "row" });
      row.append(mark(element("span", "heads-layer", String(layer)), { role: "rowheader" }), ...cells);
      return row;
    }));
  }

  #shade() {
    const { part, state } = this;
    if (this.drawn !== part) this.#build();
    const number = this.numberNamed(state.measure ?? (state.share ? "share" : "entropy")) ?? part.numbers[0];
    const values = part[number.name];
    const fits = state.spread || FITTED.includes(number.name);
    const ends = fits ? span(values, number, state.unit) : range(number, state.unit);
    const ramp = mapRamp(state.theme);
    Object.assign(this, { number, values });
    this.order = this.cells.map((cells, layer) => {
      const places = cells.map((_, head) => head);
      const of = (head) => values[layer * part.heads + head];
      return state.sorted ? places.sort((a, b) => Number.isNaN(of(a)) - Number.isNaN(of(b)) || of(a) - of(b)) : places;
    });
    this.cells.forEach((cells, layer) => cells.forEach((cell, column) => {
      const head = this.order[layer][column];
      const at = layer * part.heads + head;
      const colour = ramp[Math.round(255 * share(values[at] * factor(number, state.unit), number, ends))];
      cell.place = [layer, head];
      cell.id = `head${layer}-${head}`;
      cell.className = colour ? "head-cell" : "head-cell none";
      cell.style.cssText = colour ? `background:${colour};color:${inkOn(colour)}` : "";
    }));
    this.#sign(true);
    this.top.replaceChildren(legend(number, state.unit, ramp, ends, { values, missing: values.some(Number.isNaN), title: number.label }));
  }

  // Put the marks of flagged heads, and their names, where ``all`` or the mark has changed.
  #sign(all) {
    this.flags = this.#flagged();
    for (const cell of this.cells.flat()) {
      const [layer, head] = cell.place;
      const sign = (this.state.marks && SIGNS[this.flags[layer * this.part.heads + head]]) || "";
      if (!all && cell.textContent === sign) continue;
      cell.textContent = sign;
      mark(cell, { "aria-label": this.#words(cell.place) });
    }
  }

  // Which heads look too widely or hardly at all, by thresholds that the reader moves.
  #flagged() {
    const { state, options, part } = this;
    const { scale, upper, lower } = { ...options, ...state.flags };
    const one = part.scales[scale] ?? part.flags.scale;
    return Array.from(part[part.flags.number], (value) => {
      const at = one > 0 ? value / one : 0 * value;
      return at >= upper ? "overload" : at <= lower ? "collapse" : "";
    });
  }

  #choose(layer, head) {
    this.stage.set({ head: [clamp(layer, 0, this.part.layers - 1), clamp(head, 0, this.part.heads - 1)] });
  }

  #mark() {
    const [layer, head] = this.head;
    this.marked?.classList.remove("chosen");
    this.marked?.removeAttribute("aria-selected");
    this.marked = mark(this.cells[layer][this.order[layer].indexOf(head)], { "aria-selected": true });
    this.marked.classList.add("chosen");
    this.grid.setAttribute("aria-activedescendant", this.marked.id);
    this.#say(this.head);
    this.#drawSteps(layer, head);
  }

  #drawSteps(layer, head) {
    const stepper = (name, value, places, to) => {
      const node = element("span", "stepper");
      const back = button(`${name} before`, () => to(value - 1), "step", "back");
      const on = button(`Next ${name.toLowerCase()}`, () => to(value + 1), "step", "on");
      [back.disabled, on.disabled] = [value === 0, value === places - 1];
      node.append(name.toLowerCase(), back, element("b", "", String(value)), on);
      return node;
    };
    const focused = [...this.steps.querySelectorAll("button")].indexOf(this.node.getRootNode().activeElement);
    const { layers, heads } = this.part;
    const inLayer = stepper("Layer", layer, layers, (to) => this.#choose(to, head));
    this.steps.replaceChildren(inLayer, stepper("Head", head, heads, (to) => this.#choose(layer, to)));
    this.steps.querySelectorAll("button")[focused]?.focus();
  }

  #words([layer, head]) {
    const at = layer * this.part.heads + head;
    const flag = this.state.marks && this.flags[at] ? `, ${this.flags[at]}` : "";
    return `L${layer}.H${head}: ${this.part.reasons?.[layer] ?? withUnit(this.values[at], this.number, this.state.unit)}${flag}`;
  }

  #say(place) {
    this.readout.textContent = this.#words(place);
  }

  // Cells as large as there is room for; where that is too small, the grid scrolls, to the chosen one.
  #fit() {
    const { width, height } = this.grid.getBoundingClientRect();
    const fitted = (room, number) => `${clamp(Math.floor(room / number), LEAST, MOST)}px`;
    this.grid.style.setProperty("--cell-width", fitted(width - LABEL - 4, this.part.heads));
    this.grid.style.setProperty("--cell-height", fitted(height - 4, this.part.layers));
    const [view, box] = [this.grid.getBoundingClientRect(), this.marked.getBoundingClientRect()];
    const beyond = (low, high, from, to) => Math.min(0, low - from) || Math.max(0, high - to);
    this.grid.scrollTop += beyond(box.top - 4, box.bottom + 4, view.top, view.bottom);
    this.grid.scrollLeft += beyond(box.left - LABEL - 4, box.right + 4, view.left, view.right);
  }

  #key({ key }) {
    const [layer, head] = this.head;
    const column = this.order[layer].indexOf(head);
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity] };
    if (!(key in steps)) return false;
    const [down, right] = steps[key];
    const to = clamp(layer + down, 0, this.part.layers - 1);
    this.#choose(to, this.order[to][clamp(column + right, 0, this.part.heads - 1)]);
    return true;
  }
}
