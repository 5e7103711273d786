// One distribution: what the model offered at the pinned step, and what every sampler keeps of it.

import { button, element, mark } from "../dom.js";
import { control, select } from "../form.js";
import { range, withUnit, written } from "../numbers.js";
import { count, listed, ordinal, percent, quoted } from "../words.js";
import { catalogue, draftOf, infoOf, nameOf } from "./knobs.js";
import { blockOf, curve, home, rowsOf } from "./rows.js";

const REST = 150; // milliseconds of rest before the server is asked
const FEW = 10; // tokens that are listed at first
const AFTER = { label: "Entropy after", unit: "nats", power: 1, digits: 2, low: 0, high: 7, scale: "linear" };
const ORDER = {
  name: "order", label: "Temperature comes", kind: "choice", choices: ["first", "last"],
  help: "First: the rule judges the heated distribution (transformers). Last: it judges the model's own, and what it keeps is heated (llama.cpp).",
};

export default class OneStep {
  constructor(stage, panel) {
    Object.assign(this, { stage, panel, options: panel.options, node: element("div", "step-view") });
    this.what = { temperature: 1, order: "first", shape: "", weights: null, open: false }; // other heat, other distributions
    this.top = element("div", "step-top");
    this.rest = element("div");
    this.node.append(this.top, this.heat(), this.rest);
    catalogue(stage).then((infos) => {
      this.infos = infos;
      if (this.block) this.draw();
    });
  }

  async show(run) {
    this.run = run;
    const rows = await rowsOf(this.stage, run);
    if (this.run !== run) return;
    this.rows = rows;
    await this.load();
  }

  update(changed) {
    if (!this.rows) return;
    if (["row", "step", "draft"].some((name) => changed.has(name))) this.load();
    else if (changed.has("unit")) this.draw();
  }

  close() {
    clearTimeout(this.timer);
  }

  async load() {
    const { row: index, step } = this.stage.state;
    const at = step ?? 0;
    const has = (each) => at < each.tokens.length;
    const pinned = this.rows.find((each) => each.index === index && has(each)) ?? this.rows.find((each) => has(each) && at >= each.offset);
    if (!pinned) return this.top.replaceChildren(element("p", "quiet", "No step was decoded: it was stopped before the first one."));
    const row = home(pinned, at);
    const asked = (this.loading = {});
    const found = await blockOf(this.stage, row, at, this.options.block);
    if (this.loading !== asked) return undefined;
    Object.assign(this, { row, step: at, answer: null, problem: "", ...found, ...this.entriesOf(row) });
    this.draw();
    return this.ask();
  }

  // The samplers as they are set now; a branch with another one has its own behind them.
  entriesOf(row) {
    const root = this.rows.find((each) => each.index === 0).part;
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const entries = draftOf(this.stage, root, { presets: [] }).samplers.map(({ of, chain }) => {
      const asRun = of !== null && same(chain, root.samplers[of]);
      if (row.part === root) return { chain, of, stored: asRun ? of : null };
      return { chain, of: same(chain, row.plan) ? row.sampler : null, stored: same(chain, row.plan) ? row.sampler : null };
    });
    if (row.part !== root && entries.every((each) => each.stored === null)) entries.push({ chain: row.plan, of: row.sampler, stored: row.sampler });
    return { entries, own: entries.findIndex((each) => each.of === row.sampler) };
  }

  /** What each sampler keeps: as answered, else as stored with the run; null where that is not known. */
  get told() {
    const { answer, entries, block, i } = this;
    if (answer?.samplers.length === entries.length) return answer.samplers;
    const [width, rows] = [block.listed_of, block.samplers];
    return entries.map(({ stored: m }) => {
      const at = i * rows + m;
      if (m === null || Number.isNaN(block.mass[at])) return null;
      return { probs: block.probs.subarray(at * width, (at + 1) * width), count: block.count[at], mass: block.mass[at], after: block.after[at] };
    });
  }

  // The server is asked for what is not stored: other samplers, other heat, other distributions.
  ask() {
    clearTimeout(this.timer);
    const { what, stage, row, block, entries } = this;
    const plain = !what.shape && !what.open && what.temperature === 1 && what.order === "first";
    if (plain && entries.every(({ stored }) => stored !== null && (block.compared || stored === row.sampler))) return;
    this.timer = setTimeout(async () => {
      const asked = (this.asked = {});
      const where = what.shape ? { probs: what.weights } : { content: row.content, row: row.at, step: this.step - row.offset, of: entries.map(({ of }) => of) };
      const body = JSON.stringify({ ...where, samplers: entries.map(({ chain }) => this.heated(chain)), sweep: what.open });
      const answer = await fetch(`${stage.address.base}sampling/step`, { method: "POST", headers: { "X-Entroscope": "1" }, body });
      const found = answer.ok ? { answer: await answer.json(), problem: "" } : { answer: null, problem: await answer.text() };
      if (this.asked !== asked || this.row !== row) return;
      Object.assign(this, found);
      this.draw();
    }, REST);
  }

  // One temperature for all: in a chain it comes with the first sampler.
  heated(chain) {
    const { temperature, order } = this.what;
    if (temperature === 1 && order === "first") return chain;
    return chain.map(({ name, parameters }, i) => {
      const known = infoOf(this.infos, name)?.parameters.map((each) => each.name) ?? [];
      const ours = Object.entries({ temperature: i ? 1 : temperature, temperature_order: order });
      return { name, parameters: { ...parameters, ...Object.fromEntries(ours.filter(([each]) => known.includes(each))) } };
    });
  }

  // ── drawing ────────────────────────────────────────────────────────────────────────────────

  draw() {
    const { what, problem } = this;
    const known = !what.shape || this.answer;
    const parts = [...this.head(), this.source(), ...(known ? [this.table(), this.samplers()] : []), ...(problem ? [element("p", "step-problem", problem)] : [])];
    this.top.replaceChildren(...parts);
    this.swept.replaceChildren(...this.sweeps());
    this.rest.replaceChildren(...(what.shape ? [] : [this.numbers()]));
  }

  head() {
    const { row, step, block, i } = this;
    const title = element("div", "step-head");
    title.append(element("b", "", quoted(row.tokens[step].text)), element("span", "hint", `step ${count(step)} · ${row.number ? `↳ ${row.number} ` : ""}${row.label}`));
    const choices = Math.exp(block.entropy[i]);
    const likeliest = quoted(block.vocabulary[block.tokens[i * (block.listed_of + 1)]]);
    const came = block.rank[i] === 1 ? "the likeliest came" : `this was ${ordinal(block.rank[i])}, ${likeliest} likeliest`;
    return [title, element("p", "step-sentence", `As unsure as ${choices < 10 ? choices.toFixed(1) : count(choices)} equal choices; ${came}.`)];
  }

  source() {
    const { what, options } = this;
    const shapes = Object.keys(options.shapes).map((each) => [each, `made up: ${each}`]);
    return select("Which distribution", [["", "of the model at this step"], ...shapes], what.shape, (shape) => {
      Object.assign(what, { shape, weights: [...(options.shapes[shape] ?? [])] });
      this.answer = null;
      this.draw();
      this.ask();
    });
  }

  // The listed tokens: place ``k`` among them, none for what came from beyond.
  get tokens() {
    const { what, options, answer, block, i } = this;
    if (what.shape) return options.tokens.map((text, k) => ({ text, k, raw: answer.raw[k], weight: what.weights[k] }));
    const width = block.listed_of + 1;
    return Array.from({ length: width }, (_, k) => {
      const at = i * width + k;
      const beyond = k === width - 1;
      return { text: block.vocabulary[block.tokens[at]], raw: block.raw[at], final: block.final[at], came: block.came[i] === k, k: beyond ? null : k, rank: beyond ? block.rank[i] : k + 1 };
    }).filter(({ raw }) => !Number.isNaN(raw));
  }

  // Bars of the model, what came marked, ticks after the row's own sampler, a numbered column a sampler.
  table() {
    const { what, block, i, told, entries, own } = this;
    const all = this.tokens;
    const shown = this.more ? all : all.filter((each, k) => k < FEW || each.came);
    const longest = Math.max(...all.map((each) => Math.max(each.raw, each.final || 0)));
    const names = entries.map((_, m) => mark(element("th", m === own ? "own" : "", `${m + 1}`), { title: this.nameAt(m) }));
    const rows = [["", [element("td"), element("th", "", "model"), element("td"), ...names]]];
    for (const each of shown) {
      const bar = element("td", "step-bar");
      bar.append(placed("fill", 0, ""));
      bar.firstChild.style.width = `${(100 * each.raw) / longest}%`;
      if (each.final > 0) bar.append(placed("tick", each.final / longest, `after the sampler ${percent(100 * each.final)}`));
      for (const [name, share] of what.shape ? [] : block.cuts[i]) if (share <= longest) bar.append(placed("cut", share / longest, `${name}, ${percent(100 * share)}`));
      const name = mark(element("th", "step-name", `${each.came ? "▸ " : ""}${listed(each.text)}`), { title: `${listed(each.text)}${each.rank ? `, ${ordinal(each.rank)}` : ""}` });
      const share = element("td", "step-share", what.shape ? "" : percent(100 * each.raw));
      if (what.shape) share.append(this.weight(each));
      rows.push([each.came ? "came" : "", [name, bar, share, ...told.map((sampler) => kept(sampler, each.k))]]);
    }
    const label = "What could have come here";
    if (what.shape) return lines("step-table", label, rows);
    const more = element("th", "step-name");
    more.append(button(`${count(block.size - shown.length)} others`, () => { this.more = !this.more; this.draw(); }, "quiet"));
    const rest = Math.max(0, 1 - shown.reduce((sum, each) => sum + each.raw, 0));
    const beyond = told.map((each) => (each ? each.count - shown.filter(({ k }) => k !== null && each.probs[k] > 0).length : 0));
    const cells = beyond.map((each) => mark(element("td", "", each > 0 ? "+" : ""), { title: each > 0 ? `keeps ${count(each)} more` : "" }));
    return lines("step-table", label, [...rows, ["rest", [more, element("td"), element("td", "step-share", percent(100 * rest)), ...cells]]]);
  }

  weight({ text, k, weight }) {
    const field = mark(element("input"), { type: "number", min: 0, max: 1000, step: "any", value: weight, "aria-label": `Weight of ${text}` });
    field.addEventListener("change", () => {
      this.what.weights[k] = Math.max(0, Number(field.value) || 0);
      this.ask();
    });
    return field;
  }

  samplers() {
    const { entries, told, own, block } = this;
    const { unit } = this.stage.state;
    const head = ["", "keeps", "of it", "H after"].map((each) => element(each ? "th" : "td", "", each));
    head[3].title = `Entropy after the sampler, ${unit}`;
    const rows = told.map((each, m) => {
      if (each) return [m === own ? "own" : "", [this.named(m), ...[count(each.count), percent(100 * each.mass), written(each.after, AFTER, unit)].map((text) => element("td", "", text))]];
      return ["", [this.named(m), mark(element("td", "hint", block.compared && entries[m].stored !== null ? "ended before this step" : "…"), { colspan: 3 })]];
    });
    return lines("step-samplers", "What each sampler keeps", [["", head], ...rows]);
  }

  nameAt(m) {
    const { chain, stored } = this.entries[m];
    return this.infos ? nameOf(chain, this.infos) : (this.row.part.labels[stored] ?? "");
  }

  named(m) {
    const name = this.nameAt(m);
    return mark(element("th", "", `${m + 1} ${name}`), { title: name });
  }

  // What entropy is left as the temperature rises: of the model, and after each sampler.
  sweeps() {
    const { answer, entries, stage, what } = this;
    // An answer about the samplers before one was added or removed is on its way out.
    if (!answer?.sweep.length || answer.samplers.length !== entries.length) return [];
    const { unit } = stage.state;
    const [first, last] = [answer.temperatures[0], answer.temperatures.at(-1)];
    const ends = range({ ...AFTER, high: Math.max(...answer.sweep, 0.1) }, "nats");
    const row = (name, values) => {
      const cell = element("td", "step-sweep");
      cell.append(curve(values, AFTER, ends, "nats"), placed("tick", (what.temperature - first) / (last - first), `T = ${what.temperature}`));
      return ["", [name, cell, element("td", "", written(values[0], AFTER, unit)), element("td", "", withUnit(values.at(-1), AFTER, unit))]];
    };
    const head = ["", "entropy after, by T", `T = ${first}`, `T = ${last}`].map((each) => element(each ? "th" : "td", "", each));
    const slope = element("p", "hint", `The model's own rises with V/T, at T = 1 with ${withUnit(answer.varentropy, { ...AFTER, unit: "nats²", power: 2 }, unit)}.`);
    const own = answer.samplers.map(({ sweep }, m) => row(this.named(m), sweep));
    return [lines("step-sweeps", "Entropy as the temperature rises", [["", head], row(element("th", "", "the model"), answer.sweep), ...own]), slope];
  }

  heat() {
    const { what } = this;
    const box = Object.assign(element("details", "step-heat"), { open: what.open });
    const set = (name) => (value) => {
      what[name] = value ?? 1;
      this.ask();
    };
    this.swept = element("div");
    box.append(
      element("summary", "", "What if it were hotter?"),
      control({ name: "heat", label: "Temperature of all samplers", kind: "number", low: 0.1, high: 3 }, what.temperature, set("temperature")),
      control(ORDER, what.order, set("order")),
      this.swept,
    );
    box.addEventListener("toggle", () => what.open !== box.open && set("open")(box.open));
    return box;
  }

  numbers() {
    const { block, i, panel, stage } = this;
    const box = Object.assign(element("details", "step-numbers"), { open: this.all });
    const list = element("dl", "facts");
    const own = block.own.map((each) => [each, block[`own:${each.name}`][i]]);
    for (const [quantity, value] of [...panel.numbers.map((each) => [each, block[each.name][i]]), ...own]) {
      if (!Number.isNaN(value)) list.append(mark(element("dt", "", quantity.label), { title: quantity.help }), element("dd", "", withUnit(value, quantity, stage.state.unit)));
    }
    box.append(element("summary", "", "All numbers"), list);
    box.addEventListener("toggle", () => (this.all = box.open));
    return box;
  }
}

function lines(className, label, rows) {
  const table = mark(element("table", className), { "aria-label": label });
  for (const [look, cells] of rows) table.appendChild(element("tr", look)).append(...cells);
  return table;
}

function placed(className, share, title) {
  const node = mark(element("i", className), { title });
  node.style.left = `${100 * share}%`;
  return node;
}

function kept(sampler, k) {
  const cell = element("td", "step-kept");
  if (!sampler || k === null) return cell;
  const share = sampler.probs[k];
  cell.title = share > 0 ? `after it ${percent(100 * share)}` : "dropped";
  cell.append(element("i", share > 0 ? "kept" : ""));
  cell.firstChild.style.setProperty("--share", Math.sqrt(share));
  return cell;
}
