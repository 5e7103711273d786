// The lesson under way: its words beside the picture, a question that a click answers, steps by keys.

import { button, element, mark } from "../dom.js";
import { Guessing } from "./guessing.js";
import { LessonEditor } from "./editor.js";
import { same } from "../state.js";

const TYPED = "input, textarea, select";
const KEYS = { ArrowLeft: -1, ArrowRight: 1 };

export class Lesson {
  constructor(frame) {
    this.frame = frame;
    this.node = mark(element("aside", "lesson"), { "aria-label": "Lesson" });
    this.node.hidden = true;
    this.whole = null; // as the server has it
    this.guesses = new Guessing(frame, () => this.answer(true));
    this.editor = new LessonEditor(this);
    this.lights = new MutationObserver(() => this.light());
    this.lights.observe(frame.body, { childList: true, subtree: true });
    for (const name of ["pointerdown", "keydown"]) frame.body.addEventListener(name, (event) => this.touch(event), true);
    window.addEventListener("keydown", (event) => this.key(event), true);
    window.addEventListener("pointerdown", () => (this.byTab = false), true);
  }

  // ── where it is ────────────────────────────────────────────────────────────────────────────

  get open() {
    return this.frame.state.lesson !== null;
  }

  /** The place of the step on screen. */
  get at() {
    const last = (this.whole?.steps.length ?? 1) - 1;
    return Math.min(last, this.frame.state.lesson?.[1] ?? 0);
  }

  get step() {
    return this.open ? (this.whole?.steps[this.at] ?? null) : null;
  }

  /** Whether this reader may change it. */
  get mine() {
    return Boolean(this.whole?.own) && this.frame.data.teaches;
  }

  /** Begin a lesson, or go on with it at a step; one of a teacher may be edited. */
  async start(name, step = 0, edited = false) {
    await this.load(name);
    if (!this.whole) return;
    this.editor.open = edited && this.mine;
    if (this.whole.steps.length) this.go(step);
    else this.frame.notice({ kind: "info", text: "This lesson has no steps yet. In any view, ⋯ › Add this view to a lesson." });
  }

  go(step) {
    if (!this.whole?.steps[step]) return;
    this.begun();
    this.frame.visit(this.whole.steps[step].look, { lesson: [this.whole.name, step] });
  }

  next() {
    if (this.at + 1 < this.whole?.steps.length) this.go(this.at + 1);
  }

  previous() {
    if (this.at > 0) this.go(this.at - 1);
  }

  /** The step on screen is another one of the lesson now. */
  stay(step) {
    this.frame.set({ lesson: [this.whole.name, step] });
  }

  /** A lesson has become another one on the server. */
  changed(made) {
    if (this.whole?.name !== made.name) return;
    this.whole = made;
    this.draw();
  }

  /** Leave it; text, pin and all else stay as they are. */
  leave() {
    this.frame.set({ lesson: null, cover: null });
  }

  async load(name) {
    await this.editor.flush();
    const answer = await fetch(`${this.frame.address.base}learn/lessons/${name}`);
    this.whole = answer.ok ? await answer.json() : null;
    if (answer.ok) return;
    this.frame.notice({ kind: "info", text: await answer.text() });
    if (this.frame.state.lesson?.[0] === name) this.leave();
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────

  update(changed) {
    if (changed.has("lesson")) this.follow();
    const { question } = this.step ?? {};
    if (this.editor.open) this.editor.update(changed);
    const asked = this.editor.open ? [] : question?.answers.flatMap(Object.keys) ?? [];
    if (this.touched && !this.inClass && asked.some((name) => changed.has(name))) this.answer(this.right(question));
    if (changed.has("lesson") || changed.has("cover") || changed.has("unit")) this.draw();
  }

  // The address or Back may lead to another lesson, or to another step.
  async follow() {
    const [name] = this.frame.state.lesson ?? [];
    this.begun();
    if (!name || name === this.whole?.name) return;
    this.whole = null;
    await this.load(name);
    if (this.frame.page) this.draw();
    this.light();
  }

  begun() {
    this.said = null; // whether the question was answered: true, false, or not yet
    this.touched = false; // whether the reader did something in the picture since
    this.guesses.begin();
  }

  right({ answers }) {
    return answers.some((answer) => Object.entries(answer).every(([name, value]) => same(this.frame.state[name], value)));
  }

  answer(right) {
    if (this.said === true) return;
    this.said = right;
    this.draw();
    const { question } = this.step;
    this.frame.announce(right ? question.right : question.wrong);
  }

  touch({ target }) {
    if (!this.node.contains(target)) this.touched = true;
  }

  // Arrow keys step, unless the reader types, or walks over the picture by keys.
  key(event) {
    if (event.key === "Tab") this.byTab = true;
    const step = KEYS[event.key];
    if (!step || !this.step || this.frame.root.classList.contains("plain")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const [target] = event.composedPath();
    if (!(target instanceof Element) || target.matches(TYPED)) return;
    if (this.walks(target)) return;
    event.preventDefault();
    event.stopPropagation();
    if (step > 0) this.next();
    else this.previous();
  }

  // Who came to the picture by Tab walks it with the arrow keys; who clicked there does not.
  walks(target) {
    return this.byTab && target.closest(".area, [popover], [role=tablist]") !== null;
  }

  // ── drawing ────────────────────────────────────────────────────────────────────────────────

  draw() {
    const { frame, node, step } = this;
    const { body, state, lens } = frame;
    const shown = Boolean(step && lens);
    node.hidden = !shown;
    body.classList.toggle("taught", shown);
    frame.root.classList.toggle("covering", shown && state.cover !== null);
    frame.root.classList.toggle("revealed", this.said === true); // its bars may be seen
    if (!shown) return this.light();
    if (this.editor.holds(step) && node.contains(this.editor.node)) return this.light(); // somebody types there
    const { title, steps } = this.whole;
    const top = element("div", "lesson-top");
    const close = button("Leave the lesson with this text", () => this.leave(), "quiet", "close");
    top.append(element("span", "lesson-title", title), close);
    if (this.mine) close.before(this.editor.toggle);
    const words = element("p", "lesson-words", step.words);
    const told = this.editor.open ? [this.editor.node] : [words, ...this.asks(step.question)];
    if (this.editor.open) this.editor.draw();
    node.replaceChildren(top, this.progress(steps.length), ...told, this.foot(steps.length));
    return this.light();
  }

  progress(steps) {
    const dots = mark(element("ol", "lesson-progress"), { "aria-label": `Step ${this.at + 1} of ${steps}` });
    for (let i = 0; i < steps; i++) {
      const dot = mark(button("", () => this.go(i)), { "aria-label": `Step ${i + 1}`, "aria-current": i === this.at ? "step" : "false" });
      dots.appendChild(element("li", i <= this.at ? "done" : "")).append(dot);
    }
    return dots;
  }

  /** Whether the class is asked this now: then nobody is told what is right. */
  get inClass() {
    return Boolean(this.frame.classroom?.asks(this.whole?.name, this.at));
  }

  asks(question) {
    if (!question) return [];
    const ask = element("p", "lesson-ask", question.ask);
    if (this.inClass) return [ask, element("p", "hint", "The class is asked this now; answers go below.")];
    return [...this.asksOne(question, ask), ...(this.frame.classroom?.askButton(this.whole.name, this.at) ?? [])];
  }

  asksOne(question, ask) {
    const typed = !question.answers.length && this.frame.state.cover !== null ? [this.guesses.node] : [];
    if (this.said === null) return [ask, ...typed];
    const reply = element("p", `lesson-reply ${this.said ? "right" : "wrong"}`);
    reply.append(element("b", "", this.said ? "✓ " : "✗ "), this.said ? question.right : question.wrong);
    if (!this.said) reply.append(" ", button("Show me", () => this.show(question), "quiet"));
    return [ask, ...typed, reply];
  }

  show({ answers }) {
    this.frame.set(answers[0]);
    this.answer(true);
  }

  foot(steps) {
    const foot = element("div", "lesson-foot");
    const back = button("← Back", () => this.previous());
    back.disabled = this.at === 0;
    const last = this.at === steps - 1;
    const again = button("Show this step again", () => this.go(this.at), "quiet", "again");
    const on = button(last ? "All lessons" : "Next →", () => (last ? this.finish() : this.next()), "primary");
    foot.append(back, again, element("span", "gap"), element("span", "count", `${this.at + 1} of ${steps}`), on);
    return foot;
  }

  finish() {
    const { frame } = this;
    this.leave();
    frame.go(frame.bar.pages().find((page) => page.module === "lessons"));
  }

  /** Lead the eye to what the step is about; again whenever the picture is drawn anew. */
  light() {
    const { body } = this.frame;
    const wanted = new Set((this.node.hidden ? [] : this.step.highlight).flatMap((place) => [...body.querySelectorAll(selector(place))]));
    for (const node of body.querySelectorAll("[data-lit]")) if (!wanted.has(node)) node.removeAttribute("data-lit");
    for (const node of wanted) if (!node.hasAttribute("data-lit")) node.setAttribute("data-lit", "");
  }
}

const AREAS = new Set(["inspector", "timeline", "side", "stage"]);

// A token, a cell of samplers, a part of the frame, or a view.
function selector(place) {
  if (/\d/.test(place)) return `#${place}`;
  return AREAS.has(place) ? `.${place}-area` : `.figure.of-${place}`;
}
