// The samplers as the reader sets them: the knob of a row, the form behind its ⋯, sets of samplers.

import { button, element, mark } from "../dom.js";
import { formula } from "../figure.js";
import { control, select, stopKeys } from "../form.js";
import { withUnit } from "../numbers.js";

let asked; // Promise of the catalogue; the same for all

/** @returns {Promise<Object[]>} what every sampler declares */
export function catalogue(stage) {
  asked ??= fetch(`${stage.address.base}sampling`).then((answer) => answer.json());
  return asked;
}

/** The samplers and seeds as they stand: as edited, else those of the run. ``of``: its sampler there. */
export function draftOf(stage, part, options) {
  if (stage.state.draft) return stage.state.draft;
  const chains = part?.samplers ?? options.presets[0].samplers;
  return { samplers: chains.map((chain, of) => ({ of: part ? of : null, chain })), seeds: part?.seeds ?? [0] };
}

/** Name of a chain in few words. */
export const nameOf = (chain, infos) => chain.map(({ name }) => infoOf(infos, name)?.label ?? name).join(" → ");

export const infoOf = (infos, name) => infos?.find((each) => each.name === name);

// Requests may write a parameter by another name, or leave it out.
function valueOf(spec, info, i) {
  const parameter = info.parameters[i];
  const names = [parameter.name, ...parameter.aliases, ...(i ? [] : [spec.name])];
  return spec.parameters[names.find((each) => each in spec.parameters)] ?? parameter.default;
}

function withValue(spec, info, i, value) {
  const given = info.parameters.map((each, j) => [each.name, j === i ? value : valueOf(spec, info, j)]);
  return { name: spec.name, parameters: Object.fromEntries(given) };
}

const written = (parameter, value, unit) =>
  parameter.options.length ? value : withUnit(value * parameter.times, parameter.quantity, unit);

/** A slider with its value; steps of a wide range are ratios. */
function slider(spec, info, i, unit, changed) {
  const parameter = info.parameters[i];
  const value = valueOf(spec, info, i);
  const [low, high] = [Math.min(parameter.low, value), Math.max(parameter.high, value)];
  const ratio = low > 0 && high / low > 100; // a count or a floor: every tenth of the way is as much
  const place = (each) => (ratio ? Math.log(each / low) / Math.log(high / low) : each);
  const input = element("input", "knob");
  Object.assign(input, { type: "range", min: ratio ? 0 : low, max: ratio ? 1 : high, step: ratio ? "any" : parameter.step });
  input.value = place(value);
  const shown = element("output", "", written(parameter, value, unit));
  mark(input, { "aria-label": `${info.label}: ${parameter.label}`, title: `${parameter.label}. ${parameter.help}` });
  const read = () => {
    if (!ratio) return Number(input.value);
    const found = low * (high / low) ** Number(input.value);
    return parameter.integer ? Math.round(found) : Number(found.toPrecision(2));
  };
  const tell = () => {
    shown.textContent = written(parameter, read(), unit);
    mark(input, { "aria-valuetext": shown.textContent });
  };
  tell();
  shown.textContent = written(parameter, value, unit);
  input.addEventListener("input", () => {
    tell();
    changed(withValue(spec, info, i, read()));
  });
  stopKeys(input);
  return [input, shown];
}

/** The one knob of a row: the first parameter of its first sampler; empty where that changes nothing. */
export function knob(chain, infos, unit, changed) {
  const info = infoOf(infos, chain[0].name);
  if (!info?.knob || !info.parameters.length || info.parameters[0].options.length) return [];
  return slider(chain[0], info, 0, unit, (spec) => changed([spec, ...chain.slice(1)]));
}

/** All parameters of a chain, what each sampler does, and what may follow it. */
export function samplerForm(start, infos, unit, most, changed) {
  const box = element("div", "form sampler-form");
  let chain = start;
  const put = (next, again = false) => {
    chain = next;
    changed(chain);
    if (again) draw();
  };
  function draw() {
    const then = chooser("Then apply…", infos, (name) => put([...chain, { name, parameters: {} }], true));
    box.replaceChildren(...chain.map(link), ...(chain.length && chain.length < most ? [then] : []));
  }
  function link(spec, at) {
    const part = element("section", "sampler-link");
    const info = infoOf(infos, spec.name);
    const head = element("div", "sampler-title");
    head.append(element("b", "", `${at ? "→ " : ""}${info?.label ?? spec.name}`), button(`Remove ${info?.label ?? spec.name}`, () => put(chain.filter((_, i) => i !== at), true), "quiet", "close"));
    part.append(head);
    if (!info) return part;
    const set = (next) => put(chain.map((each, i) => (i === at ? next : each)));
    info.parameters.forEach((parameter, i) => {
      if (parameter.options.length) {
        const field = { ...parameter, name: `${at}-${parameter.name}`, kind: "choice", choices: parameter.options };
        part.append(control(field, valueOf(spec, info, i), (value) => set(withValue(chain[at], info, i, value))));
        return;
      }
      const row = element("div", "sampler-row");
      row.append(element("span", "", parameter.label), ...slider(spec, info, i, unit, (next) => set(withValue(chain[at], info, i, next.parameters[parameter.name]))));
      part.append(row);
    });
    const about = element("details", "sampler-about");
    about.append(element("summary", "", "What it does"), element("p", "", info.explanation), formula(info.mathml), element("p", "source", info.source));
    part.append(about);
    return part;
  }
  draw();
  return box;
}

/** A list of all samplers that calls ``chosen`` with the name of one. */
export function chooser(label, infos, chosen) {
  return select(label, [["", label], ...infos.map((each) => [each.name, `${each.label} (${each.group})`])], "", (name) => name && chosen(name));
}
