// Typed guesses at a covered token: how much each would have surprised the model, then what came.

import { button, element, mark } from "../dom.js";
import { stopKeys } from "../form.js";
import { withUnit } from "../numbers.js";
import { percent, quoted } from "../words.js";

const SURPRISAL = { unit: "nats", power: 1, digits: 1 };
const MOST = 5; // guesses that stay on screen

export class Guessing {
  /** @param frame  @param {() => void} done called when what came is shown */
  constructor(frame, done) {
    Object.assign(this, { frame, done, made: [] });
    this.node = element("div", "guessing");
    this.field = mark(element("input", "field"), { "aria-label": "Your guess", placeholder: "Your guess…", autocomplete: "off", spellcheck: "false" });
    stopKeys(this.field);
    this.list = element("ol", "guesses");
    const form = element("form", "guessing-row");
    form.append(this.field, Object.assign(button("Guess", () => {}), { type: "submit" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.guess(this.field.value.trim());
    });
    this.node.append(form, this.list, button("Show what came", () => this.reveal(), "quiet"));
  }

  begin() {
    this.made = [];
    this.field.value = "";
    this.list.replaceChildren();
  }

  guess(word) {
    const { text, state } = this.frame;
    if (!word || !text?.top || state.cover === null) return;
    const found = judged(text, state.cover, word);
    this.made = [found, ...this.made.filter((each) => each.word !== word)].slice(0, MOST);
    this.field.value = "";
    this.list.replaceChildren(...this.made.map((each) => this.line(each)));
    const [first] = this.list.children;
    this.frame.announce(first.textContent);
    if (found.came) this.reveal();
  }

  line({ word, nats, least }) {
    const line = element("li");
    const surprise = withUnit(least ?? nats, SURPRISAL, this.frame.state.unit);
    const share = percent(100 * Math.exp(-(least ?? nats)));
    const bar = element("span", "bar-track");
    bar.appendChild(element("i")).style.width = `${least ? 0 : Math.max(1, 100 * Math.exp(-nats))}%`;
    line.append(mark(element("b", "", quoted(word)), { dir: "auto" }), bar, element("span", "", least ? `less than ${share}: over ${surprise}` : `${share}: ${surprise}`));
    return line;
  }

  reveal() {
    const { cover } = this.frame.state;
    this.frame.set({ cover: cover + 1, token: cover });
    this.done();
  }
}

/**
 * How surprising a word would have been in the place of a token.
 *
 * @returns {{word: string, nats: ?number, least: ?number, came: boolean}} ``least``: it is not among
 *   the listed tokens, so its surprisal is over this.
 */
export function judged(text, token, word) {
  const size = text.top.length / text.tokens.length;
  const places = Array.from({ length: size }, (_, k) => token * size + k);
  const named = (own, one) => (one ? own.trim() === word : own.trim().toLowerCase() === word.toLowerCase());
  if (named(text.tokens[token], false)) return { word, nats: text.surprisal[token], least: null, came: true };
  const found = [true, false].map((exact) => places.find((at) => named(text.expected[text.top[at]], exact))).find((at) => at !== undefined);
  if (found !== undefined) return { word, nats: -text.top_logprobs[found], least: null, came: false };
  return { word, nats: null, least: -text.top_logprobs[places.at(-1)], came: false };
}
