// The page of lessons: what ships, to begin at any of them.

import { element } from "../dom.js";
import { count } from "../words.js";

export default class Lessons {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "page lessons");
  }

  async draw() {
    const { frame } = this;
    const answer = await fetch(`${frame.address.base}learn/lessons`);
    const lessons = await answer.json();
    const list = element("ol", "lesson-cards");
    list.append(...lessons.map((each) => this.card(each)));
    this.node.replaceChildren(
      element("h1", "", "Lessons"),
      element("p", "hint", "Each is a walk over real runs: read a few words, look, answer by a click in the picture. ← → step; you may leave at any place and go on with the text."),
      list,
    );
  }

  // A real link, so that it opens in a new tab too.
  card({ name, title, summary, minutes, steps, look }) {
    const { frame } = this;
    const card = element("li", "lesson-card");
    const link = element("a", "", title);
    link.href = `${frame.address.base}${look}&lesson=${name}.1`;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      frame.lesson.start(name);
    });
    const size = `${count(steps)} ${steps === 1 ? "step" : "steps"} · ${count(minutes)} min`;
    card.append(element("h2", "").appendChild(link).parentNode, element("p", "", summary), element("small", "hint", size));
    return card;
  }
}
