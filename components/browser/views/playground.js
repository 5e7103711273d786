// One distribution to pull at: every bar is a slider, and everything said of it follows at once.

import { button, element, mark } from "../dom.js";
import { clamp, withUnit } from "../numbers.js";
import { count, percent } from "../words.js";
import { facts } from "./expected.js";
import { guessesAt } from "./guesses.js";
import { View } from "./view.js";

const TOKENS = ["mat", "sofa", "roof", "moon", "piano", "theorem"];
const PRESETS = {
  Sure: [100, 1, 1, 1, 1, 1], "Two ways": [100, 100, 1, 1, 1, 1], "Long tail": [100, 20, 15, 12, 10, 8], "No idea": [50, 50, 50, 50, 50, 50],
};
const MOST = 8; // likeliest tokens of a real distribution
const NATS = { unit: "nats", power: 1, digits: 3 };
const SQUARED = { unit: "nats²", power: 2, digits: 3 };

const sum = (values) => values.reduce((all, each) => all + each, 0);
const normalised = (weights) => (sum(weights) ? weights.map((each) => each / sum(weights)) : weights.map(() => 1 / weights.length));
const surprisal = (share) => (share > 0 ? -Math.log(share) : 0); // 0 ln 0 counts as 0

/** Entropy, varentropy, exp(entropy) and KL to uniform, in nats. */
export function figures(shares) {
  const entropy = sum(shares.map((each) => each * surprisal(each)));
  const varentropy = sum(shares.map((each) => each * (surprisal(each) - entropy) ** 2));
  return { entropy, varentropy, choices: Math.exp(entropy), uniform: Math.max(0, Math.log(shares.length) - entropy) };
}

/** What a temperature makes of a distribution: p^(1/T), normalised. */
export const tempered = (shares, temperature) => normalised(shares.map((each) => (each / Math.max(...shares)) ** (1 / temperature)));

/** Let ``place`` have ``share``; the others keep their proportions. */
export function pulled(shares, place, share) {
  const rest = 1 - shares[place];
  return shares.map((each, i) => (i === place ? share : (1 - share) * (rest > 1e-9 ? each / rest : 1 / (shares.length - 1))));
}

// Places in order of ``value``, the least first.
const ordered = (shares, value) => shares.map((_, i) => i).sort((a, b) => value(shares[a]) - value(shares[b]));
const likeliest = (shares) => ordered(shares, (share) => -share);
const nearest = (shares) => ordered(shares, (share) => Math.abs(surprisal(share) - figures(shares).entropy));

// The first places of an order that together have ``mass``.
function reaching(shares, order, mass) {
  let held = 0;
  const last = order.findIndex((place) => (held += shares[place]) >= mass - 1e-9);
  return order.slice(0, last < 0 ? order.length : last + 1);
}

/** Samplers: which places each keeps, by its one knob: least, most, step, and where it begins. */
export const RULES = {
  Greedy: { what: "the likeliest alone", keep: (shares) => likeliest(shares).slice(0, 1) },
  "Top-k": { what: "the k likeliest", knob: [1, 9, 1, 3], keep: (shares, k) => likeliest(shares).slice(0, k) },
  "Top-p": { what: "the likeliest that together have p", knob: [0.05, 1, 0.05, 0.9], keep: (shares, p) => reaching(shares, likeliest(shares), p) },
  "Min-p": { what: "all with this share of the likeliest", knob: [0, 1, 0.05, 0.1], keep: (shares, p) => likeliest(shares).filter((i) => shares[i] >= p * Math.max(...shares)) },
  Typical: { what: "the nearest to the entropy that together have τ", knob: [0.05, 1, 0.05, 0.9], keep: (shares, mass) => reaching(shares, nearest(shares), mass) },
};

export default class Playground extends View {
  constructor(stage, panel) {
    super(stage, panel, "play", ["token", "unit"]);
    const part = (tag, name, attributes = {}) => mark(element(tag, `play-${name}`), attributes);
    this.top = part("div", "top");
    this.note = element("span", "quiet");
    this.bars = part("div", "bars", { role: "group", "aria-label": "Probability of every token" });
    this.facts = part("div", "facts");
    this.kept = part("table", "kept");
    const [columns, right] = [part("div", "columns"), part("div", "side")];
    right.append(this.facts, this.kept);
    columns.append(this.bars, right);
    this.node.append(this.top, columns);
    this.here = button("This token", () => this.#real());
    const presets = Object.entries(PRESETS).map(([name, weights]) => button(name, () => this.begin(TOKENS, normalised(weights))));
    this.heat = slider("Temperature", [0.1, 3, 0.1, 1], () => this.#say());
    this.heatText = element("b");
    const heat = element("label", "play-heat", "Temperature ");
    heat.append(this.heatText, this.heat);
    this.top.append(this.here, ...presets, this.note, heat);
    this.knobs = Object.fromEntries(Object.entries(RULES).map(([name, { what, knob }]) => [name, knob && slider(`${name} keeps ${what}`, knob, () => this.#say())]));
  }

  async fetch() {
    return {};
  }

  draw(changed) {
    if (changed.has("token")) this.#real();
    else this.#say();
  }

  // Begin with the tokens that the model held likeliest in the place of the pinned one.
  #real() {
    const guesses = this.text?.top && guessesAt(this.text, this.token, MOST);
    this.here.disabled = !guesses;
    if (!guesses) return this.begin(TOKENS, normalised(PRESETS["Long tail"]));
    const { rows, others, rest } = guesses;
    const note = `${count(others)} others, together ${percent(rest)}, are left out.`;
    return this.begin(rows.map((row) => row.label), normalised(rows.map((row) => row.share)), note);
  }

  /** Play with ``shares`` of ``labels``. */
  begin(labels, shares, note = "The cat sat on the …") {
    Object.assign(this, { labels, base: shares });
    this.heat.value = 1;
    this.note.textContent = note;
    this.rows = labels.map((label, i) => {
      const row = element("label", "play-row");
      row.append(mark(element("span", "play-name", label), { dir: "auto", title: label }), slider(label, [0, 100, "any", 0], (value) => this.#pull(i, value / 100)), element("b"));
      return row;
    });
    this.bars.replaceChildren(...this.rows);
    this.lines = Object.entries(RULES).map(([name, { what }]) => {
      const cells = ["th", "td", "td", "td"].map((tag, i) => element(tag, `play-${["rule", "knob", "cells", "left"][i]}`));
      const line = mark(element("tr"), { title: `${name} keeps ${what}` });
      cells[0].textContent = name;
      cells[1].append(...(this.knobs[name] ? [this.knobs[name]] : []), element("b"));
      cells[2].append(...labels.map(() => mark(element("span"), { role: "img" })));
      line.append(...cells);
      return line;
    });
    this.kept.replaceChildren(element("caption", "", "What samplers keep, and the entropy that is left"), ...this.lines);
    this.#say();
  }

  #pull(place, share) {
    const heat = Number(this.heat.value);
    this.base = normalised(pulled(tempered(this.base, heat), place, clamp(share, 0, 1)).map((each) => each ** heat));
    this.#say();
  }

  #say() {
    const { unit } = this.state;
    const shares = tempered(this.base, Number(this.heat.value));
    const { entropy, varentropy, choices, uniform } = figures(shares);
    this.heatText.textContent = Number(this.heat.value).toFixed(1);
    this.rows.forEach(({ style, children: [, bar, text] }, i) => {
      style.setProperty("--share", (bar.value = 100 * shares[i]) / 100);
      text.textContent = percent(100 * shares[i]);
    });
    const width = mark(element("div", "play-width"), { "aria-hidden": true });
    shares.forEach((_, i) => width.appendChild(element("i")).style.setProperty("--full", clamp(choices - i, 0, 1)));
    const rows = { "Entropy H": withUnit(entropy, NATS, unit), Varentropy: withUnit(varentropy, SQUARED, unit), "KL to uniform": withUnit(uniform, NATS, unit) };
    this.facts.replaceChildren(element("p", "play-choices", `As unsure as ${choices.toFixed(1)} equal choices`), width, facts(Object.entries(rows).map(([label, value]) => ({ label, value })), "pinned-figures"));
    Object.entries(RULES).forEach(([name, { keep }], line) => {
      const [, knob, cells, left] = this.lines[line].children;
      const value = this.knobs[name] && Number(this.knobs[name].value);
      const kept = keep(shares, value);
      [...cells.children].forEach((cell, i) => mark(cell, { class: kept.includes(i) ? "in" : "", "aria-label": `${this.labels[i]}: ${kept.includes(i) ? "kept" : "cut"}` }));
      knob.lastChild.textContent = value ?? "";
      left.textContent = withUnit(figures(normalised(kept.map((i) => shares[i]))).entropy, NATS, unit);
    });
  }
}

function slider(label, [min, max, step, value], act) {
  const input = Object.assign(mark(element("input"), { type: "range", min, max, step, "aria-label": label }), { value });
  input.addEventListener("input", () => act(Number(input.value)));
  return input;
}
