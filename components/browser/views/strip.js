// The strip: the text, every token shaded by a number. Pointing, pinning and keys are here; text,
// legend, card, links and the small map beside it are modules of their own.

import { behindText, shadeClass, textRamp } from "../colour.js";
import { button, element, mark, onKeys } from "../dom.js";
import { factor, nameOf, range, share, span, withUnit } from "../numbers.js";
import { count, percent } from "../words.js";
import { Card, cardOn, keyList } from "./card.js";
import { guessesAt, nameOfToken } from "./guesses.js";
import { stripKey } from "./keys.js";
import { legend } from "./legend.js";
import { LOOKS, Links } from "./links.js";
import { Minimap } from "./minimap.js";
import { TokenText } from "./text.js";
import { View } from "./view.js";

const BIG_TYPE = 80; // tokens; shorter texts are set larger
const MUCH = 1.6; // heights of the box; longer texts have the small map
const SHADES = ["colour", "level", "at", "spread", "window"];

export default class Strip extends View {
  constructor(stage, panel) {
    super(stage, panel, "strip-view", ["token", "raw", "unit", "theme", "head", "whole", "cover", ...SHADES]);
    this.scroller = mark(element("div", "strip-text"), { role: "listbox", "aria-label": "Tokens of the text", tabindex: 0 });
    this.top = this.legend = element("div", "strip-top"); // a frame may put it beside its own controls
    this.card = new Card();
    this.keys = keyList();
    this.links = new Links(this);
    this.map = new Minimap(this);
    const frame = element("div", "strip-frame");
    frame.append(this.scroller, this.map.node);
    this.node.append(this.top, frame, this.card.node, this.keys);
    const on = (name, act) => this.scroller.addEventListener(name, act);
    on("pointerover", (event) => this.#point(event));
    on("pointerleave", () => this.#leave());
    on("blur", () => this.#leave());
    on("click", ({ target }) => {
      const { token } = target.closest(".t") ?? {};
      if (token !== undefined && !this.covered(token) && getSelection()?.type !== "Range") this.stage.set({ token });
    });
    on("scroll", () => {
      this.card.follow(this.scroller);
      this.moving ??= requestAnimationFrame(() => {
        this.moving = undefined;
        this.map.place();
      });
    });
    onKeys(this.scroller, (event) => stripKey(this, event));
    this.watch(this.scroller, () => this.#fit());
  }

  /** A lens without a run of its kind shows the text as Tokens has it. */
  async fetch() {
    return this.run.kind === "text" && this.options.part ? this.stage.part("strip", {}, this.run) : super.fetch();
  }

  // ── drawing ────────────────────────────────────────────────────────────────────────────────

  draw(changed) {
    const isNew = this.written?.content !== this.text || this.written.raw !== this.state.raw;
    if (isNew) this.#rebuild();
    else if (changed.has("cover") || SHADES.some((key) => changed.has(key))) this.shade();
    else if (changed.has("unit") || changed.has("theme")) this.#drawTop();
    if (changed.has("token") || isNew) this.#markPin();
    if (changed.has("theme") && !isNew) this.map.draw();
    if (changed.has("head") || changed.has("whole") || isNew) this.links.load();
  }

  close() {
    super.close();
    this.written?.close();
    this.card.hide();
  }

  #rebuild() {
    this.written?.close();
    this.card.hide();
    this.written = new TokenText(this.text, this.state.raw);
    this.node.classList.toggle("raw", Boolean(this.state.raw));
    this.scroller.classList.toggle("big", this.written.length <= BIG_TYPE);
    this.pin = this.hot = undefined;
    this.#read();
    this.written.estimateHeights(this.scroller.clientWidth);
    this.scroller.scrollTop = 0;
    this.#dressAll(this.token);
    this.scroller.replaceChildren(...this.written.chunks);
    this.#drawTop();
    this.#fit();
  }

  // Take up the chosen number: its values, and the place of each between the ends of the colours.
  #read() {
    Object.assign(this, this.chosen);
    const { quantity, level } = this;
    this.values = this.valuesOf(quantity, level);
    this.ends = this.state.spread ? span(this.values, quantity, "nats", level) : range(quantity, "nats", level);
    const times = factor(quantity, "nats");
    this.shares = this.values.map((value) => share(value * times, quantity, this.ends));
  }

  /** Give the text its shades again, after another number, level or row of a pattern. */
  shade() {
    this.#read();
    this.#dressAll(this.state.view?.[0] ?? this.token);
    this.#drawTop();
    this.#markPin();
    this.map.draw();
  }

  /** Whether a reader is to guess the token. */
  covered(token) {
    return this.state.cover !== null && token >= this.state.cover;
  }

  /** Class names of a token's shade, or of the word or sentence that begins with it. */
  shadeOf(token) {
    const { on } = this.links;
    const at = on ? this.links.shareOf(token) : this.shares[token];
    return Number.isNaN(at) ? (on ? " strip-far" : " none") : ` ${shadeClass(at, on ? LOOKS : this.quantity)}`;
  }

  // What is shaded as one: tokens, words or sentences.
  get unit() {
    return this.links.on || this.written.raw ? "token" : this.level;
  }

  #dressAll(near) {
    this.written.dressAll(near, (first, end) => this.#dress(first, end), () => this.map.place());
  }

  #dress(first, end) {
    const { nodes, shape, wholes } = this.written;
    const { unit } = this;
    for (let i = first; i < end; i++) {
      const covered = this.covered(i);
      nodes[i].className = shape[i] + (covered ? " covered" : unit === "token" ? this.shadeOf(i) : "") + (i === this.pin ? " pin" : "");
      nodes[i].ariaHidden = covered ? "true" : null;
    }
    for (const { level, node, token } of wholes[this.written.chunkOf(first)]) {
      node.className = level + (level === unit ? this.shadeOf(token) : "");
    }
    this.hot = undefined;
  }

  #drawTop() {
    const { quantity, level, values } = this;
    const { unit, theme } = this.state;
    const times = factor(quantity, unit) / factor(quantity, "nats");
    const missing = values.some(Number.isNaN);
    const places = this.placesOf(quantity);
    this.top.replaceChildren(
      this.links.on
        ? legend(LOOKS, unit, textRamp(theme), [0, 100], { values: [], title: this.links.words })
        : legend(quantity, unit, behindText(quantity, theme), this.ends.map((end) => end * times), { values, level, missing }),
      ...(places > 1 ? [this.#stepper(places)] : []),
      button("Keys of the text", () => this.keys.showPopover(), "strip-help", "help"),
    );
  }

  /** Go to another depth, where there is depth. */
  stepPlace(by) {
    const places = this.placesOf(this.quantity);
    this.setPlace(this.placeOf(places) + by, places);
  }

  #stepper(places) {
    const node = element("span", "stepper");
    const step = (by) => this.stepPlace(by);
    const at = this.placeOf(places);
    const name = this.part.places?.[at];
    const words = element("span", "", name ? `${name}, ${count(at + 1)} of ${count(places)}` : `${this.axisName} ${count(at)} of ${count(places - 1)}`);
    node.append(button(`One ${this.axisName} down: [`, () => step(-1), "step", "back"), words, button(`One ${this.axisName} up: ]`, () => step(1), "step", "on"));
    return node;
  }

  #fit() {
    const scrolls = this.scroller.scrollHeight > MUCH * this.scroller.clientHeight;
    this.node.classList.toggle("scrolls", scrolls);
    if (scrolls) this.map.draw();
    else this.stage.set({ view: null });
  }

  // ── places in the text ─────────────────────────────────────────────────────────────────────

  /** First and last token of what is shaded as one with token i. */
  endsOf(i) {
    const spans = this.unit === "token" ? null : this.text[this.level];
    let [first, last] = [i, i];
    while (spans && first > 0 && spans[first - 1] === spans[i]) first--;
    while (spans && last < spans.length - 1 && spans[last + 1] === spans[i]) last++;
    return [first, last];
  }

  nodeOf(i) {
    if (!this.written.nodes[i]) this.written.build(this.written.chunkOf(i), (first, end) => this.#dress(first, end));
    return this.written.nodes[i];
  }

  /** Where token i stands; a token that wraps stands on several lines. */
  lineOf(i, line = 0) {
    const node = this.nodeOf(i);
    return node.getClientRects()[line] ?? node.getBoundingClientRect();
  }

  /** Scroll inside the strip only: the page stays where it is. */
  scrollTo(i, centred) {
    const node = this.nodeOf(i);
    const follow = (frames) => {
      const [view, box] = [this.scroller.getBoundingClientRect(), node.getBoundingClientRect()];
      const margin = Math.min(24, view.height / 4);
      const middle = (box.top + box.bottom - view.top - view.bottom) / 2;
      const by = centred ? middle : Math.min(0, box.top - view.top - margin) || Math.max(0, box.bottom - view.bottom + margin);
      if (by) this.scroller.scrollTop += by;
      // Chunks that come into view turn out higher or lower than estimated: follow until they rest.
      if (by && frames && this.written.chunks.length > 1) this.following = requestAnimationFrame(() => follow(frames - 1));
    };
    cancelAnimationFrame(this.following);
    follow(5);
  }

  /** Pin the token whose value is the highest, or the lowest with −1. */
  jump(sign) {
    const known = [...this.values.keys()].filter((i) => !Number.isNaN(this.values[i]));
    if (known.length) this.stage.set({ token: known.reduce((best, i) => (sign * this.values[i] > sign * this.values[best] ? i : best)) });
  }

  // ── what the reader does ───────────────────────────────────────────────────────────────────

  #point({ target, clientY }) {
    const node = target.closest?.(".t");
    if (!node || this.covered(node.token)) return;
    const under = [...node.getClientRects()].findIndex((box) => box.top <= clientY && clientY <= box.bottom);
    this.hot?.classList.remove("hot");
    this.hot = this.unit === "token" ? node : node.closest(`.${this.unit}`);
    this.hot.classList.add("hot");
    this.links.show(node.token);
    this.showCard(node.token, Math.max(0, under));
  }

  showCard(token, line = 0) {
    const numbers = this.part.numbers.filter((each) => this.level === "token" || each.pieces).map((quantity) => {
      const active = quantity === this.quantity;
      const values = active ? this.values : this.valuesOf(quantity, this.level);
      return { quantity, active, value: withUnit(values[token], quantity, this.state.unit) };
    });
    this.card.show(cardOn(this.text, token, this.endsOf(token), numbers), () => this.lineOf(token, line));
  }

  #leave() {
    this.hot?.classList.remove("hot");
    this.hot = undefined;
    this.card.hide();
    if (this.written && this.text) this.links.show(this.token); // the text goes before its strip does
  }

  #markPin() {
    const before = this.written.nodes[this.pin];
    before?.classList.remove("pin");
    before?.removeAttribute("aria-selected");
    this.pin = this.token;
    const node = mark(this.nodeOf(this.pin), { "aria-selected": true, "aria-label": this.#spoken(this.pin) });
    node.classList.add("pin");
    this.scroller.setAttribute("aria-activedescendant", node.id);
    this.scrollTo(this.pin);
    this.links.show(this.pin);
    this.map.placePin();
  }

  // The token, its place, its number and what was expected, for those who listen.
  #spoken(token) {
    const number = `${nameOf(this.quantity)} ${withUnit(this.values[token], this.quantity, this.state.unit)}`;
    const expected = (guessesAt(this.text, token, 3)?.rows ?? []).map((row) => `${row.label.replace("·", "")} ${percent(row.share)}`);
    const place = `token ${count(token)} of ${count(this.written.length)}`;
    return [nameOfToken(this.text, token), place, number, ...(expected.length ? [`expected ${expected.join(", ")}`] : [])].join("; ");
  }
}
