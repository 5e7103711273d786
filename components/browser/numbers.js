// Numbers on screen: units, digits, ranges and ticks, as backend/quantities.py declares them.

import { count, percent, signed } from "./words.js";

/**
 * @typedef {Object} Quantity  One number of a lens; values are stored in nats.
 * @property {string} name @property {string} label @property {string} symbol @property {string} unit
 * @property {number} low @property {number} high @property {"linear"|"log"|"rank"|"diverging"|"root"} scale
 * @property {string} help @property {string} plain @property {string} missing @property {number} digits
 * @property {"mean"|"sum"|"max"} joins @property {[number, number]|null} pieces @property {number} power
 */

const RANK_BOUNDS = [10, 100, 1000];

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** What turns a stored number into one for the screen. */
export function factor(quantity, unit) {
  if (quantity.unit === "%") return 100;
  return unit === "bits" ? Math.LN2 ** -quantity.power : 1;
}

export const unitIn = (quantity, unit) => (quantity.power ? quantity.unit.replace("nats", unit) : quantity.unit);

/** A stored value as the screen has it: "–" for none, no "−0.00", no more digits than tell something. */
export function written(value, quantity, unit) {
  const shown = value * factor(quantity, unit);
  const size = Math.abs(shown);
  if (Number.isNaN(shown)) return "–";
  if (size === Infinity) return shown > 0 ? "∞" : "−∞";
  if (quantity.unit === "%") return percent(shown);
  const digits = Math.min(quantity.digits, size >= 1000 ? 0 : size >= 100 ? 1 : 3);
  if (digits === 0) return count(shown);
  const text = shown.toFixed(digits);
  if (Number(text) !== 0) return signed(text);
  return size < 1e-6 ? "0" : `${shown < 0 ? ">−" : "<"}${(10 ** -digits).toFixed(digits)}`;
}

export function withUnit(value, quantity, unit) {
  const [text, name] = [written(value, quantity, unit), unitIn(quantity, unit)];
  return name && name !== "%" && text !== "–" ? `${text}\u00a0${name}` : text;
}

/** "how unsure: entropy H". */
export function nameOf({ plain, label, symbol }) {
  const name = plain ? `${plain}: ${label.charAt(0).toLowerCase()}${label.slice(1)}` : label;
  return symbol ? `${name} ${symbol}` : name;
}

/** Fixed ends of colours and axes as the screen has them, for tokens or for words and sentences. */
export function range(quantity, unit, level = "token") {
  const high = level === "token" ? quantity.high : quantity.pieces?.[level === "word" ? 0 : 1] ?? quantity.high;
  const low = quantity.scale !== "diverging" ? quantity.low : -Math.max(high, level === "token" ? -quantity.low : 0);
  return [low, quantity.scale === "diverging" ? -low : high].map((end) => end * factor(quantity, unit));
}

/** Ends that fit ``values``, on screen; 0 stays in the middle of a diverging scale. */
export function span(values, quantity, unit, level) {
  const known = Array.from(values).filter(Number.isFinite);
  if (!known.length || quantity.scale === "rank") return range(quantity, unit, level);
  let [low, high] = [known, known].map((each, i) => each.reduce((a, b) => (i ? Math.max(a, b) : Math.min(a, b))));
  if (quantity.scale === "diverging") [low, high] = [-Math.max(-low, high, 1e-6), Math.max(-low, high, 1e-6)];
  if (high === low) high = low + (Math.abs(low) * 0.01 || 1);
  return [low, high].map((end) => end * factor(quantity, unit));
}

/** Place of a value between the ends, both on screen, from 0 to 1; NaN for NaN. */
export function share(shown, { scale }, [low, high]) {
  if (scale === "rank") return Number.isNaN(shown) ? NaN : RANK_BOUNDS.filter((bound) => bound < shown).length / 3;
  const place = scale === "log" ? Math.log(shown / low) / Math.log(high / low) : (shown - low) / (high - low);
  return clamp(scale === "root" ? Math.sqrt(place) : place, 0, 1);
}

/** Round numbers between the ends, on screen, as d3 and so the charts choose them. */
export function ticks({ scale }, [low, high], most = 5) {
  if (scale === "rank") return [1, ...RANK_BOUNDS];
  const from = scale === "log" ? Math.log10(low) : low;
  const to = scale === "log" ? Math.log10(high) : high;
  const power = Math.floor(Math.log10((to - from) / most));
  const error = (to - from) / most / 10 ** power;
  const times = error >= Math.sqrt(50) ? 10 : error >= Math.sqrt(10) ? 5 : error >= Math.SQRT2 ? 2 : 1;
  const [step, parts] = scale === "log" ? [1, 1] : [times * 10 ** power, 10 ** -power / times];
  const places = [];
  for (let i = Math.ceil(from / step - 1e-9); i <= to / step + 1e-9; i++) places.push((step < 1 ? i / parts : i * step) + 0);
  return scale === "log" ? places.map((place) => 10 ** place) : places;
}

/** A tick as written: "2.5", "1,000", "−4". */
export function tickText(value) {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return count(value);
  return signed(String(Number(value.toPrecision(3))));
}

/** The values of a number along the tokens, at a place of another axis. */
export const along = (part, { name }, tokens, place) => part[name].subarray(place * tokens, (place + 1) * tokens);

/** Give every token the mean, sum or greatest of its word or sentence, of the tokens that have a value. */
export function joined(values, spans, joins) {
  const result = new Float32Array(values.length).fill(NaN);
  for (let first = 0, last; first < values.length; first = last) {
    for (last = first; last < values.length && spans[last] === spans[first]; ) last++;
    const known = values.subarray(first, last).filter((value) => !Number.isNaN(value));
    const sum = known.reduce((a, b) => a + b, 0);
    if (known.length) result.fill(joins === "sum" ? sum : joins === "max" ? Math.max(...known) : sum / known.length, first, last);
  }
  return result;
}

/** Means of every value and those behind it, ``width`` together; NaN where one of them is not finite. */
export function windowMean(values, width) {
  const result = new Float32Array(values.length).fill(NaN);
  let [sum, missing] = [0, 0];
  for (let i = values.length - 1; i >= 0; i--) {
    if (!Number.isFinite(values[i])) missing = width;
    else sum += values[i];
    if (Number.isFinite(values[i + width])) sum -= values[i + width];
    if (missing > 0) missing -= 1;
    else if (i + width <= values.length) result[i] = sum / width;
  }
  return result;
}
