// The texts as one tree: a common beginning stands once, a fork is a step at which texts part.

import { button, element } from "../dom.js";
import { count, escaped } from "../words.js";
import { rowsOf } from "./rows.js";

const LONGEST = 42; // characters of a stretch without a fork

export default class Tree {
  constructor(stage) {
    this.stage = stage;
    this.node = element("div", "tree-view");
  }

  async show(run) {
    this.run = run;
    const rows = await rowsOf(this.stage, run);
    if (this.run !== run) return;
    this.rows = rows;
    this.draw();
  }

  update(changed) {
    if (this.rows && changed.has("seed")) this.draw();
    else if (this.rows && (changed.has("row") || changed.has("step"))) this.mark();
  }

  close() {}

  draw() {
    const { seed } = this.stage.state;
    const shown = this.rows.filter((row) => row.tokens.length && (seed < 0 || row.root.seed === seed || row.root.part.seeds.length === 1));
    if (!shown.length) return this.node.replaceChildren(element("p", "quiet", "No step was decoded: it was stopped before the first one."));
    this.stretches = [];
    const orphan = shown.some((row) => row.part.origin && !row.parent);
    const start = element("span", "tree-prompt", `… ${escaped(shown[0].part.prompt.split(" ").slice(-2).join(" "))}`);
    const box = element("div", "tree-node");
    box.append(start, this.forks(shown, 0));
    this.node.replaceChildren(box, ...(orphan ? [element("p", "quiet", "The run that a branch left is not here any longer, so the tree begins with the branch.")] : []));
    return this.mark();
  }

  forks(rows, depth) {
    const groups = new Map();
    for (const row of rows) {
      const id = row.tokens[depth]?.id ?? -1;
      groups.set(id, [...(groups.get(id) ?? []), row]);
    }
    const list = element("div", "tree-forks");
    list.append(...[...groups].map(([id, own]) => (id < 0 ? this.leaf(own) : this.stretch(own, depth))));
    return list;
  }

  stretch(rows, depth) {
    let end = depth;
    while (rows.every((row) => row.tokens.length > end && row.tokens[end].id === rows[0].tokens[end].id)) end += 1;
    const text = rows[0].tokens.slice(depth, end).map((token) => (token.piece && !token.piece.startsWith("1/") ? "" : token.text)).join("");
    const shown = Array.from(escaped(text));
    const words = shown.length > LONGEST ? `${shown.slice(0, LONGEST / 2).join("")} … ${shown.slice(-LONGEST / 2).join("")}` : shown.join("");
    const node = element("div", "tree-node");
    const name = button("", () => this.stage.set({ row: rows[0].index, step: depth }), "tree-stretch");
    name.append(element("small", "", count(depth)), ` ${words}`);
    name.title = text;
    this.stretches.push({ name, rows, depth, end });
    node.append(name, this.forks(rows, end));
    return node;
  }

  leaf(rows) {
    const names = rows.map((row) => (row.number ? `${row.number} · ${row.label}` : row.part.seeds.length > 1 && this.stage.state.seed < 0 ? `${row.label}, seed ${row.part.seeds[row.seed]}` : row.label));
    return element("b", "tree-leaf", `${rows.some((row) => row.part.origin) ? "◆" : "●"} ${names.join(", ")}`);
  }

  // Where the cursor stands.
  mark() {
    const { row, step } = this.stage.state;
    for (const { name, rows, depth, end } of this.stretches ?? []) {
      name.classList.toggle("here", step >= depth && step < end && rows.some((each) => each.index === row));
    }
  }
}
