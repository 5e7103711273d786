// Fields of a request as controls: made from what the request declares, nothing else.

import { button, element } from "./dom.js";

const SLOW = 400; // milliseconds of rest before a text is counted

/**
 * One control.
 * @param {object} field as declared: {name, label, help, kind, choices, low, high, empty, lines}
 * @param {any} value at first
 * @param {(value: any) => void} changed
 */
export function control(field, value, changed) {
  const id = `field-${field.name}`;
  const row = element("div", `control ${field.kind}`);
  const label = element("label", "", field.label);
  label.htmlFor = id;
  const input = MAKERS[field.kind](field, value, changed);
  (input.matches("input,textarea") ? input : (input.querySelector("input") ?? input)).id = id;
  if (!input.matches("input,textarea")) input.setAttribute("aria-label", field.label);
  row.append(label, input);
  if (field.help) {
    const help = element("small", "hint", field.help);
    help.id = `${id}-help`;
    input.setAttribute("aria-describedby", help.id);
    row.append(help);
  }
  return row;
}

const MAKERS = {
  switch: (field, value, changed) => {
    const input = element("input");
    input.type = "checkbox";
    input.checked = value;
    input.addEventListener("change", () => changed(input.checked));
    return input;
  },
  choice: (field, value, changed) => {
    const group = element("div", "segments");
    group.setAttribute("role", "group");
    const choices = field.choices.map((choice) =>
      button(choice, () => {
        choices.forEach((each) => each.setAttribute("aria-pressed", each.textContent === choice));
        changed(choice);
      }),
    );
    choices.forEach((each) => each.setAttribute("aria-pressed", each.textContent === value));
    group.append(...choices);
    return group;
  },
  whole: (field, value, changed) => numeric(field, value, changed, 1),
  number: (field, value, changed) => numeric(field, value, changed, field.step ?? "any"),
  line: (field, value, changed) => typed(element("input", "field"), value ?? "", changed),
  text: (field, value, changed) => {
    const area = typed(element("textarea", "field"), value ?? "", changed);
    area.rows = field.lines;
    return area;
  },
  list: (field, value, changed) => {
    const area = typed(element("textarea", "field"), (value ?? []).join("\n"), (text) =>
      changed(text.split("\n").filter((line) => line !== "")),
    );
    area.rows = Math.max(2, field.lines);
    return area;
  },
};
MAKERS.models = MAKERS.list;

function numeric(field, value, changed, step) {
  const input = element("input", "field");
  input.type = "number";
  input.step = step;
  if (field.low !== null) input.min = field.low;
  if (field.high !== null) input.max = field.high;
  input.value = value ?? "";
  if (field.empty) input.placeholder = "open";
  stopKeys(input);
  input.addEventListener("input", () => {
    if (input.validity.valid) changed(input.value === "" ? null : Number(input.value));
  });
  return input;
}

function typed(input, value, changed) {
  input.value = value;
  input.spellcheck = false;
  stopKeys(input);
  input.addEventListener("input", () => changed(input.value));
  return input;
}

/** A list to choose one of; ``options`` are pairs of value and text. */
export function select(label, options, value, changed, className = "field") {
  const list = element("select", className);
  list.setAttribute("aria-label", label);
  list.append(...options.map(([each, text]) => new Option(text, each)));
  list.value = value;
  list.addEventListener("change", () => changed(list.value));
  return list;
}

/** Streamlit's own shortcuts (r, c) must not hear what is being typed. */
export function stopKeys(input) {
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) event.stopPropagation();
  });
}

/**
 * Call ``done`` with what ``ask(text)`` answers, once the reader rests; the last text wins.
 * What takes time to answer may be asked ``early``, so that it is known when the rest is over.
 * ``stop()`` gives up what is not answered yet.
 */
export function afterRest(ask, done, rest = SLOW, early = rest) {
  let timer;
  let turn = 0;
  const changed = (text) => {
    clearTimeout(timer);
    const mine = ++turn;
    timer = setTimeout(() => {
      const answer = ask(text);
      timer = setTimeout(async () => {
        const known = await answer;
        if (mine === turn) done(known);
      }, rest - early);
    }, early);
  };
  changed.stop = () => {
    clearTimeout(timer);
    turn++;
  };
  return changed;
}
