// The speaker's second window: time, what to say here and next, and notes of one's own.

import { button, element, mark } from "../dom.js";
import { walk, where, words } from "./steps.js";

const KEPT = "entroscope-notes"; // in this browser: place → notes
const STYLE = `
:root { color-scheme: dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1rem 1.25rem; display: flex; flex-direction: column; gap: 0.75rem; height: 100dvh; box-sizing: border-box; background: #11151a; color: #eef1f4; }
header { display: flex; align-items: baseline; gap: 0.75rem; flex-wrap: wrap; font-variant-numeric: tabular-nums; }
.time { font-size: 2.5rem; font-weight: 700; }
.clock { margin-left: auto; }
h2 { margin: 0; font-size: 0.875rem; color: #aeb8c2; font-weight: 600; }
p { margin: 0; white-space: pre-wrap; }
.now { flex: 1; overflow: auto; font-size: 1.25rem; }
.next { max-height: 20%; overflow: auto; color: #c9d1d9; }
textarea { flex: 1; font: inherit; color: inherit; background: #1b222a; border: 1px solid #55616d; border-radius: 6px; padding: 0.5rem; resize: none; }
button { font: inherit; color: inherit; background: #232c36; border: 1px solid #55616d; border-radius: 6px; padding: 0.25rem 0.75rem; cursor: pointer; }
:focus-visible { outline: 2px solid #6cb8ff; }
`;

export class Notes {
  /** @param lecture whose keys work in the window too */
  constructor(lecture) {
    this.lecture = lecture;
    this.spent = 0; // milliseconds before the timer was last started
    this.since = null;
    window.addEventListener("pagehide", () => this.window?.close());
  }

  get frame() {
    return this.lecture.frame;
  }

  open() {
    if (this.window && !this.window.closed) return this.window.focus();
    this.window = window.open("", "entroscope-notes", "popup,width=720,height=720");
    if (!this.window) return this.frame.notice({ kind: "info", text: "The browser kept the window of notes from opening. Allow it for this page." });
    this.build(this.window.document);
    this.since ??= Date.now();
    this.timer = setInterval(() => this.tick(), 250);
    this.window.addEventListener("keydown", (event) => this.lecture.key(event));
    this.draw();
    return undefined;
  }

  build(page) {
    page.title = "Notes · Entroscope";
    page.documentElement.lang = "en";
    const [time, clock] = [element("span", "time"), element("span", "clock")];
    time.setAttribute("role", "timer");
    const run = button("Pause", () => this.toggle());
    const reset = button("From 0", () => this.reset());
    this.shown = null;
    this.place = element("span", "place");
    const top = element("header");
    top.append(time, run, reset, button("‹", () => this.step(-1)), this.place, button("›", () => this.step(1)), clock);
    this.now = element("p", "now");
    this.next = element("p", "next");
    this.coming = element("h2", "", "Next");
    this.own = mark(element("textarea"), { "aria-label": "Your own notes for this place", placeholder: "Your own notes for this place; kept in this browser" });
    this.own.addEventListener("input", () => keep(this.name, this.own.value));
    Object.assign(this, { time, clock, run });
    page.head.replaceChildren(element("style", "", STYLE));
    page.body.replaceChildren(top, element("h2", "", "Now"), this.now, this.coming, this.next, this.own);
  }

  // Notes belong to a step of a lesson, else to a page with its reading.
  get name() {
    const { lesson, page, reading } = this.frame;
    return lesson?.open ? `lesson ${lesson.whole?.name} ${lesson.at}` : `${page?.name} ${reading?.id ?? ""}`;
  }

  /** Take up what is on screen now. */
  draw() {
    if (!this.window || this.window.closed) return;
    const { now, next } = words(this.frame);
    this.now.textContent = now;
    this.next.textContent = next;
    this.coming.hidden = !next;
    this.place.textContent = where(this.frame);
    if (this.shown !== this.name) this.own.value = kept()[this.name] ?? "";
    this.shown = this.name;
  }

  step(by) {
    walk(this.frame, by);
    this.draw();
  }

  tick() {
    if (this.window.closed) return clearInterval(this.timer);
    const seconds = Math.floor((this.spent + (this.since === null ? 0 : Date.now() - this.since)) / 1000);
    this.time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    this.clock.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.draw();
    return undefined;
  }

  toggle() {
    if (this.since === null) this.since = Date.now();
    else [this.spent, this.since] = [this.spent + Date.now() - this.since, null];
    this.run.textContent = this.since === null ? "Go on" : "Pause";
  }

  reset() {
    [this.spent, this.since] = [0, this.since === null ? null : Date.now()];
  }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function keep(name, text) {
  const all = { ...kept(), [name]: text };
  if (!text) delete all[name];
  localStorage.setItem(KEPT, JSON.stringify(all));
}
