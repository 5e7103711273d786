// Lecture mode: chrome gone, large type, strong contrast, one step a key. L begins and ends it.

import { button, element, mark } from "../dom.js";
import { showCode } from "../qr.js";
import { Notes } from "./notes.js";
import { walk, where } from "./steps.js";

const STEPS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const REST = 2500; // milliseconds without a move until controls and light go
const LOW = 0.8; // of the height: below, the cursor looks for the controls
const TYPE = "150%";
const TYPING = "input:not([type=range],[type=checkbox],[type=radio],[type=button]),textarea,select,[contenteditable]";
const OWN_KEYS = "[role=slider],[type=range],[role=tab],[role=menu],[role=radiogroup]"; // these use arrows themselves

export class Lecture {
  constructor(frame) {
    this.frame = frame;
    this.notes = new Notes(this);
    this.opener = button("Lecture mode", () => this.toggle(), "quiet lecture-opener", "lecture");
    mark(this.opener, { "aria-keyshortcuts": "L", title: "Lecture mode (L)" });
    this.light = element("div", "laser");
    this.curtain = element("div", "curtain");
    this.curtain.hidden = true;
    this.place = element("span", "lecture-place");
    this.controls = mark(element("div", "lecture-controls"), { role: "toolbar", "aria-label": "Lecture" });
    const act = (label, title, does) => mark(button(label, does), { title, "aria-label": title });
    this.controls.append(
      act("‹", "Back (←, Page Up)", () => this.step(-1)),
      this.place,
      act("›", "On (→, Page Down)", () => this.step(1)),
      act("QR", "QR code of this view (Q)", () => this.code()),
      act("Notes", "Notes and timer in a second window (N)", () => this.notes.open()),
      act("Blank", "Blank screen (B)", () => this.blank()),
      act("Leave", "Leave lecture mode (L, Esc)", () => this.toggle(false)),
    );
    frame.root.append(this.controls, this.light, this.curtain);
    window.addEventListener("keydown", (event) => this.key(event), { capture: true });
    frame.root.addEventListener("pointermove", (event) => this.moved(event));
  }

  get on() {
    return this.frame.state.lecture;
  }

  toggle(on = !this.on) {
    this.frame.set({ lecture: on });
    if (on) this.show("steering");
  }

  /** Take up whether the state says so. */
  dress() {
    const { on, frame } = this;
    frame.root.classList.toggle("lecture", on);
    // All sizes are in rem: Streamlit's own parts grow along.
    if (on) document.documentElement.style.fontSize = TYPE;
    else document.documentElement.style.removeProperty("font-size");
    if (!on) this.blank(false);
  }

  /** Say where it is; the frame calls this whenever something changed. */
  draw() {
    const { frame } = this;
    this.place.textContent = where(frame);
    this.notes.draw();
  }

  // ── keys ───────────────────────────────────────────────────────────────────────────────────

  key(event) {
    const over = event.composedPath()[0];
    const busy = event.ctrlKey || event.metaKey || event.altKey || over.closest?.(`${TYPING},dialog,[popover]`);
    if (busy || !this.use(event.key, over)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // a lesson listens too: one key, one step
  }

  use(key, over) {
    const acts = { l: () => this.toggle() };
    if (this.on) {
      Object.assign(acts, { b: () => this.blank(), ".": () => this.blank(), q: () => this.code(), n: () => this.notes.open() });
      if (this.frame.classroom) acts.f = () => this.frame.classroom.chip.toggle();
      acts.escape = () => (this.curtain.hidden ? this.toggle(false) : this.blank(false));
      const arrow = key.startsWith("Arrow") && over.closest?.(OWN_KEYS);
      const walks = this.frame.lens && !arrow; // a page without a lens scrolls by these keys
      if (key in STEPS && walks) acts[key.toLowerCase()] = () => this.step(STEPS[key]);
    }
    const act = acts[key.toLowerCase()];
    act?.();
    return Boolean(act);
  }

  /** A step on or back; out of the dark, the screen comes back first. */
  step(by) {
    if (!this.curtain.hidden) return this.blank(false);
    walk(this.frame, by);
    this.draw();
    return undefined;
  }

  blank(on = this.curtain.hidden) {
    this.curtain.hidden = !on;
    if (on) this.frame.announce("The screen is blank");
  }

  // ── what the cursor does ───────────────────────────────────────────────────────────────────

  moved({ clientX, clientY, pointerType }) {
    if (!this.on || pointerType === "touch") return;
    this.light.style.transform = `translate(${clientX}px, ${clientY}px)`;
    this.show("moving", ...(clientY > LOW * window.innerHeight ? ["steering"] : []));
  }

  // The light follows the cursor; the controls come when it is low on the screen, and at first.
  show(...names) {
    const { classList } = this.frame.root;
    classList.add(...names);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => classList.remove("moving", "steering"), REST);
  }

  // ── the code ───────────────────────────────────────────────────────────────────────────────

  code() {
    const { root, address } = this.frame;
    showCode(root, address.base, this.frame.link(), { title: "QR code of this view", what: "this view", keys: ["q", ...Object.keys(STEPS)] });
  }
}
