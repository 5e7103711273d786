// The question to the class, at the foot of every screen: students answer, the teacher watches.

import { button, element, mark } from "../dom.js";
import { stopKeys } from "../form.js";
import { withUnit } from "../numbers.js";
import { count, quoted } from "../words.js";
import { Histogram, optionBars, SURPRISAL, surprisalBars } from "./histogram.js";
import { Place } from "./place.js";

const MOST = 40; // characters of a word

export class Band {
  constructor(room) {
    this.room = room;
    this.node = mark(element("section", "band"), { "aria-label": "Question to the class" });
    this.node.hidden = true;
    this.folded = null; // id of a question that this reader folded away
    this.worded = false; // whether a teacher sees the words
    this.histogram = new Histogram();
    this.place = new Place(room);
    this.field = mark(element("input", "field"), { "aria-label": "Your answer to the class", placeholder: "Your guess…", autocomplete: "off", spellcheck: "false", maxlength: MOST });
    stopKeys(this.field);
    this.form = element("form", "band-answer");
    this.form.append(this.field, Object.assign(button("Answer", () => {}, "primary"), { type: "submit" }));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer({ word: this.field.value });
    });
  }

  get question() {
    return this.room.now.question;
  }

  /** Whether there is a question that this reader folded away. */
  get away() {
    return this.question !== null && this.folded === this.question.id;
  }

  /** A button that asks the server, once at a time. */
  action(label, what, said, className) {
    const made = button(label, async () => {
      made.disabled = true;
      await this.room.send(what, said);
      made.disabled = false;
    }, className);
    return made;
  }

  async answer(said) {
    if (!this.question || (said.word !== undefined && !said.word.trim())) return;
    if (await this.room.send("answer", { question: this.question.id, ...said })) {
      this.field.value = "";
      this.room.frame.announce("Answered. You may change it.");
    }
  }

  fold(on = true) {
    this.folded = on ? this.question.id : null;
    this.room.draw();
  }

  /** Something changed on screen. */
  changed(keys) {
    if (this.question?.kind === "place" && !this.node.hidden) this.place.changed(keys, this.question);
    if (keys.has("unit") || keys.has("page")) this.draw();
  }

  draw() {
    const { frame, now } = this.room;
    const { question } = this;
    this.node.hidden = question === null || this.away;
    frame.root.classList.toggle("banded", !this.node.hidden);
    if (this.node.hidden) {
      this.shown = null;
      return;
    }
    const wanted = JSON.stringify([question, now.teaches, this.worded, frame.state.unit, this.place.state(question)]);
    if (wanted === this.shown) return; // somebody may type here
    this.shown = wanted;
    this.node.classList.toggle("closed", !question.open);
    this.node.replaceChildren(this.asked(question), this.main(question), this.side(question));
  }

  asked({ ask, title, step, before, kind, open, right }) {
    const box = element("div", "band-ask");
    const over = element("p", "band-over", `${open ? "The class is asked" : "Closed"} · ${title}, step ${step + 1}`);
    box.append(over, element("p", "band-question", ask));
    if (kind === "word") {
      const text = mark(element("p", "band-before"), { dir: "auto" });
      text.append(element("span", "", before.replace(/\s+/g, " ").trimStart()), mark(element("i", "band-gap"), { "aria-label": "the gap" }));
      box.append(text);
    }
    if (!open && right) box.append(element("p", "band-right", right));
    return box;
  }

  main(question) {
    const { teaches } = this.room.now;
    const box = element("div", "band-main");
    if (!question.tally) {
      box.append(...(question.kind === "word" ? [this.form] : this.place.draw(question, (place) => this.answer({ place }))));
      if (question.mine) box.append(this.mine(question));
      return box;
    }
    if (!teaches && question.mine) box.append(this.mine(question));
    if (teaches && this.worded && question.words) box.append(this.words(question.words));
    else box.append(this.bars(question));
    return box;
  }

  mine({ mine, open, kind }) {
    const { unit } = this.room.frame.state;
    const line = mark(element("p", "band-mine"), { role: "status" });
    const label = kind === "word" ? quoted(mine.label) : mine.label;
    line.append("Your answer: ", mark(element("b", "", label), { dir: "auto" }));
    if (open) line.append(element("span", "hint", " · you may change it"));
    else if (kind === "word") {
      const worth = mine.nats ?? mine.least;
      if (worth !== null) line.append(` · ${mine.nats === null ? "over " : ""}${withUnit(worth, SURPRISAL, unit)} of surprise`);
    } else line.append(mine.right ? " · ✓ right" : " · not this one");
    return line;
  }

  bars(question) {
    const { unit } = this.room.frame.state;
    const word = question.kind === "word";
    const bars = word ? surprisalBars(question.tally, unit, question) : optionBars(question.tally, question);
    const box = element("div", "band-bars");
    this.histogram.draw(bars, word ? "axis" : "lines", word ? `Answers by surprisal in ${unit}.` : "Answers by place.");
    box.append(this.histogram.node);
    if (word) box.append(element("p", "hint", `Surprisal in ${unit}`));
    else if (!bars.length) box.append(element("p", "hint", "Nobody has answered yet."));
    return box;
  }

  words(words) {
    const list = element("ul", "band-words");
    for (const [word, number] of words) {
      const line = element("li");
      line.append(mark(element("span", "", quoted(word)), { dir: "auto" }), element("b", "", count(number)));
      list.append(line);
    }
    if (!words.length) list.append(element("li", "hint", "Nobody has answered yet."));
    return list;
  }

  side(question) {
    const { now } = this.room;
    const box = element("div", "band-side");
    const fold = button(question.open ? "Fold away" : "Done", () => this.fold(), "quiet", "close");
    if (!now.teaches) {
      box.append(fold);
      return box;
    }
    this.number = mark(element("p", "band-count"), { role: "status" });
    this.number.append(element("b", "", count(question.tally.count)), ` ${question.tally.count === 1 ? "answer" : "answers"}`);
    const acts = question.open
      ? [this.action("Close and show", "close", {}, "primary")]
      : [this.action("Done", "away", {}, "primary"), this.action("Open again", "reopen", {})];
    if (question.words) {
      const toggle = button("Words", () => this.toggleWords());
      toggle.setAttribute("aria-pressed", this.worded);
      acts.push(toggle);
    }
    box.append(this.number, ...acts);
    return box;
  }

  toggleWords() {
    this.worded = !this.worded;
    this.draw();
  }
}
