// The button on the pinned cell: go on from here with another token, sampler, or other luck.

import { button, element, mark } from "../dom.js";
import { control, select } from "../form.js";
import { opens } from "../menu.js";
import { listed } from "../words.js";
import { nameOf } from "./knobs.js";
import { blockOf, valueAt } from "./rows.js";

const ANEW = "anew"; // the same place drawn again, with other luck
const [IN, AFTER] = ["in its place", "after it"];
const UNSURE = "Goes on anew from where the entropy is highest (Tool-Light's rule), one branch after the other.";

export class BranchButton {
  constructor(stage, samplers) {
    Object.assign(this, { stage, samplers });
    this.node = mark(element("span", "branch"), { role: "gridcell" });
    this.now = button("⑂", () => this.ask({ token: this.token?.id }));
    this.more = mark(button("▾"), { "aria-label": "Branch otherwise" });
    opens(this.more, (close) => this.form(close));
    this.node.append(this.now, this.more);
  }

  focus() {
    (this.now.disabled ? this.more : this.now).focus();
  }

  /** Stand behind the cell of a row's step. */
  async at(row, step) {
    const same = this.row === row && this.step === step;
    Object.assign(this, { row, step });
    if (row.cells[step].nextSibling !== this.node) row.cells[step].after(this.node);
    if (same && this.offered) return;
    this.offered = null;
    const { block, i } = await blockOf(this.stage, row, step);
    if (this.row !== row || this.step !== step) return;
    const width = block.listed_of + 1;
    this.offered = Array.from({ length: width }, (_, k) => block.tokens[i * width + k])
      .filter((__, k) => !Number.isNaN(block.raw[i * width + k]))
      .map((at) => ({ id: block.ids[at], text: block.vocabulary[at] }));
    this.draw();
  }

  // The second likeliest, or another that neither came nor has a branch already.
  draw() {
    const { row, step, offered, now } = this;
    const there = [row, ...row.children].map((each) => each.tokens[step]?.id);
    const [likeliest, second, ...rest] = offered;
    this.token = [second, likeliest, ...rest].find((each) => each && !there.includes(each.id));
    now.disabled = !this.token;
    now.textContent = this.token ? `⑂ ${listed(this.token.text)}` : "⑂";
    const why = "Every token that was kept of this step is written already, here or in a branch.";
    now.title = this.token ? "Branch: go on with this token in its place" : why;
    mark(now, { "aria-label": this.token ? `Branch here with ${listed(this.token.text)}` : why });
  }

  ask(what) {
    const { row, step } = this;
    this.stage.reports.ask({ do: "branch", content: row.content, row: row.at, step: step - row.offset, ...what });
  }

  form(close) {
    const { row, step, offered, samplers } = this;
    const last = step === row.tokens.length - 1;
    const chosen = { after: last, token: `${this.token?.id ?? ANEW}`, plan: "", steps: null, places: 3 };
    const box = element("div", "form");
    const go = button("Branch", () => (close(), this.ask(asked())), "primary");
    const why = element("small", "hint");
    const asked = () => {
      const plan = chosen.plan ? samplers.draft.samplers[chosen.plan].chain : null;
      const token = chosen.after || chosen.token === ANEW ? null : Number(chosen.token);
      // Beyond its end a row's own luck is new; before it, it would write the same text again.
      const fresh = token === null && !plan && !(chosen.after && last);
      return { token, plan, fresh, step: step - row.offset + (chosen.after ? 1 : 0), steps: chosen.steps };
    };
    const set = (name) => (value) => {
      chosen[name] = value;
      const sole = valueAt(row, "kept", step) === 1;
      go.disabled = asked().fresh && !chosen.after && sole;
      why.textContent = go.disabled ? "Nothing would differ: the sampler kept one token here and would draw it again." : "";
    };
    const list = (label, options, name) => {
      const field = element("div", "control");
      field.append(label, select(label, options, chosen[name], set(name)));
      return field;
    };
    const tokens = offered.map(({ id, text }, i) => [`${id}`, `${i + 1} ${listed(text)}`]);
    const plans = samplers.draft.samplers.map(({ chain }, i) => [`${i}`, nameOf(chain, samplers.infos)]);
    const after = set("after");
    box.append(
      control({ name: "where", label: "Go on", kind: "choice", choices: [IN, AFTER] }, last ? AFTER : IN, (value) => after(value === AFTER)),
      list("With the token", [...tokens, [ANEW, "drawn anew, other luck"]], "token"),
      list("By the sampler", [["", "the same sampler"], ...plans], "plan"),
      control({ name: "steps", label: "Steps", kind: "whole", low: 1, high: 1024, empty: true, help: "Left open: as many as the run has left." }, null, set("steps")),
      why, go,
      control({ name: "places", label: "Most unsure places", kind: "whole", low: 1, high: 10, help: UNSURE }, 3, set("places")),
      button("Branch at the most unsure places", () => (close(), this.ask({ places: chosen.places }))),
    );
    after(last);
    return box;
  }
}
