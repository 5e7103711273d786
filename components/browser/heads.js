// What the grid of heads shows: which measure, over which tokens, and which heads are flagged.

import { button, element } from "./dom.js";
import { control } from "./form.js";
import { opens } from "./menu.js";

/** A button that opens the choices; looking at them changes nothing. */
export function headOptions(frame, panel) {
  const { options } = panel;
  const node = button("", undefined, "colours");
  const name = () => frame.state.measure ?? (frame.state.share ? "share" : "entropy");
  const write = () => {
    node.textContent = `${panel.numbers.find((each) => each.name === name())?.label ?? "Heads"} ▾`;
  };
  write();
  opens(node, () => {
    const { state, text } = frame;
    const box = element("div", "form");
    const add = (field, value, changed) => box.append(control({ choices: [], low: null, high: null, ...field }, value, changed));
    const pick = element("div", "menu");
    pick.setAttribute("role", "menu");
    for (const number of panel.numbers.filter((each) => options.measures.includes(each.name))) {
      const item = button(number.label, () => {
        frame.set({ measure: number.name === "entropy" ? null : number.name, share: false });
        pick.querySelectorAll("button").forEach((each) => each.setAttribute("aria-checked", each === item));
        write();
      }, "menu-item");
      item.title = number.help;
      item.setAttribute("role", "menuitemradio");
      item.setAttribute("aria-checked", number.name === name());
      pick.append(item);
    }
    box.append(element("div", "menu-heading", "Colour by the mean of"), pick);
    const toggle = (key, label) => add({ name: key, label, kind: "switch", help: options.words[HELP[key]] ?? "" }, state[key], (on) => frame.set({ [key]: on }));
    toggle("withoutFirst", "Without the first token");
    toggle("sorted", "Sort the heads of a layer");
    toggle("spread", "Colours span this text");
    toggle("marks", "Mark flagged heads");
    const last = (text?.tokens.length ?? 1) - 1;
    const [first, stop] = state.queries ?? [0, last + 1];
    const queries = [first, stop - 1];
    ["From token", "to token"].forEach((label, i) => {
      add({ name: `queries-${i}`, label, kind: "whole", low: 0, high: last, help: i ? options.words.positions : "" }, queries[i], (value) => {
        queries[i] = value ?? (i ? last : 0);
        const whole = queries[0] === 0 && queries[1] === last;
        if (queries[0] <= queries[1]) frame.set({ queries: whole ? null : [queries[0], queries[1] + 1] });
      });
    });
    const pinned = button("Only the pinned token", () => frame.set({ queries: [frame.state.token, frame.state.token + 1] }));
    box.append(pinned);
    const flags = (change) => frame.set({ flags: { ...frame.state.flags, ...change } });
    const scales = options.scales.map((each) => each.label);
    const scale = options.scales.find((each) => each.value === (state.flags.scale ?? options.scales[0].value));
    add({ name: "scale", label: "Counts as 1", kind: "choice", choices: scales, help: options.words.scale }, scale.label, (label) => flags({ scale: options.scales[scales.indexOf(label)].value }));
    for (const [key, label] of [["upper", "Overload from"], ["lower", "Collapse up to"]]) {
      const [low, high, step] = options[`${key}_range`];
      add({ name: key, label, kind: "number", low, high, step, help: options.words[key] }, state.flags[key] ?? options[key], (value) => value !== null && flags({ [key]: value }));
    }
    return box;
  });
  return node;
}

const HELP = { withoutFirst: "first", sorted: "order", spread: "span", marks: "flags" };
