// A training: one of its numbers as a chart with a slider through its records, or, as notes, what is
// left open, what was expected and found, and what a model wrote.

import { button, element, mark } from "../dom.js";
import { control, select } from "../form.js";
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
    this.legend = element("div", "training-head"); // stands beside the title
    this.limits = element("div", "training-limits");
    this.legend.append(this.chooser, this.limits);
    this.shows.push("limits");
    // One slider is enough for all pictures: they share the record.
    if (panel.options.slider) this.legend.append(this.slider, this.place);
  }

  async fetch() {
    const { content } = this.run;
    this.about = await fetchParcel(this.stage.dataUrl(content, this.panel.name));
    this.#controls();
    // Only lines over steps have a place for the record.
    this.options.cursor = this.number.axes.length || this.number.final ? null : "step";
    this.options.signals = Object.fromEntries(this.number.limits.map(({ name, value }) => [name, value]));
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
    if (changed.has("limits") && this.about && !this.limits.matches(":focus-within")) {
      delete this.limits.dataset.of; // moved by the address
      this.#limits();
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
    this.slider.hidden = this.place.hidden = steps.length < 2;
    this.place.textContent = `step ${steps[this.at]}`;
    this.#limits();
  }

  // Limits that the number follows from: a slider each, which colours the picture anew at once.
  #limits() {
    const { limits, name } = this.number;
    if (this.limits.dataset.of !== name) this.limits.replaceChildren(...limits.map((each) => this.#limit(each)));
    this.limits.dataset.of = name;
    this.limits.hidden = !limits.length;
  }

  #limit({ name, label, help, low, high, step, value }) {
    const row = mark(element("label", "training-limit"), { title: help });
    const slider = mark(element("input"), { type: "range", min: low, max: high, step });
    const said = element("output");
    const show = () => (said.textContent = Number(slider.value).toFixed(2));
    slider.value = this.state.limits?.[name] ?? value;
    slider.addEventListener("input", () => {
      show();
      this.stage.set({ limits: { ...this.state.limits, [name]: Number(slider.value) } });
    });
    show();
    row.append(element("span", "", label), slider, said);
    return row;
  }
}

class Notes extends View {
  constructor(stage, panel) {
    super(stage, panel, "training-notes", []);
  }

  fetch() {
    return fetchParcel(this.stage.dataUrl(this.run.content, this.panel.name));
  }

  /** While work is under way, what starts it stops it. */
  work(underWay) {
    this.runs = underWay;
    if (this.start) this.#name();
  }

  draw() {
    // What is chosen in the form stays while the same run is shown again.
    if (this.drawn === this.run.content) return;
    this.drawn = this.run.content;
    const { story, figures, gone, texts } = this.part;
    this.changed = false;
    const claims = element("ul", "training-claims");
    for (const { claim, found, holds } of figures) {
      const item = element("li", holds ? "holds" : "fails");
      const digits = Number.isInteger(found) ? 0 : 3;
      item.append(
        mark(element("span", "", holds ? "✓" : "✗"), { role: "img", "aria-label": holds ? "As expected" : "Not as expected" }),
        element("span", "", claim),
        element("b", "", withUnit(found ?? NaN, { digits, unit: "", power: 0 }, "nats")),
      );
      claims.append(item);
    }
    const form = this.#form();
    const parts = [this.#top(), element("p", "", story), claims, form];
    for (const words of gone) parts.push(element("p", "quiet", words));
    for (const [name, written] of Object.entries(texts)) {
      const section = element("section");
      section.append(element("h3", "", `Written ${name}`), ...written.map((each) => element("blockquote", "training-written", each)));
      parts.push(section);
    }
    this.node.replaceChildren(...parts.filter((each) => each.childNodes.length));
  }

  // Which recorded run is shown, and what trains here and now.
  #top() {
    const { reports, jobs, data, reading, lens } = this.stage;
    const top = element("div", "training-top");
    if (data.examples.length > 1) {
      const options = data.examples.map((each) => [each.name, each.title]);
      const shown = reading.address.example ?? `training_${this.part.experiment}`;
      top.append(select("Experiment", options, shown, (example) => reports.ask({ do: "open", example }), "training-experiment"));
    }
    this.start = button("", () => {
      if (this.runs) jobs.stop();
      else reports.ask({ do: "run", kind: lens.kind, fields: this.request() });
    }, "primary");
    this.start.title = "Trains here, now, with the choices below";
    this.#name();
    top.append(this.start);
    return top;
  }

  // The same choices go on where they were stopped.
  #name() {
    const begin = this.part.finished || this.changed ? "Start" : "Resume";
    this.start.textContent = this.runs ? "Stop" : begin;
  }

  #change() {
    this.changed = true;
    this.#name();
  }

  request() {
    return { experiment: this.part.experiment, seeds: this.seeds, choices: Object.entries(this.given) };
  }

  #form() {
    const { seeds, choices } = this.part;
    this.given = Object.fromEntries(choices.map((each) => [each.name, each.value]));
    this.seeds = seeds;
    const form = element("div", "form training-form");
    const add = (about, value, change) => form.append(control(about, value, (given) => (change(given), this.#change())));
    for (const each of choices) {
      const whole = Number.isInteger(each.default) && Number.isInteger(each.low);
      const kind = each.options.length ? "choice" : whole ? "whole" : "number";
      add({ ...each, kind, choices: each.options }, each.value, (value) => (this.given[each.name] = value));
    }
    const about = { name: "seeds", label: "Seeds", help: "One network of every variant for each.", kind: "line" };
    add(about, seeds.join(" "), (text) => (this.seeds = text.split(/[\s,]+/).filter(Boolean).map(Number)));
    return form;
  }
}

/** The view of a panel: ``options.mode`` says which. */
export default function Training(stage, panel) {
  return panel.options.mode === "notes" ? new Notes(stage, panel) : new Learning(stage, panel);
}
