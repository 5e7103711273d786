// The grid: a row per continuation, a column per step. Same pointing, pinning and keys as the strip.

const REPORT_DELAY = 180; // milliseconds; held-down arrow keys send their last place only
const memory = new Map(); // key of the grid → { pinned, revision }, kept while other pages show
const GRID_KEYS = [
  ["← →", "one step back or on"],
  ["↑ ↓", "the row above or below"],
  ["Home End", "first or last step of the row"],
  ["Enter Space", "pin the cell, or unpin it"],
  ["Esc", "unpin"],
  ["Shift ← →", "anywhere on the page: one step back or on"],
  ["Shift Home End", "anywhere on the page: first or last step"],
  ["?", "this list"],
];

const same = (one, other) => one?.[0] === other?.[0] && one?.[1] === other?.[1];

class Grid {
  constructor(mount) {
    this.root = element("div", "widget grid");
    this.scroller = element("div", "scroller field");
    this.scroller.setAttribute("role", "grid");
    this.scroller.tabIndex = 0;
    this.sheet = new CSSStyleSheet();
    mount.adoptedStyleSheets = [this.sheet];
    this.card = new Card();
    this.keys = keyPanel(GRID_KEYS, "While a cell is pinned, steps move the pin. A click pins too.");
    this.legend = new Legend(() => this.keys.showPopover());
    this.hotColumn = element("div", "column");
    this.pinColumn = element("div", "column pinned");
    this.hotColumn.hidden = this.pinColumn.hidden = true;
    this.root.append(this.legend.node, this.scroller, this.card.node, this.keys);
    mount.append(this.root);
    const on = (name, act) => this.scroller.addEventListener(name, act);
    on("pointerover", (event) => this.point(this.placeOf(event)));
    on("pointerleave", () => this.leave());
    on("click", (event) => this.toggle(this.placeOf(event)));
    on("keydown", (event) => this.key(event));
    on("focus", () => this.setCursor(this.pinned ?? this.cursor));
    on("blur", () => this.leave());
    on("scroll", () => this.card.follow(this));
  }

  async update({ data, setStateValue }) {
    this.send = setStateValue;
    this.latest = data;
    const parcels = await Promise.all([data.parcels.text, data.parcels.numbers].map(fetchParcel));
    if (this.latest === data && !this.closed) this.show(data, ...parcels);
  }

  show(data, content, numbers) {
    const known = memory.get(data.key) ?? {};
    const told = known.revision !== data.pin.revision;
    this.memory = told ? { pinned: data.pin.value, revision: data.pin.revision } : known;
    memory.set(data.key, this.memory);
    Object.assign(this, { numbers, scope: data.pin.scope });
    this.metricIndex = numbers.metrics.findIndex((each) => each.key === data.metric);
    this.metric = numbers.metrics[this.metricIndex];
    this.scroller.style.maxHeight = `${data.height}px`;
    this.scroller.setAttribute("aria-label", data.label);
    const table = numbers[`palette:${this.metric.palette}`];
    const departures = `An orange bar: here a row first departs from ${content.referenceName}.`;
    this.legend.draw(this.metric, table, content.referenceName ? [departures] : [], { mayMiss: false });
    this.sheet.replaceSync(paletteRules(table));
    if (this.content !== content) this.rebuild(content);
    content.rows.forEach((row, r) => row.forEach((_, s) => this.dress([r, s])));
    this.markPin();
    this.card.refresh(this);
    if (told && this.pinned) this.scrollTo(this.pinned);
  }

  rebuild(content) {
    this.content = content;
    this.card.hide();
    this.cursor = this.cells?.[this.cursor?.[0]] && content.rows[this.cursor[0]]?.length > this.cursor[1] ? this.cursor : [0, 0];
    const head = element("div", "row steps");
    head.append(element("span", "name"));
    for (let s = 0; s < content.steps; s++) head.append(element("span", "step", count(s)));
    this.cells = content.rows.map((row, r) => row.map((text, s) => this.cell(text, r, s)));
    const rows = this.cells.map((cells, r) => {
      const row = element("div", "row");
      row.setAttribute("role", "row");
      const name = element("span", "name", content.labels[r]);
      name.setAttribute("role", "rowheader");
      name.title = content.labels[r];
      row.append(name, ...cells);
      return row;
    });
    const sheet = element("div", "sheet");
    sheet.append(head, ...rows, this.hotColumn, this.pinColumn);
    this.scroller.replaceChildren(sheet);
  }

  cell(text, r, s) {
    const node = element("span", "t step");
    const word = element("span", this.content.special[r][s] || text === "" ? "word chip" : "word", listed(text));
    const part = this.content.parts?.[r][s];
    if (part) word.append(element("sub", "", part));
    node.append(word);
    node.place = [r, s];
    node.id = `r${r}s${s}`;
    node.setAttribute("role", "gridcell");
    return node;
  }

  dress([r, s]) {
    const at = (this.metricIndex * this.content.rows.length + r) * this.content.steps + s;
    const value = this.numbers.values[at];
    const shade = this.numbers.colours[at];
    const look = Number.isNaN(value) ? "none" : `c${shade} q${quarter(shade, this.metric)}`;
    const departs = this.content.departures[r] === s ? " departs" : "";
    const node = this.cells[r][s];
    node.className = `t step ${look}${departs}`;
    const told = `${shortened(escaped(this.content.rows[r][s]))}, ${this.metric.label} ${withUnit(value, this.metric)}`;
    node.setAttribute("aria-label", departs ? `${told}, first departure` : told);
  }

  explain([r, s]) {
    const { rows, labels, references, steps } = this.content;
    const head = element("div", "head");
    const part = this.content.parts?.[r][s];
    const kind = `${part ? `, part ${part} of a character` : ""}${this.content.special[r][s] ? ", special token" : ""}`;
    head.append(element("b", "", quoted(rows[r][s])), element("span", "", `${labels[r]}, step ${count(s)}${kind}`));
    const { metrics, values } = this.numbers;
    const list = numberList(metrics, (m) => values[(m * rows.length + r) * steps + s], this.metricIndex);
    const reference = references[r];
    const other = rows[reference]?.[s];
    if (reference === null || reference === r || other === rows[r][s]) return [head, list];
    const there = other === undefined ? "has ended" : `has ${quoted(other)}`;
    return [head, list, element("p", "", `${labels[reference]} ${there} here`)];
  }

  // ── places ─────────────────────────────────────────────────────────────────────────────────

  get pinned() {
    const { pinned } = this.memory;
    return pinned && this.cells[pinned[0]]?.[pinned[1]] ? pinned : null;
  }

  placeOf(event) {
    return event.target.closest?.(".t")?.place ?? null;
  }

  lineOf([r, s]) {
    return this.cells[r][s].getBoundingClientRect();
  }

  // Scroll inside the grid only, past the sticky names and step numbers.
  scrollTo([r, s]) {
    const view = this.scroller.getBoundingClientRect();
    const box = this.lineOf([r, s]);
    const corner = this.scroller.querySelector(".name").getBoundingClientRect();
    const [left, top] = [view.left + corner.width + 8, view.top + corner.height + 8];
    if (box.left < left) this.scroller.scrollLeft += box.left - left;
    else if (box.right > view.right - 24) this.scroller.scrollLeft += box.right - view.right + 24;
    if (box.top < top) this.scroller.scrollTop += box.top - top;
    else if (box.bottom > view.bottom - 24) this.scroller.scrollTop += box.bottom - view.bottom + 24;
  }

  putColumn(column, place) {
    column.hidden = !place;
    if (!place) return;
    const node = this.cells[place[0]][place[1]];
    column.style.left = `${node.offsetLeft}px`;
    column.style.width = `${node.offsetWidth}px`;
  }

  // ── what the reader does ───────────────────────────────────────────────────────────────────

  point(place) {
    if (!place) return;
    this.hot?.classList.remove("hot");
    this.hot = this.cells[place[0]][place[1]];
    this.hot.classList.add("hot");
    this.putColumn(this.hotColumn, place);
    this.card.show(this, place, 0);
  }

  leave() {
    this.hot?.classList.remove("hot");
    this.hotColumn.hidden = true;
    this.card.hide();
  }

  toggle(place) {
    if (!place) return;
    this.setCursor(place);
    this.pinTo(same(place, this.pinned) ? null : place);
  }

  pinTo(place, delay = 0) {
    this.memory.pinned = place;
    this.markPin();
    clearTimeout(this.report);
    this.memory.serial = Math.max(Date.now(), (this.memory.serial ?? 0) + 1);
    const report = { value: place, serial: this.memory.serial, scope: this.scope };
    this.report = setTimeout(() => this.send("pinned", report), delay);
  }

  markPin() {
    this.marked?.classList.remove("pin");
    this.marked?.removeAttribute("aria-selected");
    this.marked = this.pinned && this.cells[this.pinned[0]][this.pinned[1]];
    this.marked?.classList.add("pin");
    this.marked?.setAttribute("aria-selected", "true");
    this.putColumn(this.pinColumn, this.pinned);
  }

  setCursor(place) {
    const node = this.cells[place[0]]?.[place[1]];
    if (!node) return;
    this.cursor = place;
    this.at?.classList.remove("cursor");
    this.at = node;
    node.classList.add("cursor");
    this.scroller.setAttribute("aria-activedescendant", node.id);
  }

  // The row above or below that has a cell at this step, or the row's last cell.
  rowFrom(r, direction, s) {
    for (let next = r + direction; next >= 0 && next < this.cells.length; next += direction) {
      if (this.cells[next].length) return [next, Math.min(s, this.cells[next].length - 1)];
    }
    return [r, s];
  }

  target(key) {
    const [r, s] = this.cursor;
    const last = this.cells[r].length - 1;
    switch (key) {
      case "ArrowLeft": return [r, Math.max(0, s - 1)];
      case "ArrowRight": return [r, Math.min(last, s + 1)];
      case "ArrowUp": return this.rowFrom(r, -1, s);
      case "ArrowDown": return this.rowFrom(r, 1, s);
      case "Home": return [r, 0];
      case "End": return [r, last];
      default: return null;
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.cells?.[this.cursor[0]]?.length) return;
    const next = this.target(event.key);
    if (next) this.moveTo(next);
    else if (event.key === "Enter" || event.key === " ") this.toggle(this.cursor);
    else if (event.key === "Escape" && this.pinned) this.pinTo(null);
    else if (event.key === "?") this.keys.showPopover();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  moveTo(place) {
    this.setCursor(place);
    this.scrollTo(place);
    if (this.pinned) this.pinTo(place, REPORT_DELAY);
    this.point(place);
  }

  close() {
    this.closed = true;
    this.card.hide();
  }
}

const grids = new WeakMap(); // mount → grid

export default function (component) {
  const { data, parentElement } = component;
  if (data instanceof Uint8Array) return receive(parentElement, data);
  if (!grids.has(parentElement)) grids.set(parentElement, new Grid(parentElement));
  const grid = grids.get(parentElement);
  grid.update(component);
  return () => grid.close();
}
