// One text of a data set beside its table: the text itself, coloured once it was measured by itself.

import { shadeClass, textRamp } from "../colour.js";
import { button, element, mark } from "../dom.js";
import { factor, range, share, withUnit } from "../numbers.js";
import { count, duration, escaped, steady } from "../words.js";
import { facts } from "./expected.js";
import { View } from "./view.js";

const MOST_PIECES = 120; // tokens in the bar of a row

/** The strip of a text that was measured by itself: its tokens, and what each of them shows. */
function measured(stage, row) {
  const content = stage.reading?.rows?.[row];
  return content && Promise.all(["text", "strip"].map((name) => stage.partAt(content, name)));
}

const shadeOf = (value, quantity) => share(value * factor(quantity, "nats"), quantity, range(quantity, "nats"));

/** Draw the bar of a row into its cell: the tokens of a measured text, else from one number to another. */
export function bar({ stage, part }, cell, [low, high], row) {
  const line = element("i", "row-bar");
  cell.append(line);
  const { quantity } = part.columns.find((each) => each.name === low);
  const [from, to] = [part[low][row], part[high][row]].map((value) => shadeOf(value, quantity));
  if (!Number.isNaN(from)) Object.entries({ "--from": from, "--to": to }).forEach((each) => line.style.setProperty(...each));
  measured(stage, row)?.then(([, strip]) => {
    const number = strip.numbers[0];
    const shades = Array.from(strip[number.name].subarray(0, MOST_PIECES), (value) => (Number.isNaN(value) ? "transparent" : textRamp(stage.state.theme)[Math.round(255 * shadeOf(value, number))]));
    line.className = "row-strip";
    line.style.background = `linear-gradient(to right, ${shades.map((shade, i) => `${shade} ${(100 * i) / shades.length}% ${(100 * (i + 1)) / shades.length}%`).join(",")})`;
  });
  return cell;
}

export default class Row extends View {
  constructor(stage, panel) {
    super(stage, panel, "pinned row-text", ["unit", "theme"]);
    this.node.tabIndex = 0;
  }

  async fetch() {
    const part = await super.fetch();
    return { ...part, measured: await measured(this.stage, part.row) };
  }

  draw() {
    const { part, state, stage } = this;
    const head = element("h2", "pinned-head");
    head.append(element("span", "", `Text ${count(part.row + 1)}`), element("small", "", `of ${count(part.rows)} · ${count(part.tokens)} tokens`));
    const text = mark(element("p", "row-words"), { dir: "auto" });
    if (part.measured) text.append(...this.#tokens(...part.measured));
    else text.textContent = steady(part.text);
    const rows = part.numbers.map((quantity) => ({ label: quantity.label, value: withUnit(part[quantity.name][0], quantity, state.unit), help: quantity.help }));
    const acts = element("div", "row-acts");
    const ask = (rest) => ({ do: "row", row: part.row, ...rest });
    const time = stage.reading?.pace ? ` · about ${duration(stage.reading.pace * part.tokens)}` : "";
    if (!part.measured) acts.append(button(`Measure this text${time}`, () => stage.reports.ask(ask()), "primary"));
    acts.append(button("Open in Tokens", () => stage.go(stage.bar.pages().find((page) => page.kind === "text" && !page.opening && !page.view), ask({ open: true }))));
    this.node.replaceChildren(head, text, ...(part.problem ? [element("p", "row-problem", part.problem)] : [acts]), facts(rows, "pinned-figures"));
  }

  // Every token on the shade of its number; what cannot be seen is written out.
  #tokens(text, strip) {
    const number = strip.numbers[0];
    return text.tokens.map((token, i) => {
      const value = strip[number.name][i];
      const node = element("span", Number.isNaN(value) ? "none" : shadeClass(shadeOf(value, number), number), escaped(token).replaceAll("\\n", "↵"));
      node.title = `${number.label} ${withUnit(value, number, this.state.unit)}`;
      return node;
    });
  }
}
