// A table: sortable, cells shaded by their number, and only the rows in view are in the page.

import { shadeClass } from "../colour.js";
import { element, icon, mark, onKeys } from "../dom.js";
import { clamp, factor, joined, range, share, unitIn, written } from "../numbers.js";
import { escaped, shortened } from "../words.js";
import { bar } from "./row.js";
import { nameOfToken } from "./guesses.js";
import { View } from "./view.js";

const ROW = 28; // pixels
const SPARE = 8; // rows beyond those in view
const PLAIN = { unit: "", power: 0, scale: "linear", digits: 2 }; // a number that is no quantity

export default class Table extends View {
  constructor(stage, panel) {
    super(stage, panel, "table-view", ["unit", "theme", "level", "token", "step", "row"]);
    this.scroller = mark(element("div", "table-scroller"), { role: "grid", "aria-label": panel.title || "Table", tabindex: 0 });
    this.head = element("div", "table-head"); // a row once it has columns
    this.body = mark(element("div", "table-body"), { role: "rowgroup" });
    const group = mark(element("div"), { role: "rowgroup", class: "table-top" });
    group.append(this.head);
    this.scroller.append(group, this.body);
    this.filter = mark(element("input", "table-filter"), { type: "search", placeholder: "Filter rows", "aria-label": "Filter rows" });
    this.filter.addEventListener("input", () => this.#arrange());
    this.node.append(...(panel.options.filter ? [this.filter] : []), this.scroller);
    this.scroller.addEventListener("scroll", () => this.#fill());
    this.body.addEventListener("click", ({ target }) => this.#act(target.closest(".table-row")?.place));
    onKeys(this.scroller, (event) => event.target === this.scroller && this.#key(event));
    this.watch(this.scroller, () => this.#fill());
  }

  draw(changed) {
    const { part, state } = this;
    const moved = changed.has(part.act?.state) && this.order?.indexOf(this.#rowOf(state[part.act.state]));
    if (this.drawn !== part || (changed.has("level") && this.options.levels)) this.#begin();
    else if (changed.has("unit") || changed.has("theme")) this.#arrange();
    else if (moved >= 0) this.#moveTo(moved);
  }

  #begin() {
    this.drawn = this.part;
    this.level = this.options.levels ? this.state.level : "token";
    const part = (this.table = this.level === "token" ? this.part : this.#joined(this.level));
    this.columns = part.columns.filter((each) => !each.hidden);
    this.sort = part.sort ?? { name: null, descending: false };
    // Every row is a grid of its own: all have the same least width, whatever stands in them.
    const widths = this.columns.map(({ kind, quantity }) => (kind === "text" ? [9, 3] : quantity || kind === "bar" ? [6, 1] : [4, 0.5]));
    this.scroller.style.setProperty("--columns", widths.map(([least, share]) => `minmax(${least}rem, ${share}fr)`).join(" "));
    this.scroller.style.setProperty("--least", `${widths.reduce((sum, [least]) => sum + least, 0)}rem`);
    mark(this.scroller, { "aria-rowcount": part.rows + 1 });
    this.#arrange();
  }

  // Rows of words or sentences: their numbers join those of their tokens.
  #joined(level) {
    const { part } = this;
    const spans = this.text[level];
    const first = Array.from(spans.keys()).filter((i) => spans[i] !== spans[i - 1]);
    const columns = part.columns.filter(({ name, kind, quantity }) => kind === "text" || name === part.act.of || quantity?.pieces);
    const numbers = columns.filter(({ kind }) => kind === "number").map(({ name, quantity }) => {
      const values = quantity ? joined(part[name], spans, quantity.joins) : part[name];
      return [name, Float32Array.from(first, (i) => values[i])];
    });
    const texts = Object.entries(part.texts).map(([name, each]) => [name, first.map((i, row) => each.slice(i, first[row + 1]).join(""))]);
    return { ...part, ...Object.fromEntries(numbers), columns, texts: Object.fromEntries(texts), rows: first.length };
  }

  // Choose and sort rows; those without a value come last either way.
  #arrange() {
    const { table: part, sort } = this;
    const words = this.filter.value.trim().toLowerCase();
    const texts = this.columns.filter((each) => each.kind === "text").map((each) => part.texts[each.name]);
    const fits = (row) => !words || texts.some((each) => each[row].toLowerCase().includes(words));
    const rows = Array.from({ length: part.rows }, (_, row) => row).filter(fits);
    const way = sort.descending ? -1 : 1;
    const [values, named] = [part[sort.name], part.texts?.[sort.name]];
    if (named) rows.sort((a, b) => way * named[a].localeCompare(named[b]));
    else if (values) rows.sort((a, b) => Number.isNaN(values[a]) - Number.isNaN(values[b]) || way * (values[a] - values[b]) || a - b);
    this.order = rows;
    this.at = Math.max(0, rows.indexOf(this.#rowOf(this.state[part.act?.state])));
    this.body.style.height = `${rows.length * ROW}px`;
    this.#drawHead();
    this.#fill();
    if (!rows.length) this.body.replaceChildren(element("p", "quiet", this.options.empty || "No row fits."));
  }

  // The row whose action sets ``value``.
  #rowOf(value) {
    const { act } = this.part;
    if (!act?.state || value === null || value === undefined) return -1;
    const values = this.table[act.of];
    return this.level === "token" ? values.indexOf(value) : values.findLastIndex((first) => first <= value);
  }

  #drawHead() {
    const focused = [...this.head.querySelectorAll("button")].indexOf(this.node.getRootNode().activeElement);
    this.head.replaceChildren(...this.columns.map(({ name, kind, label, quantity }) => {
      const sorted = this.sort.name === name;
      const way = sorted ? (this.sort.descending ? "descending" : "ascending") : "none";
      const cell = mark(element("div", kind), { role: "columnheader", "aria-sort": way });
      const shown = quantity && unitIn(quantity, this.state.unit);
      const press = mark(element("button", "", `${label}${shown ? ` (${shown})` : ""}`), { type: "button", title: quantity?.help ?? "" });
      if (sorted) press.append(icon(this.sort.descending ? "down" : "up"));
      press.addEventListener("click", () => {
        this.sort = { name, descending: sorted ? !this.sort.descending : kind === "number" };
        this.#arrange();
      });
      cell.append(press);
      return cell;
    }));
    mark(this.head, { role: "row" });
    this.head.querySelectorAll("button")[focused]?.focus();
  }

  #fill() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - SPARE);
    const last = Math.min(this.order.length, first + Math.ceil(this.scroller.clientHeight / ROW) + 2 * SPARE);
    this.body.replaceChildren(...this.order.slice(first, last).map((row, i) => this.#row(row, first + i)));
    const there = this.at >= first && this.at < last;
    mark(this.scroller, { "aria-activedescendant": there ? `row${this.order[this.at]}` : "" });
  }

  #row(row, place) {
    const chosen = row === this.#rowOf(this.state[this.part.act?.state]);
    const node = element("div", place === this.at ? "table-row at" : "table-row");
    mark(node, { role: "row", id: `row${row}`, "aria-rowindex": place + 2, "aria-selected": chosen });
    node.place = place;
    node.style.top = `${place * ROW}px`;
    node.append(...this.columns.map((column) => this.#cell(column, row)));
    return node;
  }

  #cell({ name, kind, quantity, heat, digits, bar: ends }, row) {
    const cell = mark(element("div", kind), { role: "gridcell" });
    if (kind === "bar") return bar(this, cell, ends, row);
    const { unit } = this.state;
    const value = this.table[name]?.[row];
    if (kind === "text") mark(cell, { dir: "auto" }).textContent = this.#said(this.table.texts[name][row], row);
    else cell.textContent = written(value, quantity ?? { ...PLAIN, digits: digits ?? PLAIN.digits }, unit);
    const at = heat ? share(value * factor(quantity, unit), quantity, range(quantity, unit, this.level)) : NaN;
    if (!Number.isNaN(at)) cell.className += ` ${shadeClass(at, quantity)}`;
    return cell;
  }

  // A piece of a character is named by its bytes.
  #said(words, row) {
    const { act } = this.table;
    const piece = words.includes("\ufffd") && act?.state === "token" && this.level === "token" && this.text;
    return piece ? nameOfToken(this.text, this.table[act.of][row]) : shortened(escaped(words), 200);
  }

  #moveTo(place) {
    this.at = clamp(place, 0, this.order.length - 1);
    const [top, room] = [this.at * ROW, this.scroller.clientHeight - this.head.offsetHeight - ROW];
    this.scroller.scrollTop = clamp(this.scroller.scrollTop, top - room, top);
    this.#fill();
  }

  #act(place) {
    if (place === undefined) return;
    this.#moveTo(place);
    const [{ act }, row] = [this.table, this.order[place]];
    if (act?.open) this.stage.act?.(act.open, row);
    else if (act) this.stage.set({ [act.state]: this.table[act.of][row] });
  }

  #key({ key }) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 2);
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity }[key];
    if (by) this.#moveTo(this.at + by);
    else if (key === "Enter" || key === " ") this.#act(this.at);
    else return false;
    return true;
  }
}
