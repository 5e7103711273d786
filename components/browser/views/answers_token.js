// What the model expected in the place of the pinned token of an answer.

import { element, mark } from "../dom.js";
import { withUnit } from "../numbers.js";
import { listed, percent, quoted } from "../words.js";
import { chosen, named } from "./answers_state.js";
import { facts } from "./expected.js";
import { bars } from "./guesses.js";
import { View } from "./view.js";

const MOST = 8; // candidates

export class AnswerToken extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned", ["row", "step", "unit"]);
    mark(this.node, { role: "region", "aria-label": "The pinned token", tabindex: 0 });
  }

  get parameters() {
    return chosen(this.state, this.run);
  }

  draw() {
    const { part, state } = this;
    const row = state.row !== null && state.row < part.answers.length ? state.row : 0;
    const answer = part.answers[row];
    const step = Math.min(state.step ?? 0, answer.pieces.length - 1);
    if (step < 0) return void this.node.replaceChildren(element("p", "quiet", "This answer has no token yet."));
    const steps = part.token_ids.length / part.answers.length;
    const at = row * steps + step;
    const size = part.top_ids.length / part.token_ids.length;
    const came = part.token_ids[at];
    const rows = Array.from({ length: Math.min(MOST, size) }, (_, k) => at * size + k).map((i) => ({
      label: listed(part.vocabulary[part.top_ids[i]] ?? ""), share: 100 * Math.exp(part.top_logprobs[i]), came: part.top_ids[i] === came,
    }));
    if (!rows.some((each) => each.came)) rows.push({ label: listed(part.vocabulary[came] ?? ""), share: 100 * Math.exp(-part.surprisal[at]), came: true });
    const rest = Math.max(0, 100 - rows.reduce((sum, each) => sum + each.share, 0));
    const head = element("h2", "pinned-head");
    head.append(mark(element("span", "", quoted(answer.pieces[step])), { dir: "auto" }), element("small", "", `token ${step + 1} of ${answer.pieces.length}, answer ${row + 1}`));
    const numbers = part.numbers.map((each) => ({ label: each.label, value: withUnit(part[each.name][at], each, state.unit), help: each.help }));
    const whole = [{ label: "−ln p of the answer", value: withUnit(answer.surprisal, { unit: "nats", power: 1, digits: 2 }, state.unit) }];
    if (answer.p_true !== null) whole.push({ label: "p(True), its own judgement", value: percent(100 * answer.p_true) });
    this.node.replaceChildren(
      head, bars({ rows, others: part.size - rows.length, rest }), facts(numbers, "pinned-figures"),
      element("h3", "pinned-title", `The answer: ${named(answer.text)}`), facts(whole, "pinned-list"),
    );
  }
}
