// The texts of a prompt as rows: those of its run, and every branch under the row that it left.

import { factor, share } from "../numbers.js";
import { fetchParcel } from "../parcels.js";

const known = new WeakMap(); // stage → { key, rows }

/** @returns {Promise<Object[]>} rows in the order of the screen; ``index`` is what state.row holds */
export function rowsOf(stage, { content, branches = [] }) {
  const contents = [content, ...branches];
  const key = contents.join();
  if (known.get(stage)?.key !== key) known.set(stage, { key, rows: load(stage, contents) });
  return known.get(stage).rows;
}

async function load(stage, contents) {
  const parts = await Promise.all(contents.map((each) => fetchParcel(stage.dataUrl(each, "samplers"))));
  const root = made(parts[0], contents[0], 0);
  const later = [];
  for (let i = 1; i < parts.length; i++) later.push(...made(parts[i], contents[i], root.length + later.length, parts[0].prefix.length));
  const all = [...root, ...later];
  for (const row of later) join(row, all);
  return ordered([...root, ...later.filter((row) => !row.parent)], all);
}

/** Rows of one run; ``skipped`` tokens of its prefix belong to the prompt of the first run. */
function made(part, content, index, skipped = part.prefix.length) {
  const seeds = part.seeds.length;
  const whole = new Map(part.pieces.map(([row, step, text, piece]) => [`${row}/${step}`, { text, piece }]));
  const special = new Set(part.special);
  const shared = part.prefix.slice(skipped).map((text, i) => ({ text, id: part.prefix_ids[skipped + i] }));
  return Array.from({ length: part.labels.length * seeds }, (_, at) => {
    const sampler = Math.floor(at / seeds);
    const own = Array.from({ length: part.lengths[at] }, (__, i) => {
      const each = part.tokens[at * part.steps + i];
      const piece = whole.get(`${at}/${i}`);
      return { text: piece?.text ?? part.vocabulary[each], id: part.ids[each], piece: piece?.piece, special: special.has(each) };
    });
    return {
      index: index + at, content, part, at, sampler, seed: at % seeds, label: part.labels[sampler], plan: part.samplers[sampler],
      offset: shared.length, tokens: [...shared, ...own], children: [], depth: 0, ending: part.endings[sampler][at % seeds],
    };
  });
}

/** Hang a branch under the row that it left. */
function join(row, all) {
  const { origin } = row.part;
  const left = (each) => each.part.key === origin?.run && each.sampler === origin.sampler && each.seed === origin.seed;
  row.parent = all.find((each) => each !== row && left(each) && each.offset + origin.step <= row.offset);
  if (!row.parent) return;
  row.leaves = row.parent.offset + origin.step;
  row.parent.children.push(row);
  row.number = row.parent.number ? `${row.parent.number}.${row.parent.children.length}` : `${row.parent.children.length}`;
}

function ordered(rows, all, depth = 0) {
  return rows.flatMap((row) => {
    row.depth = depth;
    row.root = depth ? row.parent.root : row;
    return [row, ...ordered(row.children, all, depth + 1)];
  });
}

/** The row to which the token at a step belongs: in what a branch shares, the one that it left. */
export function home(row, step) {
  while (row.parent && step < row.offset) row = row.parent;
  return row;
}

/** A number at a step of the whole text; NaN for a token that a reader put there. */
export function valueAt(row, name, step) {
  const i = step - row.offset;
  if (i >= 0) return row.part[name][row.at * row.part.steps + i];
  return row.parent && step < row.leaves ? valueAt(row.parent, name, step) : NaN;
}

/** The first step at which a row goes another way than ``other``; undefined for never. */
export function departure(row, other) {
  const at = row.tokens.findIndex((token, step) => token.id !== other.tokens[step]?.id);
  return at < 0 || row === other ? undefined : at;
}

/** What the panel of one step draws a row's step from, with its neighbours. */
export async function blockOf(stage, row, step, size = 32) {
  const at = step - row.offset;
  const from = Math.floor(at / size) * size;
  const block = await fetchParcel(stage.dataUrl(row.content, "step", { row: row.at, from }));
  return { block, i: at - from };
}

/** A small curve over the whole width, as SVG; its own row names it, so one colour is enough. */
export function curve(values, quantity, [low, high], unit, reach = values.length) {
  const times = factor(quantity, unit);
  const points = values.map((value) => share(value * times, quantity, [low, high]));
  let path = "";
  points.forEach((each, i) => {
    if (!Number.isNaN(each)) path += `${path && !Number.isNaN(points[i - 1]) ? "L" : "M"}${i} ${(1 - each).toFixed(3)}`;
  });
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ viewBox: `-0.5 -0.06 ${Math.max(1, reach)} 1.12`, preserveAspectRatio: "none", "aria-hidden": "true", class: "curve" })) picture.setAttribute(name, value);
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
}

/** Where it becomes interesting: the first fork of rows, else the step where the model was most unsure. */
export function firstFork(rows) {
  const own = rows.filter(({ tokens }) => tokens.length);
  const forks = own.map((row) => [row, departure(row, own[0])]).filter(([, at]) => at !== undefined);
  forks.sort(([, one], [, other]) => one - other);
  return forks[0] ?? largestOf(rows, "entropy");
}

/** The row and step where a number is the largest, and the number. */
export function largestOf(rows, name) {
  let best = [rows[0], 0, -Infinity];
  for (const row of rows) {
    for (let step = row.offset; step < row.tokens.length; step++) {
      const value = valueAt(row, name, step);
      if (value > best[2]) best = [row, step, value];
    }
  }
  return best;
}
