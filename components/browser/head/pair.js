// The head line of two runs, and the choice of what to compare with: what is open, saved or shipped.

import { button, element } from "../dom.js";
import { menu, opens } from "../menu.js";
import { duration } from "../words.js";
import { examples } from "./menus.js";

/** A button that opens the choice of another run; ``ask`` makes the request of an entry. */
export function compareButton(frame, label, ask) {
  const made = button(label, undefined, "quiet compare");
  opens(made, (close) => {
    const box = element("div", "menu compare-choices");
    const fill = (choices) => {
      const known = choices?.kind === frame.lens.kind;
      box.replaceChildren(...(known ? choices.groups.flatMap((group) => entries(group, ask, close)) : [element("p", "hint", "Looking…")]));
      if (known) box.querySelector("button")?.focus();
    };
    fill(null);
    frame.choicesCame = fill;
    frame.reports.ask({ do: "choices", kind: frame.lens.kind });
    return box;
  });
  return made;
}

function entries({ heading, entries: own }, ask, close) {
  const nodes = own.map((each) => {
    if (each.choice === "") return element("p", "hint", each.label);
    const node = button("", () => { close(); ask(each); }, "menu-item");
    node.append(element("span", "", each.label), ...(each.note ? [element("small", "", each.note)] : []));
    return node;
  });
  return [element("div", "menu-heading", heading), ...nodes];
}

/** What an entry of the choice asks for, beside A. */
export const chosen = ({ choice, model }) => (model ? { model } : { b: choice });

/** The head line where two runs are compared: both with a choice, and buttons for the rest. */
export function pairLine(frame) {
  const { sides, exact } = frame.reading;
  const ask = (rest) => frame.reports.ask({ do: "compare", ...rest });
  const [a, b] = sides.map((side) => side.choice);
  const line = element("div", "pair-line");
  sides.forEach((side, i) => {
    const name = "AB"[i];
    const pick = compareButton(frame, `${name}: ${side.title || side.text.slice(0, 40)} ▾`, (each) => {
      if (each.model) ask({ a: i ? a : b, model: each.model });
      else ask(i ? { a, b: each.choice } : { a: each.choice, b });
    });
    pick.title = `${side.text}\n${side.model}`;
    pick.setAttribute("aria-label", `Run ${name}: ${side.title || side.text.slice(0, 40)}. Choose another`);
    line.append(pick);
    if (!i) line.append(button("Swap A and B", () => ask({ a: b, b: a }), "quiet", "compare"));
  });
  const opener = button("Pairs ▾", undefined, "quiet");
  menu(opener, () => examples(frame));
  const buttons = [opener];
  if (exact) {
    const time = exact.seconds ? ` · about ${duration(exact.seconds)}` : "";
    const compute = button(`Exact divergence${time}`, () => frame.reports.ask({ do: "exact" }), "quiet");
    compute.title = "Loads both models, and compares their predictions over the whole vocabulary.";
    buttons.push(compute);
  }
  if (sides.some((side) => !side.lasting)) {
    const save = button("Save both", () => frame.reports.ask({ do: "save_pair" }), "quiet");
    save.title = "Not saved yet: a link works only as long as this server remembers both runs.";
    buttons.push(save);
  }
  return { line, buttons };
}
