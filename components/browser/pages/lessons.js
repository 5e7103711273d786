// The page of lessons: what ships, and what teachers made here.

import { button, element, mark } from "../dom.js";
import { own } from "../lessons/own.js";
import { count } from "../words.js";

export default class Lessons {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "page lessons");
  }

  async draw() {
    const lessons = await own(this.frame, "lessons");
    const mine = lessons.filter((each) => each.own);
    this.node.replaceChildren(
      element("h1", "", "Lessons"),
      element("p", "hint", "Each is a walk over real runs: read a few words, look, answer by a click in the picture. ← → step; you may leave at any place and go on with the text."),
      this.cards(lessons.filter((each) => !each.own)),
      ...(this.frame.data.teaches ? this.mine(mine) : this.given(mine)),
    );
  }

  mine(lessons) {
    const none = "None yet. Open any text in any lens and choose ⋯ › Add this view to a lesson: it becomes a step, and you write the words beside it. It is saved by itself.";
    return [this.mineHead(), lessons.length ? this.cards(lessons) : element("p", "hint", none)];
  }

  // What a class reads of its teacher's.
  given(lessons) {
    return lessons.length ? [element("h1", "", "Your teacher's"), this.cards(lessons)] : [];
  }

  cards(lessons) {
    const list = element("ol", "lesson-cards");
    list.append(...lessons.map((each) => this.card(each)));
    return list;
  }

  mineHead() {
    const head = element("div", "lesson-row");
    const file = mark(element("input"), { type: "file", accept: ".lesson", "aria-label": "Lesson file", hidden: "" });
    file.addEventListener("change", () => file.files[0] && this.take(file));
    head.append(element("h1", "", "Your own"), element("span", "gap"), file, button("Open a lesson file…", () => file.click()));
    return head;
  }

  async take(file) {
    await this.try(() => own(this.frame, "own/file", "POST", file.files[0]));
    file.value = "";
  }

  // A real link, so that it opens in a new tab too.
  card({ name, title, summary, minutes, steps, look, ...rest }) {
    const { frame } = this;
    const card = element("li", "lesson-card");
    const link = element("a", "", title);
    link.href = look ? `${frame.address.base}${look}${look.includes("?") ? "&" : "?"}lesson=${name}.1` : "#";
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      frame.lesson.start(name);
    });
    const heading = element("h2");
    heading.append(link);
    const size = `${count(steps)} ${steps === 1 ? "step" : "steps"} · ${count(minutes)} min`;
    card.append(heading, element("p", "", summary), element("small", "hint", size));
    if (rest.own && frame.data.teaches) card.append(this.acts(name, title, rest.own));
    return card;
  }

  acts(name, title, id) {
    const { frame } = this;
    const row = element("div", "lesson-row");
    const link = mark(element("a", "button", "Export"), { href: `${frame.address.base}learn/own/${id}/file`, download: "", title: "One file, with the runs that it shows" });
    row.append(button("Edit", () => frame.lesson.start(name, 0, true)), link, button("Throw away", () => this.drop(title, id), "quiet"));
    return row;
  }

  async drop(title, id) {
    const thrown = await this.try(() => own(this.frame, `own/${id}`, "DELETE"));
    const undo = () => this.try(() => own(this.frame, `own/${id}/restore`, "POST"));
    if (thrown) this.note({ kind: "info", text: `“${title}” was thrown away.`, undo });
  }

  async try(act) {
    try {
      const made = await act();
      await this.draw();
      return made;
    } catch (error) {
      this.note({ kind: "error", text: error.message });
      return null;
    }
  }

  // The head line, where notes stand, is not on this page.
  note({ kind, text, undo }) {
    const node = mark(element("div", `notice ${kind}`), { role: "status" });
    node.append(element("span", "", text));
    if (undo) node.append(button("Undo", undo, "quiet"));
    this.node.prepend(node);
  }
}
