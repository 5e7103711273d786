// What stands above the texts of samplers: what colours them, further samplers, and Run with its estimate.

import { behindText } from "../colour.js";
import { button, element } from "../dom.js";
import { afterRest, control } from "../form.js";
import { menu } from "../menu.js";
import { factor } from "../numbers.js";
import { chooser } from "./knobs.js";
import { legend } from "./legend.js";

export class SamplersTools {
  /** @param texts the view of the texts: its panel, part, draft and what is shown of it */
  constructor(texts) {
    this.texts = texts;
    this.node = element("div", "samplers-tools");
    this.estimate = afterRest(() => texts.stage.fields?.estimate(), (words) => (this.time.textContent = words ? ` ${words}` : ""));
    this.view = button("", undefined, "colours");
    this.scale = element("span", "samplers-scale");
    this.add = button("＋ Sampler ▾");
    this.again = button("▶ Run", () => texts.stage.fields.run(), "run");
    this.again.append((this.time = element("small", "")));
    menu(this.view, () => this.views());
    menu(this.add, () => this.sets());
    this.node.append(this.view, this.scale, this.add, this.again);
  }

  // What the texts show.
  views() {
    const { panel, stage, state, part, quantity, reference } = this.texts;
    const choice = (label, note, checked, change) => ({ label, note, checked, act: () => stage.set(change) });
    const seeds = part.seeds.length > 1 ? [...part.seeds.map((seed, i) => [`seed ${seed}`, i]), ["all seeds", -1]] : [];
    return [
      { heading: "Colour by" },
      ...panel.numbers.map((each) => choice(each.label, each.plain, each === quantity, { colour: each.name })),
      { heading: "Colours" },
      choice("fixed range, the same for every prompt", "", !state.spread, { spread: false }),
      choice("span these texts", "", state.spread, { spread: true }),
      ...(seeds.length ? [{ heading: "Texts of" }, ...seeds.map(([label, seed]) => choice(label, "", seed === state.seed, { seed }))] : []),
      { heading: "Rows" },
      choice("in one line each, step by step", "", !state.wrapped, { wrapped: false }),
      choice("whole, in lines", "", state.wrapped, { wrapped: true }),
      { heading: "Mark ⑂ where a row departs from" },
      ...part.labels.map((label, i) => choice(label, "", i === reference, { reference: label })),
    ];
  }

  // What may be run beside them, or in their place.
  sets() {
    const { texts } = this;
    const { draft, options, infos } = texts;
    const { samplers, rows } = options.most;
    const chosen = (label, chains) => ({ ...label, act: () => texts.edit({ samplers: chains.map((chain) => ({ of: null, chain })) }) });
    const list = chooser(draft.samplers.length < samplers ? "Choose a sampler…" : `${samplers} samplers at most`, infos, (name) => {
      texts.edit({ samplers: [...draft.samplers, { of: null, chain: [{ name, parameters: {} }] }] });
      list.closest("[popover]").hidePopover();
    });
    list.disabled = draft.samplers.length >= samplers;
    const help = `One text of every sampler for each; at most ${rows} texts.`;
    const seeds = control({ name: "seeds", label: "Seeds, with commas between", kind: "line", help }, draft.seeds.join(", "), (text) => {
      const found = text.split(",").map((each) => each.trim()).filter(Boolean);
      const useful = found.length && found.length * draft.samplers.length <= rows && found.every((each) => /^\d{1,15}$/.test(each));
      seeds.classList.toggle("wrong", !useful);
      if (useful) texts.edit({ seeds: [...new Set(found.map(Number))] });
    });
    return [
      { heading: "Add a sampler" }, { content: list },
      { heading: "Or take a set" }, ...options.presets.map(({ title, text, samplers: chains }) => chosen({ label: title, note: text }, chains)),
      ...(texts.state.draft ? [{ label: "↺ as they were run", act: () => texts.stage.set({ draft: null }) }] : []),
      { content: seeds },
    ];
  }

  /** Say which number colours, over which range, and whether there is something to run. */
  draw() {
    const { state, quantity, ends, shown } = this.texts;
    this.view.textContent = `${quantity.label} ▾`;
    const times = factor(quantity, state.unit) / factor(quantity, "nats");
    this.scale.replaceChildren(legend(quantity, state.unit, behindText(quantity, state.theme), ends.map((end) => end * times), { values: shown.flatMap((row) => row.values) }));
    this.again.classList.toggle("primary", Boolean(state.draft));
    this.estimate();
  }
}
