// The pattern of the chosen head: rows look, columns are looked at. Drawn by Plotly, which is loaded
// here only; what is under the pointer is said beside it, as text.

import { colours, mapRamp } from "../colour.js";
import { button, element, mark, typeScale } from "../dom.js";
import { clamp } from "../numbers.js";
import { count, escaped, percent, shortened } from "../words.js";
import { nameOfToken } from "./guesses.js";
import { View } from "./view.js";

const MOST_TOKENS = 512; // longer texts are measured when somebody presses
const LABEL = 14; // pixels a token's name needs on an axis
const NAMES = { l: 84, r: 8, t: 8, b: 78 }; // pixels around the map, with names of tokens
const NUMBERS = { l: 44, r: 8, t: 8, b: 36 };
const TALL = 300; // pixels from which on there is room for names

export default class Pattern extends View {
  constructor(stage, panel) {
    super(stage, panel, "pattern-view", ["theme", "token"]);
    this.sink = mark(button("Hide first token", () => this.#toggle(this.sink, "hidden"), ""), { "aria-pressed": false });
    this.exact = mark(button("Rows about the pin", () => this.#toggle(this.exact, "near"), ""), { "aria-pressed": false });
    this.readout = element("span", "pattern-readout");
    [this.plot, this.row, this.offer] = ["plot", "row", "offer"].map((name) => element("div", `pattern-${name}`));
    const box = element("div", "pattern-box");
    this.legend = element("div", "pattern-head"); // stands beside the title
    this.legend.append(this.sink, this.exact, this.readout);
    box.append(this.plot, this.row);
    this.node.append(box, this.offer);
    this.watch(box, () => this.#paint());
  }

  /**
   * Weights of rows × columns: all of them, fields of ``width`` tokens of a very long text, or exact
   * rows about the pin. Null where they are measured only when somebody presses.
   */
  async fetch() {
    const { text, token, state, options } = this;
    const tokens = text.tokens.length;
    const waits = tokens > MOST_TOKENS && !state.whole;
    this.node.classList.toggle("waits", waits);
    if (waits) return this.#offer(tokens);
    const long = tokens > options.whole_tokens;
    this.exact.hidden = !long;
    const first = long && this.near ? clamp(token - options.rows / 2, 0, tokens - options.rows) : 0;
    const asked = !long ? {} : this.near ? { start: first, stop: first + options.rows } : { cells: options.cells };
    this.readout.textContent = "Reading the weights from the model…";
    const loading = window.Plotly ?? import("../plotly.js");
    const [layer, head] = state.head;
    const [{ weights }, { ceiling }] = await Promise.all([
      this.stage.pattern(layer, head, asked, this.run), this.stage.part("head", { layer, head }, this.run), loading,
    ]);
    const columns = asked.cells ? Math.round(Math.sqrt(weights.length)) : tokens;
    return { weights, ceiling, columns, rows: weights.length / columns, first, width: Math.ceil(tokens / columns) };
  }

  update(changed) {
    const { part, token } = this;
    const gone = changed.has("token") && this.near && part && (token < part.first || token >= part.first + part.rows);
    if (this.run && (changed.has("head") || changed.has("whole") || gone)) this.show(this.run);
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

  #offer(tokens) {
    const words = `The pattern of ${count(tokens)} tokens has ${count(tokens ** 2)} weights.`;
    this.offer.replaceChildren(element("p", "", words), button("Show the pattern", () => this.stage.set({ whole: true })));
    return null;
  }

  // A query sees itself and what is before it, of a sliding window only the last e^ceiling tokens.
  #sees(query, key) {
    const { first, width, ceiling } = this.part;
    const from = first + query * width;
    return key * width < from + width && (key + 1) * width > from + 1 - Math.round(Math.exp(ceiling[from] ?? Infinity));
  }

  async #paint() {
    const { weights, rows, columns, first } = this.part;
    const { theme } = this.state;
    const of = colours(theme);
    const ramp = mapRamp(theme);
    const shown = (weight, query, key) => (this.#sees(query, key) && !(this.hidden && key === 0) ? weight : null);
    const z = Array.from({ length: rows }, (_, query) => {
      return Array.from(weights.subarray(query * columns, (query + 1) * columns), (weight, key) => shown(weight, query, key));
    });
    const axis = (title, room, from, to, nameOf) => {
      const every = Math.ceil(((to - from) * LABEL) / Math.max(LABEL, room));
      const named = Array.from({ length: Math.ceil((to - from) / every) }, (_, i) => from + i * every);
      const range = [from - 0.5, to - 0.5];
      const plain = { showgrid: false, zeroline: false, ticks: "" };
      return { ...plain, title: { text: title, font: { size: 12 * typeScale() }, standoff: 4 }, range, tickvals: named, ticktext: named.map(nameOf) };
    };
    const { clientWidth: width, clientHeight: height } = this.plot;
    const tall = height >= TALL;
    const around = (this.around = tall ? NAMES : NUMBERS);
    const near = rows < columns; // exact rows: the nearest columns first, or cells would be thinner than pixels
    const ends = near ? [Math.max(0, first - rows), first + rows] : [0, columns];
    const across = (width - around.l - around.r) / (tall ? 1 : 2);
    const looked = axis("looked at", across, ...ends, (key) => this.#label(key, 0, tall));
    const looks = axis("looks", height - around.t - around.b, 0, rows, (query) => this.#label(query, first, tall));
    const layout = {
      width, height, margin: around, paper_bgcolor: "transparent", plot_bgcolor: of.line, dragmode: "zoom",
      font: { color: of.quiet, size: 11 * typeScale(), family: getComputedStyle(this.node).fontFamily },
      xaxis: { ...looked, tickangle: tall ? -60 : 0 }, yaxis: { ...looks, range: looks.range.toReversed() },
    };
    const scale = Array.from({ length: 33 }, (_, i) => [(i / 32) ** 2, ramp[Math.min(255, 8 * i)]]);
    const map = { type: "heatmap", z, zmin: 0, zmax: 1, colorscale: scale, showscale: false, hoverinfo: "none", hoverongaps: false };
    const isNew = !this.plot.on;
    await window.Plotly.react(this.plot, [map], layout, { displayModeBar: false });
    if (isNew) this.#listen();
    this.#mark();
  }

  // Plotly reads some HTML in its labels.
  #label(cell, first, tall) {
    const token = first + cell * this.part.width;
    const name = this.part.width > 1 || !tall ? String(token) : `${shortened(escaped(this.text.tokens[token]).trim() || "␣", 9)} ${token}`;
    return name.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  }

  #listen() {
    this.plot.on("plotly_hover", ({ points: [{ x, y }] }) => this.#say(y, x));
    this.plot.on("plotly_unhover", () => this.#mark());
    this.plot.on("plotly_click", ({ points: [{ y }] }) => this.stage.set({ token: this.part.first + y * this.part.width }));
    this.plot.on("plotly_relayout", () => this.#mark());
  }

  // The row of the pinned token, as a frame over the plot: the map itself is not drawn again.
  #mark() {
    const { weights, columns, first, width } = this.part;
    const query = Math.floor((this.token - first) / width);
    const [bottom, top] = this.plot.layout.yaxis.range;
    const { t, b, l, r } = this.around;
    const room = this.plot.clientHeight - t - b;
    const each = room / (bottom - top);
    const from = (query - 0.5 - top) * each;
    this.row.hidden = from + each <= 0 || from >= room;
    this.row.style.cssText = `top:${t + Math.max(0, from)}px;height:${Math.max(3, each)}px;left:${l}px;right:${r}px`;
    const row = weights.slice(query * columns, (query + 1) * columns);
    if (this.hidden) row[0] = -1;
    this.#say(query, row.indexOf(Math.max(...row)));
  }

  #say(query, key) {
    const { weights, columns, first, width } = this.part;
    const name = (cell, from) => {
      const token = from + cell * width;
      const last = Math.min(token + width, this.text.tokens.length) - 1;
      return width > 1 ? `tokens ${count(token)}–${count(last)}` : `${nameOfToken(this.text, token)} ${count(token)}`;
    };
    const seen = this.#sees(query, key);
    const share = seen ? `: ${width > 1 ? "at most " : ""}${percent(100 * weights[query * columns + key])}` : "";
    this.readout.textContent = `${name(query, first)} ${seen ? "looks at" : "does not see"} ${name(key, 0)}${share}`;
  }

  #toggle(press, name) {
    this[name] = !this[name];
    mark(press, { "aria-pressed": this[name] });
    if (name === "near") this.show(this.run);
    else this.#paint();
  }
}
