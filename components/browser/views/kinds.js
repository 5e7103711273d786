// Kinds of heads: what each does, and a press to see its clearest head on this text.

import { button, element } from "../dom.js";
import { percent } from "../words.js";
import { View } from "./view.js";

export default class Kinds extends View {
  constructor(stage, panel) {
    super(stage, panel, "kinds-view", []);
    this.node.tabIndex = 0;
  }

  draw() {
    const { typical, kinds, kind_scores: scores, layers, heads } = this.part;
    this.node.replaceChildren(...this.options.kinds.map(({ kind, title, text, role, number, share_of: of }) => {
      const card = element("section", "kind");
      card.append(element("h3", "pinned-title", title), element("p", "", text), element("p", "quiet", role));
      const found = typical[kind];
      if (!found) return card;
      const [layer, head] = found;
      const score = scores[(kinds.indexOf(kind) * layers + layer) * heads + head];
      const press = button(`Show L${layer}.H${head}`, () => this.stage.set({ head: found, colour: number }));
      card.append(press, element("span", "quiet", ` ${percent(100 * score)} ${of ?? ""}`));
      return card;
    }));
  }
}
