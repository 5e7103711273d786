// An answer that is a click in the picture: first to where the picture is, then the place, then it is sent.

import { button, element, mark } from "../dom.js";
import { quoted } from "../words.js";

const SOURCES = ["example", "run"];

export class Place {
  constructor(room) {
    this.room = room;
    this.touched = false; // whether the reader did something in the picture
    this.chosen = null;
    for (const name of ["pointerdown", "keydown"]) room.frame.body.addEventListener(name, () => (this.touched = true), true);
  }

  /** What is drawn depends on this. */
  state(question) {
    if (question.kind !== "place") return null;
    if (this.id !== question.id) [this.id, this.chosen] = [question.id, null];
    return [this.here(question), this.chosen];
  }

  /** Whether the picture of the question is on screen. */
  here({ look }) {
    const { page, reading } = this.room.frame;
    const [path, query = ""] = look.split("?");
    const said = new URLSearchParams(query);
    return page?.path === path && SOURCES.every((name) => !said.has(name) || reading?.address[name] === said.get(name));
  }

  changed(keys, question) {
    const mine = question.keys.some((key) => keys.has(key));
    if (mine && this.touched && this.here(question)) {
      this.chosen = Object.fromEntries(question.keys.map((key) => [key, this.room.frame.state[key]]));
    }
    if (mine || keys.has("page")) this.room.band.draw();
  }

  /** @param question  @param {(place: object) => void} send */
  draw(question, send) {
    if (!this.here(question)) {
      const go = button("Go to the picture", () => this.go(question), "primary");
      return [go];
    }
    const row = element("div", "band-answer");
    if (this.chosen === null) return [element("p", "hint", question.mine ? "Click another place to change it." : "Click a place in the picture.")];
    row.append(mark(element("b", "band-place", this.words()), { dir: "auto" }), button("Answer", () => send(this.chosen), "primary"));
    return [row];
  }

  go({ look }) {
    const { room } = this;
    this.touched = false;
    room.left();
    room.frame.visit(look, { lesson: null });
  }

  words() {
    const { text } = this.room.frame;
    const { token, head, ...rest } = this.chosen;
    const said = [];
    if (token !== undefined) said.push(text ? `${quoted(text.tokens[token])} ${token}` : `token ${token}`);
    if (head) said.push(`L${head[0]}.H${head[1]}`);
    return [...said, ...Object.entries(rest).map(([name, value]) => `${name} ${value}`)].join(" · ");
  }
}
