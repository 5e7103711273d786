// The pattern of the chosen head: rows look, columns are looked at. Drawn by Plotly, which is loaded
// here only; what is under the pointer is said beside it, as text.

import { colours, mapRamp } from "../colour.js";
import { button, element, mark } from "../dom.js";
import { count, escaped, percent, shortened } from "../words.js";
import { nameOfToken } from "./guesses.js";
import { View } from "./view.js";

const MOST_TOKENS = 512; // longer texts are measured when somebody presses
const LABEL = 14; // pixels a token's name needs on an axis
const AROUND = { l: 84, r: 8, t: 8, b: 78 }; // pixels around the map

export default class Pattern extends View {
  constructor(stage, panel) {
    super(stage, panel, "pattern", ["theme", "token"]);
    this.sink = mark(button("Hide first token", () => this.#hideSink(), ""), { "aria-pressed": false });
    this.hidden = false;
    this.readout = element("span", "pattern-readout");
    [this.plot, this.row, this.offer] = ["plot", "row", "offer"].map((name) => element("div", `pattern-${name}`));
    const [head, box] = [element("div", "pattern-head"), element("div", "pattern-box")];
    head.append(this.sink, this.readout);
    box.append(this.plot, this.row);
    this.node.append(head, box, this.offer);
    this.watch(box, () => this.#paint());
  }

  /** The weights; null where they are measured only when somebody presses. */
  async fetch() {
    const waits = this.text.tokens.length > MOST_TOKENS && !this.state.whole;
    this.node.classList.toggle("waits", waits);
    if (waits) return this.#offer();
    const [pattern] = await Promise.all([this.stage.pattern(...this.state.head), window.Plotly ?? import("../plotly.js")]);
    return pattern;
  }

  update(changed) {
    if (this.run && (changed.has("head") || changed.has("whole"))) this.show(this.run);
    else super.update(changed);
  }

  draw(changed) {
    if (!this.part) return undefined;
    return changed.has("theme") ? this.#paint() : this.#mark();
  }

  close() {
    super.close();
    if (this.part) window.Plotly.purge(this.plot);
  }

  #offer() {
    const tokens = this.text.tokens.length;
    const words = `The pattern of ${count(tokens)} tokens has ${count(tokens ** 2)} weights.`;
    this.offer.replaceChildren(element("p", "", words), button("Show the pattern", () => this.stage.set({ whole: true })));
    return null;
  }

  async #paint() {
    const { size, weights } = this.part;
    const { theme } = this.state;
    const of = colours(theme);
    const ramp = mapRamp(theme);
    const seen = (weight, query, key) => (key > query || (this.hidden && key === 0) ? null : weight);
    const rows = Array.from({ length: size }, (_, query) => Array.from(weights.subarray(query * size, (query + 1) * size), (weight, key) => seen(weight, query, key)));
    const axis = (title, room, ends) => {
      const every = Math.ceil((size * LABEL) / Math.max(LABEL, room));
      const named = Array.from({ length: Math.ceil(size / every) }, (_, i) => i * every);
      return {
        title: { text: title, font: { size: 12 }, standoff: 4 }, showgrid: false, zeroline: false, ticks: "", range: ends,
        tickvals: named, ticktext: named.map((at) => this.#label(at)),
      };
    };
    const { clientWidth: width, clientHeight: height } = this.plot;
    const layout = {
      width, height, margin: AROUND, paper_bgcolor: "transparent", plot_bgcolor: of.line, dragmode: "zoom",
      font: { color: of.quiet, size: 11, family: getComputedStyle(this.node).fontFamily },
      xaxis: { ...axis("looked at", width - AROUND.l - AROUND.r, [-0.5, size - 0.5]), tickangle: -60 },
      yaxis: axis("looks", height - AROUND.t - AROUND.b, [size - 0.5, -0.5]),
    };
    const scale = Array.from({ length: 33 }, (_, i) => [(i / 32) ** 2, ramp[Math.min(255, 8 * i)]]);
    const map = { type: "heatmap", z: rows, zmin: 0, zmax: 1, colorscale: scale, showscale: false, hoverinfo: "none", hoverongaps: false };
    const isNew = !this.plot.on;
    await window.Plotly.react(this.plot, [map], layout, { displayModeBar: false });
    if (isNew) this.#listen();
    this.#mark();
  }

  // Plotly reads some HTML in its labels.
  #label(cell) {
    const name = this.part.size === this.text.tokens.length ? `${shortened(escaped(this.text.tokens[cell]).trim() || "␣", 9)} ${cell}` : String(this.#first(cell));
    return name.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  }

  // The first token of a row; more than one share a row in the overview of a long text.
  #first(cell) {
    return Math.round((cell * this.text.tokens.length) / this.part.size);
  }

  #listen() {
    this.plot.on("plotly_hover", ({ points: [{ x, y }] }) => this.#say(y, x));
    this.plot.on("plotly_unhover", () => this.#mark());
    this.plot.on("plotly_click", ({ points: [{ y }] }) => this.stage.set({ token: this.#first(y) }));
    this.plot.on("plotly_relayout", () => this.#mark());
  }

  // The row of the pinned token, as a frame over the plot: the map itself is not drawn again.
  #mark() {
    const { size, weights } = this.part;
    const query = Math.floor((this.token * size) / this.text.tokens.length);
    const [bottom, top] = this.plot.layout.yaxis.range;
    const room = this.plot.clientHeight - AROUND.t - AROUND.b;
    const each = room / (bottom - top);
    const from = (query - 0.5 - top) * each;
    this.row.hidden = from + each <= 0 || from >= room;
    this.row.style.cssText = `top:${AROUND.t + Math.max(0, from)}px;height:${Math.max(3, each)}px;left:${AROUND.l}px;right:${AROUND.r}px`;
    const row = weights.subarray(query * size + Number(this.hidden), query * size + query + 1);
    this.#say(query, Number(this.hidden) + row.indexOf(Math.max(...row)));
  }

  #say(query, key) {
    const { size, weights } = this.part;
    const several = size < this.text.tokens.length;
    const name = (cell) => (several ? `tokens ${count(this.#first(cell))}–${count(this.#first(cell + 1) - 1)}` : `${nameOfToken(this.text, cell)} ${cell}`);
    const weight = weights[query * size + key];
    this.readout.textContent = `${name(query)} ${key > query ? "does not see" : "looks at"} ${name(key)}${key > query ? "" : `: ${percent(100 * weight)}`}`;
  }

  #hideSink() {
    this.hidden = !this.hidden;
    mark(this.sink, { "aria-pressed": this.hidden });
    this.#paint();
  }
}
