// The front page: one question, one box, and the coloured text under it as one types.

import { button, element, mark } from "./dom.js";
import { afterRest, stopKeys } from "./form.js";
import { count } from "./words.js";

const SHORT = 60; // tokens; longer texts wait for Ctrl+Enter
const SHORT_UNCOUNTED = 240; // characters, while there is no model to count tokens
const REST = 700; // milliseconds without a key until a short text is read
const EARLY = 250; // the same until its tokens are counted
const QUESTIONS = 4;

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
    const soon = afterRest((text) => this.waits(text), (found) => this.rested(found), REST, EARLY);
    this.box.addEventListener("input", () => soon(this.box.value));
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.read(this.box.value);
    });
    const row = element("div", "opening-row");
    const see = mark(button("See", () => this.read(this.box.value), "primary"), { title: "Ctrl+Enter" });
    row.append(this.box, see);
    this.tries = element("div", "tries");
    this.under = element("div", "opening-under"); // progress takes the place of the questions
    this.under.append(this.tries);
    this.node.append(title, words, row, this.under);
    this.lessons = mark(element("nav", "opening-lessons"), { "aria-label": "Lessons" });
  }

  draw() {
    const { frame } = this;
    const { reading } = frame;
    const on = Boolean(frame.page.opening);
    this.node.hidden = this.lessons.hidden = !on;
    frame.root.classList.toggle("opens", on);
    if (!on) return;
    if (reading && reading.id !== this.shown && !this.box.matches(":focus")) this.box.value = reading.text;
    this.shown = reading?.id;
    this.tries.replaceChildren(
      element("span", "hint", "Try:"),
      ...frame.data.examples.slice(0, QUESTIONS).map((each) => mark(button(each.title, () => this.open(each), "quiet"), { title: each.note })),
    );
    this.listLessons();
  }

  async listLessons() {
    const { frame } = this;
    if (this.lessons.childElementCount) return;
    const answer = await fetch(`${frame.address.base}learn/lessons`);
    if (!answer.ok || this.lessons.childElementCount) return;
    const shipped = (await answer.json()).filter((each) => !each.own);
    this.lessons.append(
      element("h2", "", "Lessons"),
      ...shipped.map(({ name, title, minutes, summary, look }) => {
        const link = mark(element("a", "opening-lesson"), { title: summary });
        link.append(element("b", "", title), element("small", "", `${count(minutes)} min`));
        link.href = `${frame.address.base}${look}&lesson=${name}.1`;
        link.addEventListener("click", (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          frame.lesson.start(name);
        });
        return link;
      }),
    );
  }

  open(example) {
    this.asked = null;
    this.shown = null;
    this.frame.reports.ask({ do: "open", example: example.name });
  }

  // Whether a text is short enough to be read by itself.
  async waits(text) {
    if (new Blob([text]).size <= SHORT) return { text, short: true }; // a token has at least one byte
    const { tokens } = await this.frame.fields.countTokens(text);
    return { text, tokens, short: tokens ? tokens <= SHORT : text.length <= SHORT_UNCOUNTED };
  }

  rested({ text, tokens, short }) {
    if (short) return this.read(text);
    const size = tokens ? `${count(tokens)} tokens` : `${count(text.length)} characters`;
    this.tries.replaceChildren(element("span", "hint", `${size}: press Ctrl+Enter, or See, to read them.`));
    return undefined;
  }

  read(text) {
    if (!text.trim() || text === this.asked) return;
    this.asked = text;
    this.frame.reports.ask({ do: "run", kind: "text", fields: { text } });
  }
}
