// Two texts one above the other, place by place, and between them a bar towards the one that has more.

import { diverging, shadeClass } from "../colour.js";
import { button, element, mark, onKeys } from "../dom.js";
import { menu } from "../menu.js";
import { along, clamp, factor, range, share, span, withUnit } from "../numbers.js";
import { escaped, listed } from "../words.js";
import { Card, rowsOf } from "./card.js";
import { legend } from "./legend.js";
import { View } from "./view.js";

const CHUNK = 150; // places drawn together; those out of sight are laid out when they come
const MANY = 2000; // places; of more, those out of sight are laid out only when they come
const SIDES = ["a", "b"];

/** Both values of every place, of the number that the state asks for. */
export function bothOf(part, state) {
  const quantity = part.numbers.find((each) => each.name === state.colour) ?? part.numbers[0];
  const places = part.first_a.length;
  const last = part[`a:${quantity.name}`].length / places - 1; // of another axis, such as depth
  const at = clamp(state.at?.[part.at[quantity.name]] ?? last, 0, last);
  const values = SIDES.map((side) => along(part, { name: `${side}:${quantity.name}` }, places, at));
  const differences = Float32Array.from(values[0], (a, i) => values[1][i] - a);
  return { quantity, difference: part.differences.find((each) => each.name === quantity.name), values, differences };
}

/** The place with the largest difference. */
export function largest(differences) {
  let best = 0;
  differences.forEach((each, i) => {
    if (Math.abs(each) > (Math.abs(differences[best]) || 0)) best = i;
  });
  return best;
}

export default class Compare extends View {
  constructor(stage, panel) {
    super(stage, panel, "pair", ["place", "colour", "spread", "unit", "theme", "at"]);
    this.legend = element("div", "pair-top");
    this.field = mark(element("div", "pair-text"), { role: "listbox", tabindex: 0, "aria-label": "Both texts, place by place: A above B" });
    this.card = new Card();
    this.note = element("p", "quiet");
    this.node.append(this.note, this.field, this.card.node);
    this.number = mark(button("", undefined, "colours"), { title: "The number that is compared" });
    menu(this.number, () => this.#items());
    this.jump = mark(button("Largest", () => this.#pin(largest(this.differences))), { title: "Pin the place with the largest difference" });
    this.field.addEventListener("click", ({ target }) => this.#pin(this.#placeAt(target)));
    this.field.addEventListener("pointerover", ({ target }) => this.#tell(this.#placeAt(target)));
    this.field.addEventListener("pointerleave", () => this.card.hide());
    this.field.addEventListener("scroll", () => this.card.follow(this.field));
    onKeys(this.field, (event) => this.#key(event.key));
    this.watch(this.field, () => this.#label());
  }

  get place() {
    return clamp(this.state.place ?? this.first, 0, this.nodes.length - 1);
  }

  draw(changed) {
    if (this.drawn !== this.part) this.#build();
    else if (["colour", "spread", "at", "theme"].some((key) => changed.has(key))) this.#shade();
    else if (changed.has("unit")) this.#top();
    if (changed.has("place")) this.#mark();
  }

  #build() {
    const { part } = this;
    const again = Boolean(this.drawn);
    this.drawn = part;
    this.nodes = [];
    this.marked = undefined;
    this.note.textContent = this.options.alike;
    this.note.hidden = part.stop_a.some((stop, i) => stop > part.first_a[i] && part.stop_b[i] > part.first_b[i]);
    const chunks = [];
    let chunk;
    part.texts_a.forEach((a, i) => {
      if (i % CHUNK === 0 || part.texts_a[i - 1]?.includes("\n") || part.texts_b[i - 1]?.includes("\n")) {
        chunk = mark(element("div", "pair-chunk"), { dir: "auto", role: "presentation" });
        chunks.push(chunk);
      }
      const node = mark(element("span", "place"), { role: "option", id: `place${i}`, "aria-selected": false });
      for (const text of [a, part.texts_b[i]]) {
        if (this.nodes.length === i && node.childElementCount === 1) node.append(element("i", "pair-bar"));
        node.append(element("span", text ? "piece" : "gone", shown(text)));
      }
      node.place = i;
      this.nodes.push(node);
      chunk.append(node);
    });
    this.field.replaceChildren(...chunks);
    this.field.classList.toggle("big", this.nodes.length <= 60);
    this.field.classList.toggle("many", this.nodes.length > MANY);
    this.#shade();
    const { place } = this.stage.reading ?? {};
    this.first = place ?? largest(this.differences);
    const outside = this.state.place === null || this.state.place >= this.nodes.length;
    if (again || outside) this.stage.set({ place: this.first });
    this.#mark();
    this.#label();
  }

  // Colours of both texts by their own number, and the bars between them.
  #shade() {
    const { part, state } = this;
    Object.assign(this, bothOf(part, state));
    const { quantity, difference, values, differences } = this;
    const ends = state.spread ? span([...values[0], ...values[1]], quantity, "nats") : range(quantity, "nats");
    this.ends = state.spread ? span(differences, difference, "nats") : range(difference, "nats");
    const [own, times] = [factor(quantity, "nats"), factor(difference, "nats")];
    const ramp = diverging(state.theme);
    this.nodes.forEach((node, i) => {
      const [a, bar, b] = node.children;
      [a, b].forEach((piece, side) => {
        const at = share(values[side][i] * own, quantity, ends);
        if (piece.className !== "gone") piece.className = `piece ${Number.isNaN(at) ? "none" : shadeClass(at, quantity)}`;
      });
      const at = share(differences[i] * times, difference, this.ends);
      const known = !Number.isNaN(at);
      bar.className = `pair-bar ${known ? (at < 0.5 ? "up" : "down") : "no"}`;
      bar.style.setProperty("--size", known ? Math.abs(2 * at - 1) : 0);
      bar.style.setProperty("--fill", known ? ramp[Math.round(255 * at)] : "transparent");
    });
    this.#top();
  }

  #top() {
    const { state, difference, differences } = this;
    const times = factor(difference, state.unit) / factor(difference, "nats");
    const head = this.part.of_head.includes(this.quantity.name) ? ` · L${state.head.join(".H")}` : "";
    this.number.textContent = `${this.quantity.label}${head} ▾`;
    const scale = legend(difference, state.unit, diverging(state.theme), this.ends.map((end) => end * times), { values: differences, title: "B − A" });
    this.legend.replaceChildren(this.number, ...(this.part.of_head.length ? ["Layer", "Head"].map((name, i) => this.#step(name, i)) : []), scale, this.jump);
    this.jump.disabled = !differences.some(Number.isFinite);
  }

  // Layer or head by number, for those who do not point.
  #step(name, i) {
    const input = mark(element("input", "pair-step"), { type: "number", min: 0, max: this.part.heads[i] - 1, "aria-label": name, title: name });
    input.value = this.state.head[i];
    input.addEventListener("change", () => {
      const head = [...this.state.head];
      head[i] = clamp(Number(input.value), 0, this.part.heads[i] - 1);
      this.stage.set({ head });
    });
    return input;
  }

  #items() {
    const { stage, state, part } = this;
    const spreads = { "fixed range, the same for every pair": false, "span these runs": true };
    return [
      { heading: "Difference of" },
      ...part.numbers.map(({ name, label, plain }) => ({ label, note: plain, checked: name === this.quantity.name, act: () => stage.set({ colour: name }) })),
      { heading: "Colours" },
      ...Object.entries(spreads).map(([label, spread]) => ({ label, checked: Boolean(state.spread) === spread, act: () => stage.set({ spread }) })),
    ];
  }

  // ── the pinned place ───────────────────────────────────────────────────────────────────────

  #placeAt(target) {
    return target.closest?.(".place")?.place;
  }

  /** A place on or back, as in a lecture. */
  walk(by) {
    return Boolean(this.nodes?.length) && this.#key(by > 0 ? "ArrowRight" : "ArrowLeft");
  }

  get placeInWords() {
    return this.nodes?.length ? `place ${this.place} of ${this.nodes.length}` : "";
  }

  #pin(place) {
    if (place !== undefined) this.stage.set({ place });
  }

  #mark() {
    this.nodes[this.marked]?.setAttribute("aria-selected", false);
    const node = this.nodes[this.place];
    this.marked = this.place;
    mark(node, { "aria-selected": true, "aria-label": this.#words(this.place).map((row) => row.join(" ")).join(", ") });
    mark(this.field, { "aria-activedescendant": node.id });
    const [own, view] = [node.getBoundingClientRect(), this.field.getBoundingClientRect()];
    if (own.top < view.top || own.bottom > view.bottom) node.scrollIntoView({ block: "center" });
  }

  // What stands at a place: in A, in B, and the difference.
  #words(place) {
    const { part, state, quantity, difference, values, differences } = this;
    const texts = [part.texts_a[place], part.texts_b[place]];
    const rows = texts.map((text, side) => [`${"AB"[side]} ${text ? listed(text) : "–"}`, text ? withUnit(values[side][place], quantity, state.unit) : "not here"]);
    const both = texts.every(Boolean);
    return both ? [...rows, ["B − A", withUnit(differences[place], difference, state.unit)]] : rows;
  }

  #tell(place) {
    if (place === undefined) return this.card.hide();
    const rows = this.#words(place).map(([label, value]) => ({ label, value }));
    this.card.show([element("p", "", this.quantity.label), rowsOf(rows)], () => this.nodes[place].getBoundingClientRect());
  }

  #key(key) {
    const last = this.nodes.length - 1;
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (key in moves) this.#pin(clamp(this.place + moves[key], 0, last));
    else if (key === "ArrowUp" || key === "ArrowDown") this.#pin(this.#onLine(key === "ArrowUp" ? -1 : 1));
    else if (key === "Escape") this.card.open ? this.card.hide() : this.#pin(this.first);
    else if (key === "Enter" || key === " ") this.card.open ? this.card.hide() : this.#tell(this.place);
    else return false;
    return true;
  }

  // The nearest place on the line above or below.
  #onLine(step) {
    const here = this.nodes[this.place];
    let [best, top] = [this.place, null];
    for (let i = this.place + step; this.nodes[i]; i += step) {
      const { offsetTop, offsetLeft } = this.nodes[i];
      if (offsetTop === here.offsetTop) continue;
      top ??= offsetTop;
      if (offsetTop !== top) break;
      if (best === this.place || Math.abs(offsetLeft - here.offsetLeft) < Math.abs(this.nodes[best].offsetLeft - here.offsetLeft)) best = i;
    }
    return best;
  }

  // Every line begins with A and B in the margin.
  #label() {
    let top;
    for (const node of this.nodes.length > MANY ? this.nodes.slice(0, 1) : this.nodes) {
      node.classList.toggle("first", node.offsetTop !== top);
      top = node.offsetTop;
    }
  }

  close() {
    super.close();
    this.card.hide();
  }
}

// A line break has a sign; whatever else cannot be seen is written out.
function shown(text) {
  return escaped(text || " ").replaceAll("\\n", "↵");
}
