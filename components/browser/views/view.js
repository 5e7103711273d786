// What the views share: fetching what a panel draws from, and when again; numbers along the tokens.

import { dressRoot } from "../colour.js";
import { element, resized } from "../dom.js";
import { along, clamp, joined, windowMean } from "../numbers.js";

// What a panel may follow: the name of it in the state, and the parameters that are made of it.
const FOLLOWED = {
  token: ["token", (token) => (token === null ? {} : { token })],
  step: ["step", (step) => (step === null ? {} : { step })],
  head: ["head", ([layer, head]) => ({ layer, head })],
  first: ["withoutFirst", (hide) => (hide ? { first: "hide" } : {})],
  positions: ["queries", (queries) => (queries ? { start: queries[0], stop: queries[1] } : {})],
  spread: ["spread", (spread) => (spread ? { spread: 1 } : {})],
  scale: ["flags", ({ scale }) => (scale ? { scale } : {})],
  at: ["at", (at) => ({ ...at })],
  row: ["row", (row) => (row === null ? {} : { row })],
  colour: ["colour", (colour) => (colour ? { number: colour } : {})],
};

/** Base of all views: ``draw()`` draws from ``this.part``, and again when the state changes that it shows. */
export class View {
  /** @param stage  @param panel  @param {string} className  @param {string[]} shows names of state that it draws */
  constructor(stage, panel, className, shows) {
    Object.assign(this, { stage, panel, shows, options: panel.options });
    this.node = element("div", className);
    this.refusal = element("p", "refusal quiet");
  }

  get state() {
    return this.stage.state;
  }

  get text() {
    return this.stage.text;
  }

  /** The pinned token; while a part of the text is covered, none of that. */
  get token() {
    const last = (this.state.cover ?? this.text.tokens.length) - 1;
    return clamp(this.state.token ?? 0, 0, Math.min(last, this.text.tokens.length - 1));
  }

  /** Parameters that go along with the panel's part or chart. */
  get parameters() {
    return { ...this.following(this.options.follows ?? []), ...this.state.choices?.[this.panel.name] };
  }

  following(names) {
    return Object.assign({}, ...names.map((name) => FOLLOWED[name][1](this.state[FOLLOWED[name][0]])));
  }

  async fetch() {
    return this.stage.part(this.options.part ?? this.panel.name, this.parameters, this.run);
  }

  /** Only what was asked for last is drawn, whichever comes first. What cannot be had says why. */
  async show(run) {
    this.run = run;
    const asked = (this.asked = {});
    const { textReady } = this.stage;
    await textReady?.catch(() => null);
    if (this.closed) return;
    const part = await this.fetch().catch((error) => error);
    const another = this.stage.textReady !== textReady; // text: this is shown again with it
    if (this.asked !== asked || this.closed || another) return;
    this.refusal.textContent = part instanceof Error ? part.message : "";
    this.refusal.remove();
    if (part instanceof Error) return void this.node.prepend(this.refusal);
    this.part = part;
    this.#dressRoot();
    await this.draw(new Set(this.shows));
  }

  update(changed) {
    if (!this.run) return;
    const followed = (this.options.follows ?? []).map((name) => FOLLOWED[name][0]);
    if (["choices", ...followed].some((key) => changed.has(key))) this.show(this.run);
    if (this.part && changed.has("theme")) this.#dressRoot();
    if (this.part && this.shows.some((key) => changed.has(key))) this.draw(changed);
  }

  // The colours of a theme are a sheet of the shadow root, which all views share.
  #dressRoot() {
    dressRoot(this.node.getRootNode(), this.state.theme);
  }

  /** Call ``act`` when ``node`` has another size, once there is something to draw, of the text that is there. */
  watch(node, act) {
    const waits = () => this.stage.textReady && !this.text;
    this.unwatch = resized(node, () => this.part && !waits() && act());
  }

  close() {
    this.closed = true;
    this.unwatch?.();
  }

  // ── numbers along the tokens ───────────────────────────────────────────────────────────────

  numberNamed(name) {
    return this.part.numbers.find((each) => each.name === name);
  }

  /** The axis beside the tokens', such as depth. */
  get axis() {
    return this.options.at || "D";
  }

  get axisName() {
    return this.options.axis || "depth";
  }

  /** How many places a number has along that axis; 1 where it has none. */
  placesOf(quantity) {
    return Math.max(1, Math.round(this.part[quantity.name].length / this.text.tokens.length));
  }

  /** The place of ``places`` that is chosen; a negative one counts from the end. */
  placeOf(places) {
    const place = this.state.at?.[this.axis] ?? this.options.place ?? -1;
    return clamp(place < 0 ? places + place : place, 0, places - 1);
  }

  setPlace(place, places) {
    this.stage.set({ at: { ...this.state.at, [this.axis]: clamp(place, 0, places - 1) } });
  }

  /** What the tokens show of a number at the chosen place, window and level. */
  valuesOf(quantity, level = "token") {
    const of = this.numberNamed(quantity.window_of);
    const places = this.placesOf(of ?? quantity);
    const row = along(this.part, of ?? quantity, this.text.tokens.length, this.placeOf(places));
    const values = of ? windowMean(row, this.state.window) : row;
    return level === "token" ? values : joined(values, this.text[level], quantity.joins);
  }

  /** The number that colours, and its level: "token" where words have no such number. */
  get chosen() {
    const wanted = this.state.level;
    const names = (wanted === "token" ? this.options.tokens : this.options.pieces) ?? [];
    const all = [...names, ...(this.options.tokens ?? [])];
    const quantity = this.numberNamed(all.includes(this.state.colour) ? this.state.colour : names[0]) ?? this.part.numbers[0];
    const has = names.includes(quantity.name) && (wanted === "token" || quantity.pieces);
    return { quantity, level: has ? wanted : "token" };
  }
}
