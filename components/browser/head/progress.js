// Work under way: one line over the head line, with a Stop. Nothing moves for it.

import { button, element } from "../dom.js";
import { duration } from "../words.js";

export class Progress {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "progress");
  }

  /** Show how far the work is, or nothing with null. */
  show(state) {
    if (!state) {
      this.node.remove();
      return;
    }
    if (!this.node.isConnected) {
      this.fill = element("i");
      this.words = element("span", "progress-words");
      this.node.replaceChildren(this.fill, this.words, button("Stop", () => this.frame.jobs.stop(), "stop"));
      this.node.setAttribute("role", "progressbar");
      this.node.setAttribute("aria-label", "Progress");
      (this.frame.page?.opening ? this.frame.opening.under : this.frame.head.node).append(this.node);
    }
    this.node.classList.toggle("unknown", state.share === null);
    this.fill.style.width = `${Math.round(100 * (state.share ?? 0))}%`;
    if (state.share !== null) this.node.setAttribute("aria-valuenow", Math.round(100 * state.share));
    const left = state.left ? ` · about ${duration(state.left)} left` : "";
    this.words.textContent = `${state.message}${left}`;
  }
}
