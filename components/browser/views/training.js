// A training: one of its numbers as a chart with a slider through its records, or, as notes, what is
// left open, what was expected and found, and what a model wrote.

import { button, element, mark } from "../dom.js";
import { control } from "../form.js";
import { clamp, withUnit } from "../numbers.js";
import { fetchParcel } from "../parcels.js";
import Chart from "./chart.js";
import { View } from "./view.js";

class Learning extends Chart {
  constructor(stage, panel) {
    super(stage, { ...panel, options: { ...panel.options } });
    this.chooser = mark(element("select", "training-number"), { "aria-label": `Number of ${panel.title}` });
    this.chooser.addEventListener("change", () => this.#choose(this.chooser.value));
    this.slider = mark(element("input", "training-step"), { "aria-label": "Record", type: "range", min: 0, step: 1 });
    this.slider.addEventListener("input", () => this.stage.set({ step: Number(this.slider.value) }));
    this.place = element("output", "training-place");
    const foot = element("div", "training-foot");
    foot.append(this.chooser, this.slider, this.place);
    this.node.append(foot);
  }

  async fetch() {
    const { content } = this.run;
    this.about = await fetchParcel(this.stage.dataUrl(content, this.panel.name));
    this.#controls();
    // Only lines over steps have a place for the record.
    this.options.cursor = this.number.axes.length || this.number.final ? null : "step";
    const parameters = { ...this.parameters, unit: this.state.unit };
    try {
      const url = this.stage.dataUrl(content, `${this.panel.name}.vl.json`, parameters);
      const [answer] = await Promise.all([fetch(url), window.vegaEmbed ?? import("../vega.js")]);
      return answer.ok ? answer.json() : { message: await answer.text() };
    } catch (error) {
      return { message: error.message };
    }
  }

  partial({ content }) {
    return this.show({ ...this.run, content });
  }

  get number() {
    const chosen = this.state.choices?.[this.panel.name]?.number;
    const { measured, first } = this.about;
    return measured.find((each) => each.name === chosen) ?? measured.find((each) => each.name === first);
  }

  get at() {
    const last = this.about.steps.length - 1;
    return Math.min(this.state.step ?? last, last);
  }

  /** A record on or back, as in a lecture. */
  walk(by) {
    if (!this.about) return false;
    this.stage.set({ step: clamp(this.at + by, 0, this.about.steps.length - 1) });
    return true;
  }

  get placeInWords() {
    return this.about ? `record ${this.at + 1} of ${this.about.steps.length}` : "";
  }

  // Only what has places of its own is drawn anew for another record.
  get moving() {
    return this.number.axes.length > 0 && !this.number.final;
  }

  get parameters() {
    return this.moving ? { number: this.number.name, step: this.at } : { number: this.number.name };
  }

  update(changed) {
    if (changed.has("step") && this.about) {
      this.#controls();
      if (this.moving) return void this.show(this.run);
    }
    super.update(changed);
  }

  #choose(number) {
    const own = { ...this.state.choices?.[this.panel.name], number };
    this.stage.set({ choices: { ...this.state.choices, [this.panel.name]: own } });
  }

  #controls() {
    const { measured, steps } = this.about;
    this.chooser.replaceChildren(...measured.map((each) => {
      const option = element("option", "", each.axes.length ? `${each.label} by ${each.axes.join(", ")}` : each.label);
      option.value = each.name;
      return option;
    }));
    this.chooser.value = this.number.name;
    this.chooser.title = this.number.help;
    this.slider.max = steps.length - 1;
    this.slider.value = this.at;
    this.slider.hidden = this.place.hidden = this.number.final || steps.length < 2;
    this.place.textContent = `step ${steps[this.at]}`;
  }
}

class Notes extends View {
  constructor(stage, panel) {
    super(stage, panel, "training-notes", []);
  }

  fetch() {
    return fetchParcel(this.stage.dataUrl(this.run.content, this.panel.name));
  }

  draw() {
    const { title, story, figures, gone, texts } = this.part;
    const claims = element("ul", "training-claims");
    for (const each of figures) {
      const item = element("li", each.holds ? "holds" : "fails", `${each.holds ? "✓" : "✗"} ${each.claim} `);
      item.append(element("b", "", withUnit(each.found ?? NaN, { digits: 3, unit: "", power: 0 }, "nats")));
      claims.append(item);
    }
    const parts = [this.#examples(), element("h3", "", title), element("p", "", story), claims, this.#form()];
    for (const words of gone) parts.push(element("p", "quiet", words));
    for (const [name, written] of Object.entries(texts)) {
      parts.push(element("h4", "", `Written ${name}`), ...written.map((each) => element("blockquote", "", each)));
    }
    this.node.replaceChildren(...parts);
  }

  #examples() {
    const select = mark(element("select", "training-experiment"), { "aria-label": "Experiment" });
    for (const each of this.stage.data.examples) {
      const option = element("option", "", each.title);
      option.value = each.name;
      select.append(option);
    }
    select.value = this.stage.reading.address.example ?? `training_${this.part.experiment}`;
    select.addEventListener("change", () => this.stage.reports.ask({ do: "open", example: select.value }));
    return select;
  }

  #form() {
    const { experiment, seeds, choices } = this.part;
    const chosen = Object.fromEntries(choices.map((each) => [each.name, each.value]));
    let own = seeds;
    const form = element("div", "form training-form");
    for (const each of choices) {
      const whole = Number.isInteger(each.default) && Number.isInteger(each.low);
      const kind = each.options.length ? "choice" : whole ? "whole" : "number";
      form.append(control({ ...each, kind, choices: each.options }, each.value, (value) => (chosen[each.name] = value)));
    }
    const about = { name: "seeds", label: "Seeds", help: "One network of every variant for each.", kind: "line" };
    form.append(control(about, seeds.join(" "), (text) => (own = text.split(/[\s,]+/).filter(Boolean).map(Number))));
    const fields = () => ({ experiment, seeds: own, choices: Object.entries(chosen) });
    form.append(button("Start", () => this.stage.reports.ask({ do: "run", kind: "training", fields: fields() }), "primary"));
    return form;
  }
}

/** The view of a panel: ``options.mode`` says which. */
export default function Training(stage, panel) {
  return panel.options.mode === "notes" ? new Notes(stage, panel) : new Learning(stage, panel);
}
