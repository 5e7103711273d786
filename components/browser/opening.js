// The front page: one question, one box, and the coloured text under it as one types.

import { button, element } from "./dom.js";
import { afterRest, stopKeys } from "./form.js";

const SHORT = 300; // characters; longer texts wait for Ctrl+Enter
const REST = 700; // milliseconds without a key until a short text is read

export class Opening {
  constructor(frame) {
    this.frame = frame;
    this.node = element("section", "opening");
    const title = element("h1", "", "How sure is a language model of its next word?");
    const words = element("p", "hint", "Each word is coloured by how unsure the model was before it came. Point at one, or click it.");
    this.box = element("textarea", "field");
    this.box.rows = 2;
    this.box.placeholder = "Type or paste a text…";
    this.box.setAttribute("aria-label", "Your text");
    this.box.spellcheck = false;
    stopKeys(this.box);
    const soon = afterRest((text) => text, (text) => this.read(text), REST);
    this.box.addEventListener("input", () => this.box.value.length <= SHORT && soon(this.box.value));
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.read(this.box.value);
    });
    const row = element("div", "opening-row");
    row.append(this.box, button("See", () => this.read(this.box.value), "primary"));
    this.tries = element("div", "tries");
    this.node.append(title, words, row, this.tries);
  }

  draw() {
    const { frame } = this;
    this.node.hidden = !frame.page.opening;
    frame.root.classList.toggle("opens", Boolean(frame.page.opening));
    if (this.node.hidden) return;
    if (!this.box.matches(":focus") && frame.reading && this.box.value === "") this.box.value = frame.reading.text;
    this.tries.replaceChildren(
      element("span", "hint", "Try:"),
      ...frame.data.examples.slice(0, 4).map((each) =>
        button(each.title, () => {
          this.box.value = "";
          frame.reports.ask({ do: "open", example: each.name });
        }, "quiet"),
      ),
    );
  }

  read(text) {
    if (!text.trim() || text === this.asked) return;
    this.asked = text;
    this.frame.reports.ask({ do: "run", kind: "text", fields: { text } });
  }
}
