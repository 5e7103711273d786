// Numbers along the text: lines, bars and dots, with the pin, the part in view, and a brush to zoom.
// Where tokens are narrower than pixels, the mean and the middle half of every column stand for them.

import { categories, colours, mapRamp } from "../colour.js";
import { button, element, mark, onKeys, placeByKey } from "../dom.js";
import { clamp, factor, tickText, ticks, unitIn, windowMean, withUnit, written } from "../numbers.js";
import { count } from "../words.js";
import { nameOfToken } from "./guesses.js";
import { View } from "./view.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 6, 8, 20]; // pixels around the plot
const COLUMN = 3; // pixels that a column of several tokens is wide
const BAR = 7; // pixels a token takes from which on bars are drawn
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
    this.plot = mark(element("div", "timeline-plot"), { role: "slider", "aria-label": label, tabindex: 0 });
    this.canvas = element("canvas");
    [this.view, this.brush, this.hover, this.cursor] = ["seen", "brush", "hover", "cursor"].map((name) => element("div", `timeline-${name}`));
    this.brush.hidden = this.hover.hidden = this.view.hidden = this.whole.hidden = true;
    this.plot.append(this.canvas, this.view, this.brush, this.hover, this.cursor);
    this.node.append(head, this.plot);
    const on = (name, act) => this.plot.addEventListener(name, (event) => this.series && act(event));
    on("pointerdown", (event) => this.#press(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#release(event));
    on("pointerleave", () => {
      this.hover.hidden = true;
      this.#say(this.token);
    });
    on("dblclick", () => this.#zoomTo(null));
    onKeys(this.plot, (event) => this.#key(event));
    this.watch(this.plot, () => this.#paint());
  }

  draw(changed) {
    if (this.drawn !== this.part || DRAWN.some((key) => changed.has(key))) this.#paint();
    else if (changed.has("token")) this.#mark();
    else this.#markView();
  }

  // ── what is drawn ──────────────────────────────────────────────────────────────────────────

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
    if (mean && window > 1) series.push({ ...mean, values: windowMean(mean.values, window), style: "mean", colour: of.ink, width: 2.25, label: `mean of ${count(window)} tokens` });
    for (const each of series) each.bars = each.style === "line" && line === 1 && this.each >= BAR;
    return series;
  }

  // What stands at every place: a token, or a column's mean and quartiles.
  #points(values) {
    const [from, to] = this.span;
    const columns = Math.floor(this.width / COLUMN);
    const many = this.each * 2 < COLUMN;
    const length = many ? columns : Math.min(values.length, Math.ceil(to) + 1) - Math.max(0, Math.floor(from) - 1);
    return Array.from({ length }, (_, i) => {
      const token = Math.max(0, Math.floor(from) - 1) + i;
      if (!many) return { at: token, value: values[token], low: values[token], high: values[token] };
      const first = from + (i * (to - from)) / columns;
      const known = values.slice(first, Math.ceil(first + (to - from) / columns)).filter(Number.isFinite).sort();
      const value = known.reduce((sum, each) => sum + each, 0) / known.length;
      return { at: first + (to - from) / columns / 2 - 0.5, value, low: known[known.length >> 2], high: known[(3 * known.length) >> 2] };
    });
  }

  get span() {
    return this.zoom ?? [0, this.text.tokens.length];
  }

  #paint() {
    const box = this.plot.getBoundingClientRect();
    if (box.width < 80 || box.height < 30) return;
    if (this.drawn?.[this.part.lines[0].name].length !== this.text.tokens.length) this.zoom = null;
    this.drawn = this.part;
    const dense = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: box.width * dense, height: box.height * dense });
    Object.assign(this, { width: box.width - LEFT - RIGHT, height: box.height - TOP - BOTTOM });
    this.each = this.width / (this.span[1] - this.span[0]);
    this.series = this.#series();
    for (const series of this.series) series.points = this.#points(series.values);
    this.#chooseEnds();
    const pen = this.canvas.getContext("2d");
    pen.scale(dense, dense);
    this.#axes(pen);
    pen.beginPath();
    pen.rect(LEFT, TOP - 5, this.width, this.height + 6);
    pen.clip();
    for (const { low, high } of this.part.bands) this.#area(pen, this.#points(this.part[low]), this.#points(this.part[high]), colours(this.state.theme).quiet);
    for (const series of this.series) this.#trace(pen, series);
    this.#legend();
    this.#mark();
    this.#markView();
  }

  #chooseEnds() {
    const { scale } = this.series[0].quantity;
    const drawn = this.series.flatMap(({ points, style }) => points.flatMap(({ value, low, high }) => (style === "line" ? [low, value, high] : [value])));
    const known = drawn.filter(Number.isFinite);
    this.log = scale === "log" && known.every((value) => value > 0);
    let [low, high] = this.log || this.part.zero === false ? [Infinity, -Infinity] : [0, 0];
    for (const value of known) [low, high] = [Math.min(low, value), Math.max(high, value)];
    this.ends = high > low ? [low, high] : [0, 1];
  }

  #x(token) {
    const [from, to] = this.span;
    return LEFT + ((token + 0.5 - from) / (to - from)) * this.width;
  }

  #y(value) {
    const [low, high, at] = [...this.ends, value].map((each) => (this.log ? Math.log(each) : each));
    return TOP + this.height * (1 - (at - low) / (high - low));
  }

  #axes(pen) {
    const of = colours(this.state.theme);
    const times = factor(this.series[0].quantity, this.state.unit);
    const base = TOP + this.height;
    Object.assign(pen, { fillStyle: of.quiet, strokeStyle: of.line, lineWidth: 1, textAlign: "right", textBaseline: "middle" });
    pen.font = `12px ${getComputedStyle(this.node).fontFamily}`;
    const line = (x1, y1, x2, y2) => {
      pen.beginPath();
      pen.moveTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
      pen.lineTo(Math.round(x2) + 0.5, Math.round(y2) + 0.5);
      pen.stroke();
    };
    const scale = this.log && this.ends[1] >= 10 * this.ends[0] ? "log" : "linear";
    for (const tick of ticks({ scale }, this.ends.map((end) => end * times), this.height < 90 ? 2 : 4)) {
      line(LEFT, this.#y(tick / times), LEFT + this.width, this.#y(tick / times));
      pen.fillText(tickText(tick), LEFT - 6, this.#y(tick / times));
    }
    Object.assign(pen, { textAlign: "center", textBaseline: "top" });
    const [from, to] = this.span;
    for (const tick of ticks({ scale: "linear" }, [from, Math.max(from + 1, to - 1)], clamp(this.width / 80, 2, 10)).filter(Number.isInteger)) {
      line(this.#x(tick), base, this.#x(tick), base + 4);
      pen.fillText(count(tick), clamp(this.#x(tick), LEFT + 4, LEFT + this.width - 12), base + 6);
    }
    line(LEFT, base, LEFT + this.width, base);
  }

  #trace(pen, { points, style, colour, dash, width, bars }) {
    const known = points.filter(({ value }) => Number.isFinite(this.#y(value)));
    const many = this.each * 2 < COLUMN;
    const base = this.#y(this.log ? this.ends[0] : clamp(0, ...this.ends));
    if (many && style === "line") this.#area(pen, known.map((each) => ({ ...each, value: each.low })), known.map((each) => ({ ...each, value: each.high })), colour);
    Object.assign(pen, { fillStyle: colour, strokeStyle: colour, lineWidth: width, lineJoin: "round" });
    pen.setLineDash(dash);
    pen.beginPath();
    known.forEach(({ at, value }, i) => {
      const [x, y] = [this.#x(at), this.#y(value)];
      if (bars) pen.rect(x - 0.38 * this.each, Math.min(y, base - 1), 0.76 * this.each, Math.max(1, Math.abs(base - y)));
      else if (style === "dots" && !many) {
        pen.moveTo(x, y);
        pen.arc(x, y, clamp(0.3 * this.each, 1.5, 4), 0, 7);
      } else if (i && (many || at - known[i - 1].at < 1.5)) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    });
    if (bars || (style === "dots" && !many)) pen.fill();
    else pen.stroke();
    pen.setLineDash([]);
  }

  #area(pen, lows, highs, colour) {
    pen.beginPath();
    for (const { at, value } of [...highs, ...lows.reverse()]) if (Number.isFinite(value)) pen.lineTo(this.#x(at), this.#y(value));
    Object.assign(pen, { fillStyle: colour, globalAlpha: 0.22 });
    pen.fill();
    pen.globalAlpha = 1;
  }

  #legend() {
    const keys = this.series.map(({ label, style, colour, dash, bars }) => {
      const key = element("span", "timeline-key");
      const sign = element("i", dash.length ? "dashed" : bars ? "bars" : style);
      sign.style.color = colour;
      key.append(sign, label);
      return key;
    });
    this.keys.replaceChildren(...keys, element("span", "quiet", unitIn(this.series[0].quantity, this.state.unit)));
    this.whole.hidden = !this.zoom;
  }

  // ── places ─────────────────────────────────────────────────────────────────────────────────

  #mark() {
    const { token } = this;
    const [from, to] = this.span;
    if (this.zoom && (token < from || token >= to)) return this.#zoomTo([token - (to - from) / 2, token + (to - from) / 2]);
    this.cursor.style.transform = `translateX(${this.#x(token) - 1}px)`;
    this.#say(token);
    mark(this.plot, { "aria-valuemin": 0, "aria-valuemax": this.text.tokens.length - 1, "aria-valuenow": token, "aria-valuetext": this.readout.textContent });
  }

  #markView() {
    const { view } = this.state;
    this.view.hidden = !view;
    if (!view) return;
    const [left, right] = [view[0] - 0.5, view[1] + 0.5].map((at) => clamp(this.#x(at), LEFT, LEFT + this.width));
    Object.assign(this.view.style, { left: `${left}px`, width: `${Math.max(2, right - left)}px` });
  }

  #say(token) {
    const shown = this.series.filter(({ style }) => style !== "ceiling" && style !== "floor");
    const words = shown.map(({ label, quantity, values }, i) => `${label} ${(i + 1 < shown.length ? written : withUnit)(values[token], quantity, this.state.unit)}`);
    this.readout.textContent = [`${nameOfToken(this.text, token)} ${count(token)}`, ...words].join(" · ");
  }

  #zoomTo(zoom) {
    const tokens = this.text.tokens.length;
    const width = zoom ? Math.max(LEAST_ZOOM, zoom[1] - zoom[0]) : tokens;
    const from = zoom ? clamp((zoom[0] + zoom[1] - width) / 2, 0, Math.max(0, tokens - width)) : 0;
    this.zoom = width < tokens ? [from, from + width] : null;
    this.#paint();
  }

  // ── what the reader does ───────────────────────────────────────────────────────────────────

  #at({ clientX }) {
    const [from, to] = this.span;
    const part = clamp((clientX - this.plot.getBoundingClientRect().left - LEFT) / this.width, 0, 1);
    return clamp(from + part * (to - from), 0, this.text.tokens.length - 0.001);
  }

  #press(event) {
    if (event.button) return;
    this.plot.setPointerCapture(event.pointerId);
    this.pressed = { x: event.clientX, at: this.#at(event) };
  }

  #move(event) {
    const token = Math.floor(this.#at(event));
    this.hover.hidden = false;
    this.hover.style.transform = `translateX(${this.#x(token) - 0.5}px)`;
    this.#say(token);
    this.brush.hidden = !this.pressed || Math.abs(event.clientX - this.pressed.x) < 5;
    if (this.brush.hidden) return;
    const [left, right] = [this.pressed.at, this.#at(event)].sort((a, b) => a - b).map((at) => this.#x(at - 0.5));
    Object.assign(this.brush.style, { left: `${left}px`, width: `${right - left}px` });
  }

  #release(event) {
    if (!this.pressed) return;
    const ends = [this.pressed.at, this.#at(event)].sort((a, b) => a - b);
    if (!this.brush.hidden) this.#zoomTo(ends);
    else this.stage.set({ token: Math.floor(ends[1]) });
    this.pressed = null;
    this.brush.hidden = true;
  }

  #key(event) {
    const [from, to] = this.span;
    const token = event.key === "Escape" ? this.stage.first : placeByKey(event, this.token, this.text.tokens.length, Math.max(2, Math.round((to - from) / 10)));
    const zoom = { "+": 0.25, "-": 1 }[event.key];
    if (token !== undefined) this.stage.set({ token });
    else if (zoom) this.#zoomTo([this.token - zoom * (to - from), this.token + zoom * (to - from)]);
    else if (event.key === "0") this.#zoomTo(null);
    else return false;
    return true;
  }
}
