// Numbers along the text, with the pin, the part of the text in view, and a brush to zoom.

import { categories, colours, mapRamp } from "../colour.js";
import { button, element, mark, onKeys, placeByKey, typeScale } from "../dom.js";
import { clamp, unitIn, windowMean, withUnit, written } from "../numbers.js";
import { count } from "../words.js";
import { nameOfToken } from "./guesses.js";
import { Plot } from "./plot.js";
import { View } from "./view.js";

const LEAST_ZOOM = 4; // tokens
const DRAWN = ["unit", "theme", "window"];

export default class Timeline extends View {
  constructor(stage, panel) {
    super(stage, panel, "timeline-view", ["token", "view", ...DRAWN]);
    const head = element("div", "timeline-head");
    this.keys = element("span", "timeline-keys");
    this.readout = element("span", "timeline-readout");
    this.whole = button("Whole text", () => this.#zoomTo(null), "timeline-whole");
    head.append(this.keys, this.readout, this.whole);
    const label = `${panel.title || "Along the text"}: the pinned token`;
    this.box = mark(element("div", "timeline-plot"), { role: "slider", "aria-label": label, tabindex: 0 });
    const layers = ["seen", "brush", "hover", "cursor"].map((name) => element("div", `timeline-${name}`));
    [this.seen, this.brush, this.hover, this.cursor] = layers;
    for (const each of [this.seen, this.brush, this.hover, this.whole]) each.hidden = true;
    const canvas = element("canvas");
    this.plot = new Plot(canvas);
    this.box.append(canvas, ...layers);
    this.node.append(head, this.box);
    const on = (name, act) => this.box.addEventListener(name, (event) => this.series && act(event));
    on("pointerdown", (event) => this.#press(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#release(event));
    on("pointerleave", () => {
      this.hover.hidden = true;
      this.#say(this.token);
    });
    on("dblclick", () => this.#zoomTo(null));
    onKeys(this.box, (event) => this.#key(event));
    this.watch(this.box, () => this.#paint());
  }

  /** With a second head to compare with, its line beside the first one's. */
  async fetch() {
    const { second } = this.state;
    const part = await super.fetch();
    if (!this.options.head || !second) return part;
    const [layer, head] = second;
    const other = await this.stage.part(this.options.part, { ...this.parameters, layer, head }, this.run);
    const [{ name }] = part.lines;
    const quantity = { ...part.numbers.find((each) => each.name === name), name: "second", label: other.name };
    const lines = [...part.lines, { name: "second", style: "line" }];
    return { ...part, second: other[name], numbers: [...part.numbers, quantity], lines };
  }

  update(changed) {
    if (changed.has("second") && this.options.head && this.run) this.show(this.run);
    super.update(changed);
  }

  draw(changed) {
    if (this.drawn !== this.part || DRAWN.some((key) => changed.has(key))) this.#paint();
    else if (changed.has("token")) this.#mark();
    else this.#markView();
  }

  get span() {
    return this.zoom ?? [0, this.text.tokens.length];
  }

  // The lines of the panel with their look; values as stored.
  #series() {
    const { window, theme } = this.state;
    const of = colours(theme);
    let line = 0;
    const series = this.part.lines.map(({ name, style }) => {
      const quantity = this.numberNamed(name);
      const category = style === "line" && line++ > 0 ? categories(theme)[line - 1] : null;
      const colour = category?.colour ?? { line: mapRamp(theme)[140], dots: of.came }[style] ?? of.quiet;
      const dash = category?.dash ?? { ceiling: [1, 3], floor: [5, 3] }[style] ?? [];
      return { quantity, style, colour, dash, values: this.part[name], width: 1.5, label: quantity.label };
    });
    const mean = series.find((each) => each.quantity.name === this.options.window);
    if (mean && window > 1) {
      const label = `mean of ${count(window)} tokens`;
      series.push({ ...mean, values: windowMean(mean.values, window), style: "mean", colour: of.ink, width: 2.25, label });
    }
    for (const each of series) each.bars = each.style === "line" && line === 1 && this.plot.roomForBars;
    return series;
  }

  #paint() {
    if (this.drawn?.[this.part.lines[0].name].length !== this.text.tokens.length) this.zoom = null;
    this.drawn = this.part;
    if (!this.plot.measure(this.span)) return;
    const { unit, theme } = this.state;
    this.series = this.#series();
    const bands = this.part.bands.map(({ low, high }) => [this.part[low], this.part[high]]);
    const font = `${12 * typeScale()}px ${getComputedStyle(this.node).fontFamily}`;
    this.plot.draw(this.series, { unit, of: colours(theme), bands, zero: this.part.zero, font });
    const keys = this.series.map(({ label, style, colour, dash, bars }) => {
      const key = element("span", "timeline-key");
      const sign = element("i", dash.length ? "dashed" : bars ? "bars" : style);
      sign.style.color = colour;
      key.append(sign, label);
      return key;
    });
    this.keys.replaceChildren(...keys, element("span", "quiet", unitIn(this.series[0].quantity, unit)));
    this.whole.hidden = !this.zoom;
    this.#mark();
    this.#markView();
  }

  // ── places ───────────────────────────────────────────────────────────────

  #mark() {
    const { token, series } = this;
    if (!series) return;
    const [from, to] = this.span;
    const half = (to - from) / 2;
    if (this.zoom && (token < from || token >= to)) return void this.#zoomTo([token - half, token + half]);
    this.cursor.style.transform = `translateX(${this.plot.x(token) - 1}px)`;
    this.#say(token);
    const last = this.text.tokens.length - 1;
    const spoken = this.readout.textContent;
    mark(this.box, { "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": token, "aria-valuetext": spoken });
  }

  #markView() {
    const { view } = this.state;
    this.seen.hidden = !view || !this.series;
    if (!this.seen.hidden) this.#place(this.seen, view[0] - 0.5, view[1] + 0.5);
  }

  #place(layer, from, to) {
    const [left, right] = [from, to].map((at) => this.plot.inside(this.plot.x(at)));
    Object.assign(layer.style, { left: `${left}px`, width: `${Math.max(2, right - left)}px` });
  }

  #say(token) {
    const shown = this.series.filter(({ style }) => style !== "ceiling" && style !== "floor");
    const words = shown.map(({ label, quantity, values }, i) => {
      const value = (i + 1 < shown.length ? written : withUnit)(values[token], quantity, this.state.unit);
      return `${label} ${value}`;
    });
    this.readout.textContent = [`${nameOfToken(this.text, token)} ${count(token)}`, ...words].join(" · ");
  }

  #zoomTo(zoom) {
    const tokens = this.text.tokens.length;
    const width = zoom ? Math.max(LEAST_ZOOM, zoom[1] - zoom[0]) : tokens;
    const from = zoom ? clamp((zoom[0] + zoom[1] - width) / 2, 0, Math.max(0, tokens - width)) : 0;
    this.zoom = width < tokens ? [from, from + width] : null;
    this.#paint();
  }

  // ── what the reader does ─────────────────────────────────────────────────

  #at({ clientX }) {
    return clamp(this.plot.at(clientX - this.box.getBoundingClientRect().left), 0, this.text.tokens.length - 0.001);
  }

  #press(event) {
    if (event.button) return;
    this.box.setPointerCapture(event.pointerId);
    this.pressed = { x: event.clientX, at: this.#at(event) };
  }

  #move(event) {
    const at = this.#at(event);
    this.hover.hidden = false;
    this.hover.style.transform = `translateX(${this.plot.x(Math.floor(at)) - 0.5}px)`;
    this.#say(Math.floor(at));
    this.brush.hidden = !this.pressed || Math.abs(event.clientX - this.pressed.x) < 5;
    if (!this.brush.hidden) this.#place(this.brush, Math.min(at, this.pressed.at) - 0.5, Math.max(at, this.pressed.at) - 0.5);
  }

  #release(event) {
    if (!this.pressed) return;
    const ends = [this.pressed.at, this.#at(event)].sort((a, b) => a - b);
    if (this.brush.hidden) this.stage.set({ token: Math.floor(ends[1]) });
    else this.#zoomTo(ends);
    this.pressed = null;
    this.brush.hidden = true;
  }

  #key(event) {
    const { token, text, stage } = this;
    const width = this.span[1] - this.span[0];
    const step = placeByKey(event, token, text.tokens.length, Math.max(2, Math.round(width / 10)));
    const to = event.key === "Escape" ? stage.first : step;
    const zoom = { "+": width / 4, "-": width }[event.key];
    if (to !== undefined) stage.set({ token: to });
    else if (zoom) this.#zoomTo([token - zoom, token + zoom]);
    else if (event.key === "0") this.#zoomTo(null);
    else return false;
    return true;
  }
}
