// The texts of all samplers, one row each: name and knob, tokens shaded by a number, a small curve.
// One cursor, a row and a step. Rows fill while they are being written.

import { shadeClass } from "../colour.js";
import { button, element, mark, onKeys, resized } from "../dom.js";
import { opens } from "../menu.js";
import { clamp, factor, range, share, span, withUnit } from "../numbers.js";
import { count, escaped, quoted } from "../words.js";
import { BranchButton } from "./branch.js";
import { Card, rowsOf as cardRows } from "./card.js";
import { catalogue, draftOf, knob, nameOf, samplerForm } from "./knobs.js";
import { Player } from "./player.js";
import { curve, departure, firstFork, home, rowsOf, valueAt } from "./rows.js";
import { SamplersTools } from "./samplers_tools.js";

const FEW = 4; // numbers on the card, and the one that colours
const CURSOR = 0.4; // of the width, where the pinned token comes to stand
const LAYOUT = ["seed", "wrapped", "reference", "draft", "unit"];
const OLDER = { mass: "kept_mass", drawn: "drawn_probability" }; // names in older links

export default class Samplers {
  constructor(stage, panel) {
    Object.assign(this, { stage, panel, options: panel.options, shown: [], turn: 0 });
    this.node = element("div", "samplers-view");
    this.body = mark(element("div", "samplers-rows"), { role: "grid", tabindex: 0, "aria-label": "The text of every sampler, step by step" });
    this.card = new Card();
    this.branch = new BranchButton(stage, this);
    this.tools = new SamplersTools(this);
    this.legend = this.tools.node; // stands beside the title
    this.player = new Player(this);
    this.node.append(this.body, this.player.node, this.card.node);
    const on = (name, act) => this.body.addEventListener(name, act);
    on("pointermove", ({ target }) => this.point(target.closest(".t")));
    on("pointerleave", () => this.card.hide());
    on("click", (event) => this.click(event));
    on("scroll", () => this.card.follow(this.body));
    this.body.addEventListener("toggle", (event) => event.newState === "closed" && this.settled(event.target), true);
    onKeys(this.body, ({ key, target }) => target === this.body && this.key(key));
    const visible = (entries) => {
      entries.forEach(({ isIntersecting, target }) => isIntersecting && this.fill(target.row));
      this.scroll();
    };
    this.seen = new IntersectionObserver(visible, { root: this.body, rootMargin: "300px" });
    this.unwatch = resized(this.body, () => this.scroll());
    // The first reader of a server waits for torch as soon as samplers are named: rows come before knobs.
    catalogue(stage).then((infos) => {
      this.infos = infos;
      this.update(new Set(["seed"]));
    });
  }

  get state() {
    return this.stage.state;
  }

  get draft() {
    return draftOf(this.stage, this.part, this.options);
  }

  /** What goes along with the fields of the head line when it runs. */
  fields() {
    const { samplers, seeds } = this.draft;
    return { samplers: samplers.map(({ chain }) => chain), seeds };
  }

  async show(run) {
    const turn = ++this.turn; // what is still fetched of an unfinished run comes too late
    const rows = await rowsOf(this.stage, run);
    if (this.turn !== turn) return;
    const before = this.run;
    Object.assign(this, { run, live: false });
    if (before && before.content !== run.content) this.stage.set({ draft: null });
    this.take(rows);
    const newest = rows.find(({ index }) => index === rows.length - 1);
    if (before?.content === run.content && run.branches?.length > before.branches?.length) this.pin(newest, newest.offset);
    else if (before?.content === run.content || (!before && this.state.step !== null)) this.cursor();
    else this.pin(...firstFork(this.shown));
  }

  /** Show what a job has written so far. */
  async partial(said) {
    this.latest = said;
    if (this.fetching) return;
    this.fetching = true;
    const { turn, run } = this;
    const unfinished = said.branch && run ? { ...run, branches: [...(run.branches ?? []), said.content] } : { content: said.content };
    const rows = await rowsOf(this.stage, unfinished).finally(() => (this.fetching = false));
    if (this.turn !== turn) return;
    this.live = said.branch ? "branch" : "all";
    this.take(rows);
    for (const row of this.shown) if (row.part && row.ending === "stopped") row.text.scrollLeft = row.text.scrollWidth;
    if (this.latest !== said) await this.partial(this.latest);
  }

  take(rows) {
    this.rows = rows;
    this.part = rows.find(({ index }) => index === 0).part;
    this.steps = Math.max(1, ...rows.map(({ tokens }) => tokens.length));
    this.layout();
  }

  update(changed) {
    if (!this.rows || !this.node.isConnected) return;
    const any = (...names) => names.some((name) => changed.has(name));
    if (changed.has("draft") && this.same()) this.edited();
    else if (any(...LAYOUT)) this.layout();
    else if (any("colour", "spread", "theme")) this.shade();
    if (any("row", "step", ...LAYOUT)) this.cursor();
  }

  close() {
    this.turn += 1;
    this.player.close();
    this.seen.disconnect();
    this.unwatch();
    this.card.hide();
  }

  // ── rows ───────────────────────────────────────────────────────────────────────────────────

  edit(change) {
    this.stage.set({ draft: { ...this.draft, ...change } });
  }

  // What is on screen: of every sampler as it is set now its texts of the chosen seed, and their branches.
  layout() {
    const { rows, part, state, live } = this;
    const entries = live === "all" ? part.samplers.map((chain, of) => ({ chain, of })) : this.draft.samplers;
    const seed = state.seed < part.seeds.length ? state.seed : 0;
    const named = part.labels.indexOf(state.reference);
    this.reference = named < 0 ? part.reference : named;
    const own = (of) => rows.filter(({ root }) => root.part === part && root.sampler === of && (seed < 0 || root.seed === seed));
    this.shown = entries.flatMap((entry, i) => {
      const found = entry.of === null ? [] : own(entry.of);
      return (found.length ? found : [{ tokens: [], values: [] }]).map((row, at) => Object.assign(row, { entry, i, first: !at }));
    });
    this.shown.push(...rows.filter(({ root }) => root.part !== part));
    this.seen.disconnect();
    this.body.replaceChildren(...this.shown.map((row) => this.rowNode(row)));
    this.body.classList.toggle("wrapped", state.wrapped);
    this.shade();
    this.shown.forEach(({ node }) => this.seen.observe(node));
  }

  rowNode(row) {
    const { entry, i, part, depth = 0, first } = row;
    const { infos, live } = this;
    const writing = live && part && row.ending === "stopped";
    const node = mark(element("div", `samplers-row${this.changed(row) ? " changed" : ""}${writing ? " live" : ""}`), { role: "row" });
    Object.assign(row, { node, cells: null, text: element("div", "samplers-text"), line: mark(element("div", "samplers-curve"), { role: "gridcell" }), dot: element("i") });
    node.row = row.line.row = row;
    node.style.setProperty("--depth", depth);
    const who = mark(element("div", "samplers-who"), { role: "rowheader" });
    const name = depth ? `↳ ${row.number} · ${row.label}` : !entry || !infos ? (row.label ?? "") : first ? nameOf(entry.chain, infos) : `seed ${part.seeds[row.seed]}`;
    who.append(mark(element("span", "samplers-name", name), { title: row.label ?? name }));
    if (first && infos && live !== "all") who.append(...this.knobs(entry, i, name));
    if (!part) row.text.append(element("span", "hint", "not run yet"));
    node.append(who, row.text, row.line);
    return node;
  }

  knobs({ chain }, i, name) {
    const { infos, state, options } = this;
    const more = button(`More about ${name}`, undefined, "quiet", "more");
    const put = (next) => {
      const { samplers } = this.draft;
      if (!next.length) more.nextSibling.hidePopover();
      this.edit({ samplers: next.length ? samplers.map((each, at) => (at === i ? { ...each, chain: next } : each)) : samplers.filter((_, at) => at !== i) });
    };
    opens(more, () => samplerForm(this.draft.samplers[i].chain, infos, state.unit, options.most.links, put));
    return [...knob(chain, infos, state.unit, put), more];
  }

  // A row stays while its knob is dragged or its form is open: only what it says of itself changes.
  same() {
    const names = (entries) => entries.map(({ of, chain }) => [of, ...chain.map(({ name }) => name)]).join();
    const entries = this.shown.filter(({ first }) => first).map(({ entry }) => entry);
    return this.body.querySelector(":popover-open") || names(entries) === names(this.draft.samplers);
  }

  edited() {
    const { samplers } = this.draft;
    for (const row of this.shown.filter(({ entry }) => entry)) {
      row.entry = samplers[row.i] ?? row.entry;
      row.node.classList.toggle("changed", this.changed(row));
    }
    this.tools.draw();
  }

  changed({ part, entry, depth, sampler }) {
    return Boolean(part && entry && !depth) && JSON.stringify(entry.chain) !== JSON.stringify(part.samplers[sampler]);
  }

  // A form was closed: its row shows what was chosen there.
  settled(form) {
    const { i } = form.closest(".samplers-row")?.row ?? {};
    if (i === undefined || !this.state.draft) return;
    this.update(new Set(["seed"]));
    this.shown.find((row) => row.i === i)?.node.querySelector("[aria-haspopup]")?.focus();
  }

  // The cells of a row are made when it comes into view.
  fill(row) {
    if (row.cells || !row.part) return;
    row.cells = row.tokens.map(({ text, piece }, step) => {
      const cell = mark(element("span", "t", escaped(text).replaceAll("\\n", "↵")), { role: "gridcell", id: `r${row.index}s${step}` });
      if (piece) cell.append(element("sub", "", piece));
      return Object.assign(cell, { row, step });
    });
    const lead = row.depth ? [] : [element("span", "hint", row.part.prefix.slice(-12).join(""))];
    row.text.replaceChildren(...lead, ...row.cells);
    this.dress(row);
  }

  shade() {
    const { panel, state, steps } = this;
    this.quantity = panel.numbers.find(({ name }) => name === (OLDER[state.colour] ?? state.colour)) ?? panel.numbers[0];
    const { name } = this.quantity;
    const own = this.shown.filter(({ part }) => part);
    for (const row of own) row.values = row.tokens.map((_, step) => valueAt(row, name, step));
    this.ends = state.spread ? span(own.flatMap(({ values }) => values), this.quantity, "nats") : range(this.quantity, "nats");
    for (const row of own) {
      row.line.replaceChildren(curve(row.values, this.quantity, this.ends, "nats", steps), row.dot);
      this.dress(row);
    }
    this.tools.draw();
  }

  dress(row) {
    if (!row.cells) return;
    const { quantity, ends, shown, reference } = this;
    const times = factor(quantity, "nats");
    const other = row.parent ?? shown.find(({ depth, sampler, seed, part }) => part && !depth && sampler === reference && seed === row.seed) ?? row;
    const departs = departure(row, other);
    row.cells.forEach((cell, step) => {
      const at = share(row.values[step] * times, quantity, ends);
      const looks = [Number.isNaN(at) ? "" : shadeClass(at, quantity), row.tokens[step].special && "chip", step < row.offset && "shared", step === departs && "departs"];
      cell.className = ["t", ...looks.filter(Boolean)].join(" ");
    });
    this.markAt(row);
  }

  // ── the cursor ─────────────────────────────────────────────────────────────────────────────

  pin(row, step) {
    const own = home(row, step);
    if (own.tokens.length) this.stage.set({ row: own.index, step: clamp(step, own.offset, own.tokens.length - 1) });
  }

  // The pinned row; if it is too short or not shown, the first that has the step.
  cursor() {
    if (this.live) return;
    const step = (this.step = clamp(this.state.step ?? 0, 0, this.steps - 1));
    const own = this.shown.filter((row) => step >= row.offset && step < row.tokens.length);
    const pinned = (this.pinned = own.find(({ index }) => index === this.state.row) ?? own[0]);
    this.player.draw();
    if (!pinned) return;
    this.fill(pinned);
    this.shown.forEach((row) => this.markAt(row));
    this.branch.at(pinned, step);
    mark(this.body, { "aria-activedescendant": pinned.cells[step].id });
    this.scroll();
  }

  markAt(row) {
    const { step, pinned, steps } = this;
    if (!row.part || step === undefined) return;
    row.marked?.classList.remove("at", "pin");
    row.marked?.removeAttribute("aria-selected");
    row.marked = row.cells?.[step];
    row.marked?.classList.add("at");
    row.dot.style.left = `${(100 * (step + 0.5)) / steps}%`;
    row.dot.hidden = step >= row.tokens.length;
    if (row === pinned && row.marked) mark(row.marked, { "aria-selected": true }).classList.add("pin");
  }

  // Rows move sideways so that the pinned step stands at one place in all that are so long.
  scroll() {
    const { body, pinned, state } = this;
    if (!pinned || this.live) return;
    const { offsetTop: top, offsetHeight: height } = pinned.node;
    const moves = state.wrapped ? [] : this.shown.filter(({ marked }) => marked).map(({ text, marked }) => [text, marked.offsetLeft - CURSOR * text.clientWidth]);
    body.scrollTop = clamp(body.scrollTop, top + height - body.clientHeight, top);
    for (const [text, left] of moves) text.scrollLeft = left;
  }

  click({ target, clientX }) {
    const cell = target.closest(".t");
    if (cell) this.pin(cell.row, cell.step);
    const line = target.closest(".samplers-curve");
    const box = line?.getBoundingClientRect();
    if (line?.row.part) this.pin(line.row, Math.floor(((clientX - box.left) / box.width) * this.steps));
  }

  point(cell) {
    if (cell === this.pointed) return;
    this.pointed = cell;
    if (!cell || this.live) return this.card.hide();
    const { row, step } = cell;
    const head = element("div", "card-head");
    const shared = step < row.offset ? ", shared" : "";
    head.append(element("b", "", quoted(row.tokens[step].text)), element("span", "", `${row.label}, step ${count(step)}${shared}`));
    const numbers = this.panel.numbers.filter((each, i) => i < FEW || each === this.quantity);
    const rows = numbers.map((each) => ({ label: each.label, value: withUnit(valueAt(row, each.name, step), each, this.state.unit), active: each === this.quantity }));
    return this.card.show([head, cardRows(rows)], () => cell.getBoundingClientRect());
  }

  /** A step on or back, as in a lecture. */
  walk(by) {
    return this.key(by > 0 ? "ArrowRight" : "ArrowLeft");
  }

  get placeInWords() {
    return `step ${this.step} of ${this.steps - 1}`;
  }

  key(key) {
    const { pinned, step, shown } = this;
    if (!pinned) return false;
    const last = pinned.tokens.length - 1;
    const to = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: last }[key];
    if (to !== undefined) this.pin(pinned, clamp(to, 0, last));
    else if (key === "ArrowUp" || key === "ArrowDown") {
      const others = key === "ArrowDown" ? shown.slice(shown.indexOf(pinned) + 1) : shown.slice(0, shown.indexOf(pinned)).reverse();
      const next = others.find((row) => row.tokens.length > row.offset);
      if (next) this.stage.set({ row: next.index, step: clamp(step, next.offset, next.tokens.length - 1) });
    } else if (key === " ") this.player.toggle();
    else if (key === "Enter") this.branch.focus();
    else if (key === "Escape") this.pin(...firstFork(this.shown));
    else return false;
    return true;
  }
}
