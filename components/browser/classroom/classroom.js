// A class, as every screen of it has it: the question that is open, and what the teacher carries.

import { Band } from "./band.js";
import { Carrying } from "./carrying.js";
import { Channel } from "./channel.js";
import { Chip } from "./chip.js";
import { Following } from "./following.js";

/**
 * What the server tells of the class.
 * @typedef {object} Told
 * @property {boolean} teaches
 * @property {number} [here]  students who listen; for the teacher
 * @property {?Question} question
 * @property {?{look: string}} follow
 *
 * @typedef {object} Question
 * @property {string} id
 * @property {string} lesson
 * @property {string} title
 * @property {number} step
 * @property {string} ask
 * @property {"word"|"place"} kind
 * @property {string} look
 * @property {string} before  the text before the gap
 * @property {string[]} keys  what of the state is the answer
 * @property {boolean} open
 * @property {?{label: string, right?: boolean, nats?: ?number, least?: ?number}} mine
 * @property {string} [right]  what is said once it is closed
 * @property {object} [tally]  see backend/classroom/tally.py
 * @property {Array<[string, number, ?number]>} [words]
 */

export class Classroom {
  /** @param frame */
  constructor(frame) {
    this.frame = frame;
    /** @type {Told} */
    this.now = { teaches: false, question: null, follow: null };
    this.band = new Band(this);
    this.chip = new Chip(this);
    this.carrying = new Carrying(this);
    this.following = new Following(this);
    frame.root.append(this.band.node);
    frame.lecture.opener.before(this.chip.node);
    this.channel = new Channel(`${frame.address.base}class/events`, (told) => this.told(told));
  }

  /** @param {Told} told */
  told(told) {
    this.before = this.now;
    this.now = told;
    const asked = told.question?.open && told.question.id !== this.before.question?.id;
    if (asked && !told.teaches) this.frame.announce(`The class is asked: ${told.question.ask}`);
    this.carrying.told();
    this.following.told();
    this.draw();
    this.frame.lesson.draw();
  }

  draw() {
    this.band.draw();
    this.chip.draw();
  }

  /** Something changed on this screen: state keys, or the whole page. */
  changed(keys = new Set()) {
    this.carrying.later();
    if (keys.has("page")) this.following.come();
    this.band.changed(keys);
  }

  /** The reader goes somewhere by hand. */
  left() {
    this.following.left();
  }

  /** Whether the question of a step is open to the class: then its answers are not told here. */
  asks(lesson, step) {
    const { question } = this.now;
    return Boolean(question?.open) && question.lesson === lesson && question.step === step;
  }

  /** What a teacher sees below a question of a lesson. */
  askButton(lesson, step) {
    if (!this.now.teaches || this.asks(lesson, step)) return [];
    return [this.band.action("Ask the class", "ask", { lesson, step }, "primary ask-class")];
  }

  /** Ask the server for something; one line says what was wrong. */
  async send(what, said = {}) {
    try {
      const answer = await fetch(`${this.frame.address.base}class/${what}`, { method: "POST", headers: { "X-Entroscope": "1" }, body: JSON.stringify(said) });
      if (answer.ok) return true;
      this.frame.notice({ kind: "error", text: await answer.text() });
    } catch {
      this.frame.notice({ kind: "error", text: "The server does not answer. Try it again in a moment." });
    }
    return false;
  }
}
