// A teacher's lesson is edited where it is seen: words, question, order. It is saved by itself.

import { button, element, mark } from "../dom.js";
import { control, stopKeys } from "../form.js";
import { own, viewNow } from "./own.js";
import { same } from "../state.js";
import { count } from "../words.js";
import { nameOfToken } from "../views/guesses.js";

const REST = 400; // milliseconds without a key until it is saved
const FEW = 40; // words of a step; more are hard to take in beside a picture
const PARTS = ["inspector", "timeline", "side"];
const NO_QUESTION = { ask: "", answers: [], right: "", wrong: "" };

export class LessonEditor {
  constructor(lesson) {
    Object.assign(this, { lesson, open: false, unsaved: false });
    this.node = element("div", "lesson-editor");
    this.status = mark(element("span", "count"), { role: "status" });
    this.toggle = button("Edit this lesson", () => this.turn(), "quiet", "edit");
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.save({ keepalive: true }));
  }

  get frame() {
    return this.lesson.frame;
  }

  get step() {
    return this.lesson.step;
  }

  /** Whether a step is being edited. */
  holds(step) {
    return this.open && this.drawn === step;
  }

  turn() {
    this.open = !this.open;
    this.drawn = null;
    this.lesson.draw();
  }

  /** Another pin, head or cell is what may be the answer. */
  update(changed) {
    if (["token", "head", "row", "step"].some((name) => changed.has(name))) this.drawPlaces();
  }

  draw() {
    if (this.drawn === this.step) return this.drawPlaces();
    this.drawn = this.step;
    const { lesson, step } = this;
    const { whole, at } = lesson;
    const words = element("textarea", "field");
    Object.assign(words, { value: step.words, rows: 4, maxLength: 600, placeholder: "What is to be seen here?" });
    words.setAttribute("aria-label", "Words of this step");
    stopKeys(words);
    const counter = element("span", "count");
    const counted = () => (counter.textContent = `${count(words.value.split(/\s+/).filter(Boolean).length)} of about ${FEW} words`);
    words.addEventListener("input", () => {
      counted();
      this.set({ words: words.value });
    });
    counted();
    this.places = element("div", "lesson-places");
    const move = element("div", "lesson-row");
    const up = button("Move this step to the front", () => this.move(-1), "quiet", "back");
    const down = button("Move this step to the back", () => this.move(1), "quiet", "on");
    [up.disabled, down.disabled] = [at === 0, at === whole.steps.length - 1];
    move.append(up, down, button("Show it as it is now", () => this.retake()), button("Throw this step away", () => this.drop(), "quiet", "close"), this.status);
    this.node.replaceChildren(words, counter, this.question(), this.places, move, this.about());
    return this.drawPlaces();
  }

  question() {
    const { question } = this.step;
    const box = element("details", "lesson-question");
    box.open = question !== null;
    box.append(element("summary", "", "Question"));
    const line = (name, label, help) => control({ name: `question-${name}`, label, kind: "line", help }, question?.[name] ?? "", (value) => this.ask({ [name]: value }));
    box.append(line("ask", "What is asked", "Without it there is no question."), line("right", "Said when it is right", ""), line("wrong", "Said when it is wrong", ""));
    return box;
  }

  // Where the answer is, and what the eye is led to: taken from the picture, one click each.
  drawPlaces() {
    if (!this.places) return;
    const { question, highlight } = this.step;
    const rows = [];
    if (question?.ask) {
      const chips = question.answers.map((answer, i) => this.chip(this.named(answer), () => this.ask({ answers: question.answers.filter((_, k) => k !== i) })));
      const others = this.now().filter((answer) => !question.answers.some((each) => same(each, answer)));
      const adds = others.map((answer) => button(`＋ ${this.named(answer)}`, () => this.ask({ answers: [...question.answers, answer] })));
      rows.push(this.row("Answered by a click on", [...chips, ...adds]));
      if (this.frame.text) rows.push(this.row("Or by typed guesses", [button("cover the text from the pinned token on", () => this.cover())]));
    }
    const lit = highlight.map((place) => this.chip(place, () => this.set({ highlight: highlight.filter((each) => each !== place) })));
    const more = [this.pinned(), ...PARTS].filter((place) => place && !highlight.includes(place));
    rows.push(this.row("Leads the eye to", [...lit, ...more.map((place) => button(`＋ ${place}`, () => this.set({ highlight: [...highlight, place] })))]));
    this.places.replaceChildren(...rows);
  }

  row(label, parts) {
    const row = element("div", "lesson-row");
    row.append(element("span", "hint", label), ...parts);
    return row;
  }

  chip(label, drop) {
    const chip = button(`${label} ×`, drop, "chosen");
    chip.setAttribute("aria-label", `Take away ${label}`);
    return chip;
  }

  about() {
    const { whole } = this.lesson;
    const box = element("details", "lesson-question");
    box.append(element("summary", "", "Title and summary"));
    const field = (name, label, kind, more) => control({ name: `lesson-${name}`, label, kind, help: "", low: null, high: null, ...more }, whole[name], (value) => {
      whole[name] = value ?? 1;
      this.later();
    });
    box.append(field("title", "Title", "line"), field("minutes", "Minutes", "whole", { low: 1, high: 120 }), field("summary", "What it is about", "line"));
    return box;
  }

  // ── places of the picture ──────────────────────────────────────────────────────────────────

  now() {
    const { state, lens, text, figures } = this.frame;
    if (lens.subject === "prompt") return [{ row: state.row ?? 0, step: state.step ?? 0 }, { step: state.step ?? 0 }];
    const heads = figures.some((figure) => figure.panel.module === "heads");
    return [...(text && state.token !== null ? [{ token: state.token }] : []), ...(heads ? [{ head: state.head }] : [])];
  }

  named({ token, head, row, step, ...rest }) {
    const { text } = this.frame;
    const words = [];
    if (token !== undefined) words.push(text?.tokens[token] === undefined ? `token ${token}` : `${nameOfToken(text, token)} ${token}`);
    if (head !== undefined) words.push(`head L${head[0]}.H${head[1]}`);
    if (row !== undefined) words.push(`row ${row}`);
    if (step !== undefined) words.push(`step ${step}`);
    return [...words, ...Object.entries(rest).map((pair) => pair.join(" "))].join(", ");
  }

  pinned() {
    const { state, lens, text } = this.frame;
    if (lens.subject === "prompt") return state.step === null ? null : `r${state.row ?? 0}s${state.step}`;
    return text && state.token !== null ? `t${state.token}` : null;
  }

  // ── changes ────────────────────────────────────────────────────────────────────────────────

  set(change) {
    Object.assign(this.step, change);
    this.lesson.light();
    this.drawPlaces();
    this.later();
  }

  ask(change) {
    const question = { ...NO_QUESTION, ...this.step.question, ...change };
    this.set({ question: question.ask || question.answers.length ? question : null });
  }

  move(by) {
    const { whole, at } = this.lesson;
    whole.steps.splice(at + by, 0, ...whole.steps.splice(at, 1));
    this.drawn = null;
    this.later();
    this.lesson.stay(at + by);
  }

  drop() {
    const { whole, at } = this.lesson;
    const [step] = whole.steps.splice(at, 1);
    this.later();
    const undo = () => {
      whole.steps.splice(at, 0, step);
      this.later();
      this.lesson.go(at);
    };
    this.frame.notice({ kind: "info", text: "The step was thrown away.", undo });
    if (whole.steps.length) this.lesson.go(Math.min(at, whole.steps.length - 1));
    else this.lesson.leave();
  }

  /** The step shows the picture as it stands. */
  async retake() {
    const { step } = this;
    try {
      step.look = (await own(this.frame, `own/${this.lesson.whole.own}/look`, "POST", viewNow(this.frame))).look;
      this.later();
    } catch (error) {
      this.frame.notice({ kind: "error", text: error.message });
    }
  }

  async cover() {
    const { token } = this.frame.state;
    if (!token) return;
    this.frame.set({ cover: token, token: token - 1 });
    this.ask({ answers: [] });
    await this.retake();
  }

  // ── saving ─────────────────────────────────────────────────────────────────────────────────

  later() {
    this.unsaved = true;
    this.status.textContent = "…";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), REST);
  }

  /** Save now what is not saved yet. */
  async flush() {
    clearTimeout(this.timer);
    await this.saving;
    await this.save();
  }

  async save(more) {
    if (!this.unsaved || this.saving) return;
    this.unsaved = false;
    const { whole } = this.lesson;
    const { title, minutes, summary, steps, version } = whole;
    this.saving = own(this.frame, `own/${whole.own}`, "PUT", { lesson: { title, minutes, summary, steps }, version }, more);
    try {
      whole.version = (await this.saving).version;
      this.status.textContent = "Saved";
    } catch (error) {
      this.status.textContent = `Not saved: ${error.message}`;
    }
    this.saving = null;
    if (this.unsaved) this.later();
  }
}
