// Walks the cursor of the texts of samplers: a slider, single steps, play, and jumps.

import { button, element, mark } from "../dom.js";
import { menu } from "../menu.js";
import { clamp } from "../numbers.js";
import { count } from "../words.js";
import { firstFork, largestOf } from "./rows.js";

const PACE = 500; // milliseconds a step while playing

export class Player {
  /** @param texts the view of the texts, which has the cursor */
  constructor(texts) {
    this.texts = texts;
    this.node = element("div", "samplers-player");
    this.play = button("Play", () => this.toggle(), "quiet", "play");
    this.slider = mark(element("input"), { type: "range", min: 0, "aria-label": "Step" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.where = element("span", "hint");
    const jump = button("Jump to ▾", undefined, "quiet");
    menu(jump, () => [
      { label: "First fork", act: () => texts.pin(...firstFork(texts.shown)) },
      ...texts.options.jumps.map(({ label, of }) => ({ label, act: () => texts.pin(...largestOf(texts.shown, of)) })),
    ]);
    const step = (label, by, picture) => button(label, () => this.go(texts.step + by), "quiet", picture);
    this.node.append(step("One step back", -1, "back"), this.play, step("One step on", 1, "on"), this.slider, this.where, jump);
  }

  go(step) {
    const { stage, steps } = this.texts;
    stage.set({ step: clamp(step, 0, steps - 1) });
  }

  toggle(on = !this.playing) {
    const { texts } = this;
    const last = () => texts.step >= texts.steps - 1;
    clearInterval(this.playing);
    if (on && last()) this.go(0);
    this.playing = on && setInterval(() => (last() ? this.toggle(false) : this.go(texts.step + 1)), PACE);
    texts.node.classList.toggle("playing", on);
    mark(this.play, { "aria-label": on ? "Pause" : "Play", "aria-pressed": on });
  }

  /** Show where the cursor is. */
  draw() {
    const { step, steps } = this.texts;
    Object.assign(this.slider, { max: steps - 1, value: step });
    this.where.textContent = `step ${count(step)} of ${count(steps - 1)}`;
  }

  close() {
    clearInterval(this.playing);
  }
}
