// The measures of the answers as aligned bars, and the pairs of texts that count as one meaning.

import { element, mark } from "../dom.js";
import { factor, range, share, withUnit } from "../numbers.js";
import { percent } from "../words.js";
import { chosen, named } from "./answers_state.js";
import { View } from "./view.js";

const HEADS = { meaning: "Of meanings", words: "Of words", spread: "How far apart, without groups", judgement: "By a judge", coverage: "What was not seen" };

class Shared extends View {
  constructor(stage, panel, className) {
    super(stage, panel, className, ["unit", "theme"]);
    mark(this.node, { tabindex: 0, role: "region", "aria-label": panel.title });
  }

  get parameters() {
    return chosen(this.state, this.run);
  }
}

export class AnswerMeasures extends Shared {
  constructor(stage, panel) {
    super(stage, panel, "answers-measures");
  }

  draw() {
    const table = element("table");
    const head = table.createTHead().insertRow();
    for (const name of ["Measure", "", "Value", "Needs", "Costs more"]) head.append(mark(element("th", "", name), { scope: "col" }));
    let before;
    for (const row of this.part.measures) {
      if (row.of !== before) table.append(this.#heading((before = row.of)));
      table.append(this.#row(row));
    }
    this.node.replaceChildren(table);
  }

  #heading(of) {
    const row = element("tr", "answers-of");
    row.append(mark(element("th", "", HEADS[of]), { colspan: 5, scope: "rowgroup" }));
    return row;
  }

  #row({ value, quantity, needs, cost, note }) {
    const row = element("tr");
    const own = value ?? NaN;
    const name = mark(element("th", "", quantity.label), { scope: "row", title: quantity.help });
    const place = element("td", "answers-place");
    if (value === null) place.append(element("span", "quiet", quantity.missing));
    else place.append(track(own, quantity));
    const number = element("td", "answers-value");
    number.append(withUnit(own, quantity, this.state.unit));
    const needed = element("td", "answers-needs");
    needed.append(...needs.map((each) => element("span", "answers-need", each)));
    const costs = element("td", "quiet", cost === "nothing" ? "–" : cost);
    if (note) place.append(element("small", "answers-warning", note));
    row.append(name, place, number, needed, costs);
    return row;
  }
}

// Where a value lies between the ends of its number; one that goes below 0 starts from there.
function track(value, quantity) {
  const ends = range(quantity, "nats");
  const times = factor(quantity, "nats");
  const zero = ends[0] < 0 && ends[1] > 0 ? share(0, { scale: "linear" }, ends) : 0;
  const at = share(value * times, { ...quantity, scale: quantity.scale === "diverging" ? "linear" : quantity.scale }, ends);
  const node = mark(element("span", "answers-measure"), { "aria-hidden": true });
  const bar = element("i", value < 0 && zero ? "below" : "");
  bar.style.left = `${100 * Math.min(at, zero)}%`;
  bar.style.width = `${Math.max(0.5, 100 * Math.abs(at - zero))}%`;
  node.append(bar);
  return node;
}

export class AnswerPairs extends Shared {
  constructor(stage, panel) {
    super(stage, panel, "answers-pairs");
  }

  draw() {
    const { pairs, rule, by_hand: byHand } = this.part;
    const both = rule === "judged" || rule === "entails";
    const score = ({ there, back }) => (both ? `${percent(100 * there)} → · ← ${percent(100 * back)}` : rule.startsWith("cosine") ? there.toFixed(2) : there ? "equal" : "");
    const list = (title, rows) => {
      const box = element("section");
      box.append(element("h3", "", `${title} (${rows.length})`));
      const lines = element("ul");
      lines.append(...rows.map((each) => {
        const line = element("li");
        line.append(mark(element("span", "", named(each.one)), { dir: "auto" }), element("i", "", each.joined ? "=" : "≠"), mark(element("span", "", named(each.other)), { dir: "auto" }), element("small", "quiet", score(each)));
        return line;
      }));
      box.append(rows.length ? lines : element("p", "quiet", "None: every meaning has one text."));
      return box;
    };
    const [joined, apart] = [true, false].map((each) => pairs.filter(({ joined: own }) => own === each));
    const parts = [list(byHand ? "Joined by hand or rule" : "Joined", joined)];
    if (apart.length) parts.push(list("Nearest that stayed apart", apart));
    this.node.replaceChildren(...parts);
  }
}
