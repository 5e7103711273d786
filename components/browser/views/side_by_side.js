// Two answers beside each other: every claim coloured by how it stands to the nearest one of the other
// answer, which lights up where one points.

import { element, mark } from "../dom.js";
import { View } from "./view.js";

export default class SideBySide extends View {
  constructor(stage, panel) {
    super(stage, panel, "sides-view", ["theme"]);
    this.legend = element("p", "sides-legend");
    this.columns = element("div", "sides-columns");
    this.columns.addEventListener("pointerover", ({ target }) => this.#light(target.closest(".claim")));
    this.columns.addEventListener("pointerleave", () => this.#light(null));
    this.columns.addEventListener("focusin", ({ target }) => this.#light(target.closest(".claim")));
    this.node.append(this.legend, this.columns);
  }

  draw() {
    const { part } = this;
    if (this.drawn !== part) {
      this.drawn = part;
      const claims = part.sides.flatMap((side) => side.claims);
      this.legend.replaceChildren(...part.labels.map(({ name, means }, place) => {
        const count = claims.filter((claim) => claim.label === name).length;
        const node = element("span", `claim ${name}${count ? "" : " none"}`, `${place + 1} ${means}`);
        node.append(element("b", "", ` ${count}`));
        return node;
      }));
      this.columns.replaceChildren(...part.sides.map((side) => column(side, part.begun)));
    }
  }

  #light(claim) {
    const partner = claim?.dataset.partner;
    for (const node of this.columns.querySelectorAll(".claim")) {
      node.classList.toggle("lit", node === claim || node.dataset.row === partner);
    }
  }
}

function column({ answer, claims }, begun) {
  const node = mark(element("section"), { "aria-label": `Answer ${answer}`, tabindex: 0 });
  node.append(element("h3", "", `Answer ${answer}`));
  const text = element("p", "");
  text.dir = "auto";
  if (begun) text.append(element("span", "quiet", `… ${begun}`), " ");
  for (const each of claims) text.append(claim(each), " ");
  if (!claims.length) text.append(element("span", "quiet", "This answer says nothing."));
  node.append(text);
  return node;
}

function claim({ row, text, label, partner, marks }) {
  const node = mark(element("span", `claim ${label}`), { tabindex: 0, title: label });
  Object.assign(node.dataset, { row, partner });
  // Places count characters; a letter outside the first plane is one of them and two of JavaScript's.
  const letters = Array.from(text);
  let at = 0;
  for (const [start, end] of marks) {
    node.append(element("span", "", letters.slice(at, start).join("")), element("u", "", letters.slice(start, end).join("")));
    at = end;
  }
  node.append(element("span", "", letters.slice(at).join("")));
  return node;
}
