// What a head looked at from the pinned token: a sentence and the bars of the tokens that got most.

import { element } from "../dom.js";
import { count, percent } from "../words.js";
import { MOST_TOKENS } from "./links.js";
import { bars, nameOfToken } from "./guesses.js";

const ROWS = 6; // bars
const LITTLE = 0.5; // percent that a bar is worth

export class Looked {
  /** @param view of a head: its part has ``name``, ``entropy`` and ``ceiling`` of every token */
  constructor(view) {
    this.view = view;
    this.sentence = element("p", "pinned-sentence");
    this.bars = element("div", "looked");
  }

  /** Fetch the weights of the head, unless they are there; the pattern beside says what went wrong. */
  async load() {
    const { view } = this;
    const { state, stage, text, run } = view;
    const wanted = [run.content, ...state.head].join(".");
    if (this.wanted === wanted) return;
    Object.assign(this, { wanted, weights: null });
    if (text.tokens.length > MOST_TOKENS && !state.whole) return this.draw();
    this.bars.classList.add("waits"); // has the place of its bars already
    const { size, weights } = await stage.pattern(...state.head, {}, run).catch(() => ({}));
    if (this.wanted !== wanted || view.closed) return undefined;
    this.bars.classList.remove("waits");
    this.weights = size === text.tokens.length ? weights : null;
    return this.draw();
  }

  draw() {
    const { text, token, part } = this.view;
    const rows = this.#rows();
    const wide = Math.exp(part.entropy[token]);
    const seen = Math.round(Math.exp(part.ceiling[token]));
    const most = rows?.[0] ? `; most at ${nameOfToken(text, rows[0].at)}, ${percent(rows[0].share)}` : "";
    const width = Number.isNaN(wide) ? part.reason : `looks as widely as at ${wide.toFixed(1)} of ${count(seen)} tokens alike${most}.`;
    this.sentence.textContent = token ? `${part.name} ${width}` : `${part.name}: the first token sees nothing but itself.`;
    if (!rows) return this.bars.replaceChildren();
    const shown = rows.slice(0, ROWS).filter((each) => each.share >= LITTLE);
    const rest = 100 - shown.reduce((sum, each) => sum + each.share, 0);
    this.bars.replaceChildren(bars({ rows: shown, others: token + 1 - shown.length, rest: Math.max(0, rest) }));
    return undefined;
  }

  // The tokens that are seen from the pinned one, most looked at first; null while it is not known.
  #rows() {
    const { text, token, state } = this.view;
    if (!this.weights || !token) return null;
    const size = text.tokens.length;
    const row = Array.from(this.weights.subarray(token * size, token * size + token + 1), (weight, at) => ({
      at, label: nameOfToken(text, at), note: count(at), share: 100 * weight, came: false,
    }));
    return row.slice(state.withoutFirst ? 1 : 0).sort((a, b) => b.share - a.share);
  }
}
