// Lines, bars and dots along the text on a canvas. Where tokens are narrower than pixels, the mean
// and the middle half of every column stand for them.

import { typeScale } from "../dom.js";
import { clamp, factor, tickText, ticks } from "../numbers.js";
import { count } from "../words.js";

let [LEFT, RIGHT, TOP, BOTTOM] = [44, 6, 8, 20]; // pixels around the plot; see ``measure``
const COLUMN = 3; // pixels that a column of several tokens is wide
const BAR = 7; // pixels a token takes from which on bars are drawn

/**
 * @typedef {Object} Series  One number along the tokens, as stored.
 * @property quantity @property {"line"|"dots"|"mean"|"ceiling"|"floor"} style @property {Float32Array} values
 * @property {string} colour @property {number[]} dash @property {number} width @property {boolean} bars
 */

export class Plot {
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** Take up the size on screen and the tokens that are shown; false where there is no room. */
  measure(span) {
    const { clientWidth, clientHeight } = this.canvas;
    [LEFT, RIGHT, TOP, BOTTOM] = [44, 6, 8, 20].map((each) => each * typeScale());
    Object.assign(this, { span, width: clientWidth - LEFT - RIGHT, height: clientHeight - TOP - BOTTOM });
    this.each = this.width / (span[1] - span[0]);
    this.many = this.each * 2 < COLUMN;
    this.roomForBars = this.each >= BAR;
    return this.width > 30 && this.height > 4;
  }

  /** Pixels from the left of the middle of a token; of its edge at half a token less or more. */
  x(token) {
    return LEFT + (token + 0.5 - this.span[0]) * this.each;
  }

  /** The place along the text at pixels from the left, kept inside the plot. */
  at(x) {
    return this.span[0] + clamp((x - LEFT) / this.width, 0, 1) * (this.span[1] - this.span[0]);
  }

  inside(x) {
    return clamp(x, LEFT, LEFT + this.width);
  }

  #y(value) {
    const [low, high, at] = [...this.ends, value].map((each) => (this.log ? Math.log(each) : each));
    return TOP + this.height * (1 - (at - low) / (high - low));
  }

  /** @param {Series[]} series  @param look {unit, of: colours of the theme, bands, zero, font} */
  draw(series, { unit, of, bands, zero, font }) {
    const dense = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: this.canvas.clientWidth * dense, height: this.canvas.clientHeight * dense });
    const pen = this.canvas.getContext("2d");
    pen.scale(dense, dense);
    for (const each of series) each.points = this.#points(each.values);
    this.#chooseEnds(series, zero);
    pen.font = font;
    this.#axes(pen, factor(series[0].quantity, unit), of);
    pen.beginPath();
    pen.rect(LEFT, TOP - 5, this.width, this.height + 6);
    pen.clip();
    for (const [low, high] of bands) this.#area(pen, this.#points(low), this.#points(high), of.quiet);
    for (const each of series) this.#trace(pen, each);
  }

  // What stands at every place: a token, or the mean and quartiles of a column.
  #points(values) {
    const [from, to] = this.span;
    if (!this.many) {
      const first = Math.max(0, Math.floor(from) - 1);
      return Array.from(values.subarray(first, Math.ceil(to) + 1), (value, i) => ({ at: first + i, value, low: value, high: value }));
    }
    const columns = Math.floor(this.width / COLUMN);
    const wide = (to - from) / columns; // in tokens
    return Array.from({ length: columns }, (_, i) => {
      const first = from + i * wide;
      const known = values.slice(first, Math.ceil(first + wide)).filter(Number.isFinite).sort();
      const value = known.reduce((sum, each) => sum + each, 0) / known.length;
      return { at: first + wide / 2 - 0.5, value, low: known[known.length >> 2], high: known[(3 * known.length) >> 2] };
    });
  }

  #chooseEnds(series, zero) {
    const places = (style, { low, value, high }) => (style === "line" ? [low, value, high] : [value]);
    const known = series.flatMap(({ points, style }) => points.flatMap((point) => places(style, point))).filter(Number.isFinite);
    this.log = series[0].quantity.scale === "log" && known.every((value) => value > 0);
    let [low, high] = this.log || zero === false ? [Infinity, -Infinity] : [0, 0];
    for (const value of known) [low, high] = [Math.min(low, value), Math.max(high, value)];
    this.ends = high > low ? [low, high] : [0, 1];
  }

  #axes(pen, times, of) {
    const base = TOP + this.height;
    const line = (...ends) => {
      const [x1, y1, x2, y2] = ends.map((each) => Math.round(each) + 0.5);
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
      pen.stroke();
    };
    Object.assign(pen, { fillStyle: of.quiet, strokeStyle: of.line, lineWidth: 1, textAlign: "right", textBaseline: "middle" });
    const scale = this.log && this.ends[1] >= 10 * this.ends[0] ? "log" : "linear";
    for (const tick of ticks({ scale }, this.ends.map((end) => end * times), this.height < 90 ? 2 : 4)) {
      const y = this.#y(tick / times);
      line(LEFT, y, LEFT + this.width, y);
      pen.fillText(tickText(tick), LEFT - 6, y);
    }
    Object.assign(pen, { textAlign: "center", textBaseline: "top" });
    const [from, to] = this.span;
    const round = ticks({ scale: "linear" }, [from, Math.max(from + 1, to - 1)], clamp(this.width / 80, 2, 10));
    for (const tick of round.filter(Number.isInteger)) {
      line(this.x(tick), base, this.x(tick), base + 4);
      pen.fillText(count(tick), clamp(this.x(tick), LEFT + 4, LEFT + this.width - 12), base + 6);
    }
    line(LEFT, base, LEFT + this.width, base);
  }

  #trace(pen, { points, style, colour, dash, width, bars }) {
    const known = points.filter(({ value }) => Number.isFinite(this.#y(value)));
    if (this.many && style === "line") {
      const edge = (name) => known.map((each) => ({ at: each.at, value: each[name] }));
      this.#area(pen, edge("low"), edge("high"), colour);
    }
    const dots = style === "dots" && !this.many;
    const base = this.#y(this.log ? this.ends[0] : clamp(0, ...this.ends));
    Object.assign(pen, { fillStyle: colour, strokeStyle: colour, lineWidth: width, lineJoin: "round" });
    pen.setLineDash(dash);
    pen.beginPath();
    known.forEach(({ at, value }, i) => {
      const [x, y] = [this.x(at), this.#y(value)];
      if (bars) pen.rect(x - 0.38 * this.each, Math.min(y, base - 1), 0.76 * this.each, Math.max(1, Math.abs(base - y)));
      else if (dots) {
        pen.moveTo(x, y);
        pen.arc(x, y, clamp(0.3 * this.each, 1.5, 4), 0, 7);
      } else if (i && (this.many || at - known[i - 1].at < 1.5)) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    });
    if (bars || dots) pen.fill();
    else pen.stroke();
    pen.setLineDash([]);
  }

  #area(pen, lows, highs, colour) {
    pen.beginPath();
    for (const { at, value } of [...highs, ...lows.reverse()]) if (Number.isFinite(value)) pen.lineTo(this.x(at), this.#y(value));
    Object.assign(pen, { fillStyle: colour, globalAlpha: 0.22 });
    pen.fill();
    pen.globalAlpha = 1;
  }
}
