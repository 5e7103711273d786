// A table: sortable, cells shaded by their number, and only the rows in view are in the page.

import { shadeClass } from "../colour.js";
import { element, icon, mark, onKeys } from "../dom.js";
import { clamp, factor, range, share, unitIn, written } from "../numbers.js";
import { escaped, shortened } from "../words.js";
import { View } from "./view.js";

const ROW = 28; // pixels
const SPARE = 8; // rows beyond those in view
const PLAIN = { unit: "", power: 0, scale: "linear", digits: 2 }; // a number that is no quantity

export default class Table extends View {
  constructor(stage, panel) {
    super(stage, panel, "table-view", ["unit", "theme", "token", "step", "row"]);
    this.scroller = mark(element("div", "table-scroller"), { role: "grid", "aria-label": panel.title || "Table", tabindex: 0 });
    this.head = mark(element("div", "table-head"), { role: "row" });
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
    if (this.drawn !== part) this.#begin();
    else if (changed.has("unit") || changed.has("theme")) this.#arrange();
    else if (moved >= 0) this.#moveTo(moved);
  }

  #begin() {
    const { part } = this;
    this.drawn = part;
    this.columns = part.columns.filter((each) => !each.hidden);
    this.sort = part.sort ?? { name: null, descending: false };
    // Every row is a grid of its own: all have the same least width, whatever stands in them.
    const widths = this.columns.map(({ kind, quantity }) => (kind === "text" ? [9, 3] : quantity ? [6, 1] : [4, 0.5]));
    this.scroller.style.setProperty("--columns", widths.map(([least, share]) => `minmax(${least}rem, ${share}fr)`).join(" "));
    this.scroller.style.setProperty("--least", `${widths.reduce((sum, [least]) => sum + least, 0)}rem`);
    mark(this.scroller, { "aria-rowcount": part.rows + 1 });
    this.#arrange();
  }

  // Choose and sort rows; those without a value come last either way.
  #arrange() {
    const { part, sort } = this;
    const words = this.filter.value.trim().toLowerCase();
    const texts = this.columns.filter((each) => each.kind === "text").map((each) => part.texts[each.name]);
    const rows = Array.from({ length: part.rows }, (_, row) => row).filter((row) => !words || texts.some((each) => each[row].toLowerCase().includes(words)));
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
    return act?.state && value !== null && value !== undefined ? this.part[act.of].indexOf(value) : -1;
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
    const node = mark(element("div", place === this.at ? "table-row at" : "table-row"), { role: "row", id: `row${row}`, "aria-rowindex": place + 2, "aria-selected": chosen });
    node.place = place;
    node.style.top = `${place * ROW}px`;
    node.append(...this.columns.map((column) => this.#cell(column, row)));
    return node;
  }

  #cell({ name, kind, quantity, heat, digits }, row) {
    const cell = mark(element("div", kind), { role: "gridcell" });
    const { unit } = this.state;
    const value = this.part[name]?.[row];
    if (kind === "text") mark(cell, { dir: "auto" }).textContent = shortened(escaped(this.part.texts[name][row]), 200);
    else cell.textContent = written(value, quantity ?? { ...PLAIN, digits: digits ?? PLAIN.digits }, unit);
    if (heat && !Number.isNaN(value)) cell.className += ` ${shadeClass(share(value * factor(quantity, unit), quantity, range(quantity, unit)), quantity)}`;
    return cell;
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
    const [{ act }, row] = [this.part, this.order[place]];
    if (act?.open) this.stage.act?.(act.open, row);
    else if (act) this.stage.set({ [act.state]: this.part[act.of][row] });
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
