// What a class answered, as bars: surprisal along an axis, or options in lines. It names nobody.

import { element, mark } from "../dom.js";
import { factor, withUnit } from "../numbers.js";
import { count, quoted } from "../words.js";

export const SURPRISAL = { unit: "nats", power: 1, digits: 1 };
const MOST_BINS = 12;
const MOST_LINES = 8;

/**
 * @typedef {{label: string, count: number, marked?: string, own?: boolean, title?: string}} Bar
 *   marked: why a bar stands out
 */

/**
 * Bars of the surprisal of words; the last one holds all that are rarer than the listed tokens.
 * @param {object} tally @param {string} unit @param {{open: boolean, mine: ?object}} question
 * @returns {Bar[]}
 */
export function surprisalBars({ nats, beyond, least, came, word }, unit, { open, mine }) {
  const scale = factor(SURPRISAL, unit);
  const top = (least ?? nats.at(-1) ?? 0) * scale;
  const width = Math.max(1, Math.ceil(top / MOST_BINS));
  const bins = Math.max(1, Math.ceil(top / width));
  const place = (value) => Math.min(bins - 1, Math.floor((value * scale) / width));
  const bars = Array.from({ length: bins }, (_, at) => ({ label: `${at * width}`, count: 0, title: `${at * width} to ${(at + 1) * width} ${unit}` }));
  bars.push({ label: `over ${withUnit(least ?? 0, SURPRISAL, unit).replace(/\s.*/, "")}`, count: beyond, title: `Rarer than the tokens that are listed: over ${withUnit(least ?? 0, SURPRISAL, unit)}` });
  const at = (value) => (value === null || value > least ? bars.at(-1) : bars[place(value)]);
  for (const each of nats) at(each).count += 1;
  if (open) return bars;
  if (came !== null) at(came).marked = `▲ ${quoted(word)} came`;
  if (mine) at(mine.nats).own = true;
  return bars;
}

/** Bars of places; which is right is told once it is closed. */
export function optionBars({ options }, { open, mine }) {
  const said = options.filter(([, number]) => !open || number > 0);
  const bars = said.slice(0, MOST_LINES).map(([label, number, right]) => ({ label, count: number, marked: right && !open ? "✓" : undefined, own: label === mine?.label && !open }));
  const rest = said.slice(MOST_LINES).reduce((sum, [, number]) => sum + number, 0);
  return rest ? [...bars, { label: "others", count: rest }] : bars;
}

export class Histogram {
  constructor() {
    this.node = mark(element("div", "histogram"), { role: "img" });
    this.bars = [];
  }

  /**
   * Draw bars; those that were there grow or shrink.
   * @param {Bar[]} bars @param {string} shape "axis" or "lines" @param {string} words what they show
   */
  draw(bars, shape, words) {
    this.node.className = `histogram ${shape}`;
    if (bars.length !== this.bars.length) this.build(bars.length);
    const most = Math.max(4, ...bars.map((bar) => bar.count)); // one answer is no full bar
    bars.forEach((bar, i) => {
      const { node, number, fill, label, came } = this.bars[i];
      node.className = `histogram-bar${bar.marked ? " marked" : ""}${bar.own ? " own" : ""}`;
      node.title = bar.title ?? bar.label;
      number.textContent = bar.count ? count(bar.count) : "";
      fill.style.setProperty("--share", `${(100 * bar.count) / most}%`);
      label.textContent = bar.label;
      came.textContent = bar.marked ?? "";
    });
    this.node.setAttribute("aria-label", `${words} ${bars.filter((bar) => bar.count).map((bar) => `${bar.title ?? bar.label}: ${bar.count}`).join("; ")}`);
  }

  build(length) {
    this.bars = Array.from({ length }, () => {
      const bar = { node: element("div"), number: element("b"), fill: element("i"), label: element("span"), came: element("small") };
      bar.label.dir = "auto";
      bar.node.append(bar.number, bar.fill, bar.label, bar.came);
      return bar;
    });
    this.node.replaceChildren(...this.bars.map((bar) => bar.node));
  }
}
