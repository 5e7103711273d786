// A panel in its place: the view that draws it, its title, and one menu for everything about it.

import { button, element } from "./dom.js";
import { control } from "./form.js";
import { headOptions } from "./heads.js";
import { menu, openAt } from "./menu.js";

const WIDEST = 32; // tokens of a running mean
const LOOKS = { label: "Where it looks", plain: "what the pinned token takes from every other, by this head", help: "The weights of this head in the row of the pinned token." };

export class Figure {
  constructor(frame, panel, View) {
    this.frame = frame;
    this.panel = panel;
    this.View = View;
    this.node = element("figure", `figure of-${panel.module}`);
    this.node.setAttribute("aria-label", panel.title);
    this.box = element("div", "box");
    this.view = new View(frame, panel);
    this.box.append(this.view.node);
    if (panel.area === "inspector") this.node.append(this.box);
    else this.node.append(this.header(), this.box);
  }

  header() {
    const head = element("figcaption", "figure-head");
    if (this.panel.module === "strip") head.append(this.colours());
    else head.append(element("span", "figure-title", this.panel.title));
    if (this.panel.module === "heads") head.append(headOptions(this.frame, this.panel));
    for (const choice of this.panel.options.choices ?? []) head.append(this.choice(choice));
    if (this.view.legend) head.append(this.view.legend);
    const more = button("⋯", undefined, "quiet more");
    more.setAttribute("aria-label", `About ${this.panel.title}`);
    menu(more, () => this.items());
    head.append(more);
    return head;
  }

  // What a chart lets one choose, such as the number that it counts.
  choice({ parameter, label, values }) {
    const { frame, panel } = this;
    const named = (each) => each.label || (panel.numbers.find((number) => number.name === each.value)?.label ?? each.value);
    const chosen = () => frame.state.choices[panel.name]?.[parameter] ?? values[0].value;
    const node = button("", undefined, "colours");
    const write = () => {
      node.textContent = `${named(values.find((each) => each.value === chosen()) ?? values[0])} ▾`;
    };
    write();
    this.chosen = [...(this.chosen ?? []), write];
    menu(node, () => [
      { heading: label },
      ...values.map((each) => ({
        label: named(each),
        checked: each.value === chosen(),
        act: () => {
          const own = { ...frame.state.choices[panel.name], [parameter]: each.value };
          frame.set({ choices: { ...frame.state.choices, [panel.name]: own } });
        },
      })),
    ]);
    return node;
  }

  // Which number colours the text, a value for what, and over which range.
  colours() {
    const { frame, panel } = this;
    const choice = button("", undefined, "colours");
    this.label = () => {
      const number = panel.numbers.find((each) => each.name === frame.state.colour) ?? (panel.options.links ? LOOKS : panel.numbers[0]);
      choice.textContent = `${number?.label ?? "Colour"} ▾`;
      choice.title = number?.help ?? "";
    };
    this.label();
    menu(choice, () => [
      { heading: "Colour by" },
      // The first one is what the text shows when nothing was chosen.
      ...(panel.options.links ? [LOOKS, ...panel.numbers] : panel.numbers).map((number, i) => ({
        label: number.label,
        note: number.plain,
        checked: frame.state.colour ? number.name === frame.state.colour : i === 0,
        act: () => frame.set({ colour: i ? number.name : null }),
      })),
      { heading: "One value for" },
      ...["token", "word", "sentence"].map((level) => ({
        label: `each ${level}`,
        checked: frame.state.level === level,
        act: () => frame.set({ level }),
      })),
      { heading: "Colours" },
      { label: "fixed range, the same for every text", checked: !frame.state.spread, act: () => frame.set({ spread: false }) },
      { label: "span this text", checked: frame.state.spread, act: () => frame.set({ spread: true }) },
      ...(panel.numbers.some((number) => number.window_of) ? [{ heading: "Mean over" }, { content: this.windowWidth() }] : []),
      { heading: "Go to" },
      { label: "the token with the highest value", act: () => this.view.jump(1) },
      { label: "the one with the lowest", act: () => this.view.jump(-1) },
      { heading: "Tokens" },
      { label: "as running text", checked: !frame.state.raw, act: () => frame.set({ raw: false }) },
      { label: "raw, one by one with their ids", checked: frame.state.raw, act: () => frame.set({ raw: true }) },
    ]);
    return choice;
  }

  // How many tokens a running mean is taken over.
  windowWidth() {
    const { frame } = this;
    const field = { name: "window", label: "tokens", kind: "whole", low: 1, high: WIDEST, help: "", choices: [] };
    return control(field, frame.state.window, (width) => width && frame.set({ window: width }));
  }

  items() {
    const { frame, panel, run } = this;
    const items = [{ heading: panel.title }];
    items.push({ label: "How to read it, formula, source", act: () => this.explain() });
    if (run && panel.picture) {
      const parameters = { ...this.view.parameters, unit: frame.state.unit };
      const to = (label, ending, more) => ({
        label,
        href: frame.dataUrl(run.content, `${panel.name}.${ending}`, { ...parameters, ...more }),
        download: `${panel.name}.${ending}`,
      });
      const { theme } = frame.state;
      items.push(to("Data as CSV", "csv"), to("Data as JSON", "json"), to("Picture as SVG", "svg", { theme }), to("Picture as PNG", "png", { theme }));
    }
    if (panel.options.window) items.push({ heading: "Mean over" }, { content: this.windowWidth() });
    items.push({ label: "Full screen", act: () => this.node.requestFullscreen() });
    return items;
  }

  explain() {
    openAt(this.node.querySelector(".more"), () => this.words());
  }

  words() {
    const box = element("div", "about");
    box.append(element("h2", "", this.panel.title));
    if (this.panel.read) box.append(element("p", "", this.panel.read));
    if (this.panel.about) box.append(element("p", "", this.panel.about));
    if (this.panel.mathml) box.append(formula(this.panel.mathml));
    if (this.panel.source) box.append(element("p", "source", this.panel.source));
    for (const number of this.panel.numbers) {
      box.append(element("h3", "", number.symbol ? `${number.label} ${number.symbol}` : number.label));
      box.append(element("p", "", number.plain ? `${sentence(number.plain)}: ${number.help}` : number.help));
      if (number.mathml) box.append(formula(number.mathml));
      if (number.source) box.append(element("p", "source", number.source));
    }
    return box;
  }

  async show(run) {
    this.live = false;
    this.run = run;
    if (this.node.hidden) {
      this.asleep = true;
      return;
    }
    this.asleep = false;
    await this.view.show(this.run);
  }

  /** Show what a job has made so far. */
  partial(said) {
    if (!this.view.partial || this.node.hidden) return;
    this.live = true;
    this.node.parentElement?.classList.add("live");
    this.view.partial(said);
  }

  wake() {
    if (this.asleep && this.run) this.show(this.run);
  }

  update(changed) {
    if (changed.has("colour")) this.label?.();
    if (changed.has("choices")) this.chosen?.forEach((write) => write());
    if (!this.asleep && this.run) this.view.update(changed);
  }

  close() {
    this.view.close();
  }
}

function sentence(words) {
  return words[0].toUpperCase() + words.slice(1);
}

// Formulas come from the project's own declarations, as MathML that the server made.
export function formula(mathml) {
  const parsed = new DOMParser().parseFromString(mathml, "application/xml");
  const node = element("div", "formula");
  node.append(document.importNode(parsed.documentElement, true));
  return node;
}
