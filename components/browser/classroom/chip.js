// The class in the top bar: what a teacher carries and who is there; whether a student follows.

import { button, element, mark } from "../dom.js";
import { menu } from "../menu.js";
import { showCode } from "../qr.js";
import { count } from "../words.js";

export class Chip {
  constructor(room) {
    this.room = room;
    this.node = mark(element("div", "class-chip"), { role: "group", "aria-label": "The class" });
    this.follow = button("", () => this.toggle(), "follow-chip");
    this.asked = button("Question", () => room.band.fold(false), "asked-chip");
    this.class = button("", undefined, "quiet");
    menu(this.class, () => this.entries());
    this.node.append(this.asked, this.follow, this.class);
    // In a lecture the bar is away.
    this.large = mark(button("Follow me", () => this.toggle()), { title: "Carry your lens, text and pin to all (F)" });
    room.frame.lecture.controls.append(this.large);
    this.draw();
  }

  draw() {
    const { now, band, carrying, following } = this.room;
    this.asked.hidden = !band?.away;
    this.asked.classList.toggle("open", Boolean(now.question?.open));
    this.class.hidden = !now.teaches;
    this.class.textContent = `Class ${count(now.here ?? 0)} ▾`;
    this.class.title = `${count(now.here ?? 0)} ${now.here === 1 ? "student is" : "students are"} here`;
    const on = now.teaches ? carrying?.on : following?.on;
    this.follow.hidden = !now.teaches && !following?.offered;
    this.follow.setAttribute("aria-pressed", Boolean(on));
    this.large.hidden = !now.teaches;
    this.large.setAttribute("aria-pressed", Boolean(on));
    this.follow.textContent = now.teaches ? "Follow me" : on ? "Following" : "Follow";
    this.follow.title = now.teaches
      ? on ? "All see your lens, text and pin; press to let them go" : "Carry your lens, text and pin to all"
      : on ? "You see what the teacher sees; press to let go" : "Come back to what the teacher sees";
  }

  /** Begin or end to carry, or to follow; whether there was either to do. */
  toggle() {
    const { now, carrying, following } = this.room;
    if (now.teaches) carrying.toggle();
    else if (following.offered) following.toggle();
    return now.teaches || following.offered;
  }

  entries() {
    const { frame, now } = this.room;
    const { base } = frame.address;
    return [
      { heading: `${count(now.here ?? 0)} ${now.here === 1 ? "student" : "students"} here` },
      { label: "Show how to join", note: "QR code and address for the room", act: () => this.join() },
      { label: "Answers as CSV", note: "Every question and answer, without names", href: `${base}class/answers.csv`, download: "answers.csv" },
    ];
  }

  join() {
    const { frame } = this.room;
    showCode(frame.root, frame.address.base, frame.home, { title: "How to join", what: "the class", large: true });
  }
}
