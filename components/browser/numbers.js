// Numbers on screen: units, digits, ranges and ticks, as backend/quantities.py declares them.

import { count, percent, signed } from "./words.js";

/**
 * @typedef {Object} Quantity  One number of a lens; values are stored in nats.
 * @property {string} name @property {string} label @property {string} symbol @property {string} unit
 * @property {number} low @property {number} high @property {"linear"|"log"|"rank"|"diverging"} scale
 * @property {string} help @property {string} plain @property {string} missing @property {number} digits
 * @property {"mean"|"sum"|"max"} joins @property {[number, number]|null} pieces @property {number} power
 */

export const RANK_BOUNDS = [10, 100, 1000];

/** What turns a stored number into one for the screen. */
export function factor(quantity, unit) {
  if (quantity.unit === "%") return 100;
  return unit === "bits" ? Math.LN2 ** -quantity.power : 1;
}

export function unitIn(quantity, unit) {
  return quantity.power ? quantity.unit.replace("nats", unit) : quantity.unit;
}

/** A stored value as the screen has it: "–" for none, no "−0.00", no more digits than tell something. */
export function written(value, quantity, unit) {
  const shown = value * factor(quantity, unit);
  if (Number.isNaN(shown)) return "–";
  if (!Number.isFinite(shown)) return shown > 0 ? "∞" : "−∞";
  if (quantity.unit === "%") return percent(shown);
  const size = Math.abs(shown);
  const most = size >= 1000 ? 0 : size >= 100 ? 1 : 3;
  const digits = Math.min(quantity.digits, most);
  if (digits === 0) return count(shown) === "−0" ? "0" : count(shown);
  const text = shown.toFixed(digits);
  if (Number(text) !== 0) return signed(text);
  if (size < 1e-6) return "0";
  return `${shown < 0 ? ">−" : "<"}${(10 ** -digits).toFixed(digits)}`;
}

export function withUnit(value, quantity, unit) {
  const text = written(value, quantity, unit);
  const name = unitIn(quantity, unit);
  return name && name !== "%" && text !== "–" ? `${text}\u00a0${name}` : text;
}

/** "how unsure: entropy H". */
export function nameOf({ plain, label, symbol }) {
  const name = plain ? `${plain}: ${label.charAt(0).toLowerCase()}${label.slice(1)}` : label;
  return symbol ? `${name} ${symbol}` : name;
}

/** Fixed ends as stored; those of a word or sentence where these have a number. */
function ends(quantity, level = "token") {
  const high = level === "token" ? quantity.high : quantity.pieces?.[level === "word" ? 0 : 1] ?? quantity.high;
  const reach = Math.max(Math.abs(level === "token" ? quantity.low : -high), Math.abs(high));
  return quantity.scale === "diverging" ? [-reach, reach] : [quantity.low, high];
}

/** Fixed ends of colours and axes as the screen has them. */
export function range(quantity, unit, level) {
  return ends(quantity, level).map((end) => end * factor(quantity, unit));
}

/** Ends that fit ``values``, on screen: 0 stays in the middle of a diverging scale. */
export function span(values, quantity, unit, level) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high || quantity.scale === "rank") return range(quantity, unit, level);
  const times = factor(quantity, unit);
  if (quantity.scale === "diverging") {
    const reach = Math.max(-low, high, 1e-6) * times;
    return [-reach, reach];
  }
  return high > low ? [low * times, high * times] : [low * times, low * times + (Math.abs(low) * 0.01 || 1) * times];
}

/** Place of a value between the ends, both on screen, from 0 to 1; NaN for NaN. */
export function share(shown, quantity, [low, high]) {
  let place;
  if (quantity.scale === "rank") place = RANK_BOUNDS.filter((bound) => bound < shown).length / 3;
  else if (quantity.scale === "log") place = Math.log(shown / low) / Math.log(high / low);
  else place = (shown - low) / (high - low);
  return Number.isNaN(shown) ? NaN : Math.min(1, Math.max(0, Number.isNaN(place) ? 0 : place));
}

/** Round numbers between the ends, on screen, as d3 and so the charts choose them. */
export function ticks(quantity, unit, [low, high] = range(quantity, unit), most = 5) {
  if (quantity.scale === "rank") return [1, ...RANK_BOUNDS];
  if (quantity.scale === "log") return powersOfTen(low, high);
  const rough = (high - low) / most;
  const power = Math.floor(Math.log10(rough));
  const error = rough / 10 ** power;
  const times = error >= Math.sqrt(50) ? 10 : error >= Math.sqrt(10) ? 5 : error >= Math.SQRT2 ? 2 : 1;
  const [step, parts] = [times * 10 ** power, 10 ** -power / times];
  const places = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) places.push(power < 0 ? i / parts : i * step);
  return places;
}

function powersOfTen(low, high) {
  const places = [];
  for (let ten = Math.ceil(Math.log10(low) - 1e-9); ten <= Math.log10(high) + 1e-9; ten++) places.push(10 ** ten);
  return places;
}

/** A tick as written: "2.5", "1,000", "−4". */
export function tickText(value) {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return count(value);
  return signed(String(Number(value.toPrecision(3))));
}

/** The values of a number along the tokens: the row at ``at`` where it has one for every place of an axis. */
export function along(part, quantity, tokens, at) {
  const values = part[quantity.name];
  const rows = Math.max(1, Math.round(values.length / tokens));
  const row = Math.min(rows - 1, Math.max(0, at ?? rows - 1));
  return values.subarray(row * tokens, (row + 1) * tokens);
}

/** Give every token the mean, sum or greatest of its word or sentence, of the tokens that have a value. */
export function joined(values, spans, joins) {
  const result = new Float32Array(values.length).fill(NaN);
  for (let first = 0, last; first < values.length; first = last) {
    let [sum, most, known] = [0, -Infinity, 0];
    for (last = first; last < values.length && spans[last] === spans[first]; last++) {
      if (Number.isNaN(values[last])) continue;
      [sum, most, known] = [sum + values[last], Math.max(most, values[last]), known + 1];
    }
    if (known) result.fill(joins === "sum" ? sum : joins === "max" ? most : sum / known, first, last);
  }
  return result;
}

/** Means of every value and those behind it, ``width`` together; NaN where one of them is not finite. */
export function windowMean(values, width) {
  const result = new Float32Array(values.length).fill(NaN);
  let [sum, missing] = [0, 0];
  for (let i = values.length - 1; i >= 0; i--) {
    const gone = values[i + width] ?? 0;
    if (!Number.isFinite(values[i])) missing = width;
    else sum += values[i];
    if (Number.isFinite(gone)) sum -= gone;
    if (missing > 0) missing -= 1;
    else if (i + width <= values.length) result[i] = sum / width;
  }
  return result;
}
