// What heads do: one card a kind, with the clearest head of this text and a button that shows it.

import { button, element } from "../dom.js";
import { View } from "./view.js";

export default class Kinds extends View {
  constructor(stage, panel) {
    super(stage, panel, "kinds", []);
  }

  fetch() {
    return this.stage.part("heads");
  }

  draw() {
    this.node.replaceChildren(...this.options.kinds.map((kind) => this.card(kind)));
  }

  card({ kind, title, text, number, share_of: of }) {
    const card = element("article", "kind");
    card.append(element("h3", "", title), element("p", "", text));
    const head = this.part.typical[kind];
    if (!head) {
      card.append(element("p", "quiet", "This text has no place where such a head could show."));
      return card;
    }
    const [layer, place] = head;
    const at = (this.part.kinds.indexOf(kind) * this.part.layers + layer) * this.part.heads + place;
    const share = `${Math.round(100 * this.part.kind_scores[at])} % ${of}`;
    card.append(button(`Show L${layer}.H${place}`, () => this.stage.set({ head, colour: number })), element("span", "quiet", share));
    return card;
  }
}
