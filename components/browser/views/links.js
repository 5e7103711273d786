// Where a token looks: the text shaded by one row of a head's pattern.

import { share } from "../numbers.js";
import { nameOfToken } from "./guesses.js";

export const MOST_TOKENS = 512; // longer texts have their pattern when somebody asks for it

/** The weight that one token gives another; shades follow the square root, so that small ones show. */
export const LOOKS = {
  name: "looks", label: "Where it looks", symbol: "", plain: "", unit: "%", power: 0, low: 0, high: 1, scale: "root", digits: 1,
  joins: "mean", pieces: null, missing: "", help: "Attention weight of one token on another; colours follow its square root.",
};

export class Links {
  constructor(strip) {
    this.strip = strip;
  }

  /** Whether the text is shaded by where the token looks, not by a number of its own. */
  get on() {
    const { options, state } = this.strip;
    return Boolean(options.links && this.weights && !options.tokens?.includes(state.colour));
  }

  async load() {
    const { strip } = this;
    const { options, state, stage, text } = strip;
    if (!options.links || strip.run.kind === "text" || !state.head || (text.tokens.length > MOST_TOKENS && !state.whole)) return;
    const wanted = (this.wanted = state.head);
    const { size, weights } = await stage.pattern(...wanted, {}, strip.run).catch(() => ({})); // the pattern says why
    if (this.wanted !== wanted || strip.closed || size !== strip.written.length) return;
    Object.assign(this, { weights, head: wanted, row: undefined });
    strip.shade();
  }

  /** Show where ``token`` looks, if that is what the text is shaded by. */
  show(token) {
    if (!this.on || this.row === token) return;
    this.row = token;
    const { written, pin, top } = this.strip;
    written.nodes.forEach((node, i) => {
      node.className = written.shape[i] + this.strip.shadeOf(i) + (i === pin ? " pin" : i === token ? " asking" : "");
    });
    top.querySelector("b").textContent = this.words;
  }

  /** From 0 to 1; NaN for a token that is not seen from there. */
  shareOf(token) {
    const row = this.row ?? this.strip.token;
    return token > row ? NaN : share(100 * this.weights[row * this.strip.written.length + token], LOOKS, [0, 100]);
  }

  get words() {
    const [layer, head] = this.head;
    return `Where L${layer}.H${head} looks from ${nameOfToken(this.strip.text, this.row ?? this.strip.token)}`;
  }
}
