// Answers to one question as cards, one a meaning. Cards are joined and parted by hand; all panels of
// the lens show the same groups, which the server computes every number of.

import { shadeClass } from "../colour.js";
import { button, element, mark, onKeys } from "../dom.js";
import { menu } from "../menu.js";
import { factor, range, share, withUnit } from "../numbers.js";
import { count, escaped, percent, quoted } from "../words.js";
import { cardsOf, choose, chosen, named } from "./answers_state.js";
import { AnswerMeasures, AnswerPairs } from "./answers_tables.js";
import { AnswersTools } from "./answers_tools.js";
import { AnswerToken } from "./answers_token.js";
import { View } from "./view.js";

const WHY = { length: "cut", stopped: "still written" };

class AnswerCards extends View {
  constructor(stage, panel) {
    super(stage, panel, "answers-view", ["unit", "theme", "colour", "row", "step", "spread"]);
    this.tools = new AnswersTools(this);
    this.legend = this.tools.node; // stands beside the title
    this.question = element("p", "answers-asked");
    this.top = element("div", "answers-unsure");
    this.body = mark(element("div", "answers-cards"), { role: "list", "aria-label": "Answers by meaning" });
    this.words = element("p", "answers-note quiet");
    this.node.append(this.question, this.top, this.words, this.body);
    this.body.addEventListener("click", ({ target }) => target.closest(".t") && this.#pin(target.closest(".t")));
    onKeys(this.body, ({ key, target }) => this.#key(key, target));
    this.#drops();
  }

  get parameters() {
    return chosen(this.state, this.run);
  }

  /** Show what a job has written so far; groups by hand were of other answers. */
  async partial(said) {
    this.latest = said;
    if (this.fetching) return;
    this.fetching = true;
    await this.#live(said).finally(() => (this.fetching = false));
    if (this.latest !== said) await this.partial(this.latest);
  }

  async #live({ content }) {
    const part = await this.stage.part("cards", {}, { ...this.run, content }).catch(() => null);
    if (!part || this.closed) return;
    this.live = true;
    this.part = part;
    this.draw();
  }

  async show(run) {
    this.live = false;
    return super.show(run);
  }

  draw() {
    const { part } = this;
    this.cards = cardsOf(part);
    this.question.replaceChildren(mark(element("b", "", quoted(part.question)), { dir: "auto" }), element("span", "quiet", ` asked ${count(part.answers.length)} times ${part.form}${this.live ? ", so far" : part.stopped ? ", stopped" : ""}`));
    this.#drawTop();
    this.tools.draw();
    this.words.textContent = part.note;
    this.words.hidden = !part.note;
    const focused = this.body.contains(this.node.getRootNode().activeElement) ? this.node.getRootNode().activeElement.dataset.at : null;
    this.body.replaceChildren(...this.cards.map((card) => this.#card(card)), this.#apart());
    if (focused) this.body.querySelector(`[data-at="${focused}"]`)?.focus();
  }

  // The entropy between texts, parted: what lies between meanings, and what is wording only.
  #drawTop() {
    const { part, state } = this;
    const { token_entropy: token, text_entropy: texts, semantic_entropy: meaning } = part.unsure;
    const most = Math.max(texts.value ?? 0, 1e-9);
    const shown = (number, value = number.value) => withUnit(value ?? NaN, number, state.unit);
    const figure = (name, value, note) => {
      const box = element("div", "answers-figure");
      box.append(element("span", "quiet", name), element("b", "", value), element("small", "quiet", note));
      return box;
    };
    const bar = mark(element("div", "answers-bar"), { role: "img", "aria-label": `Of ${shown(texts)} between texts, ${shown(meaning)} lie between meanings` });
    const wording = Math.max(0, (texts.value ?? 0) - (meaning.value ?? 0));
    for (const [name, value] of [["meaning", meaning.value ?? 0], ["wording", wording]]) {
      const piece = element("i", name, value / most > 0.18 ? `${name} ${shown(meaning, value)}` : "");
      piece.style.flexGrow = value / most; // they fill the bar together
      bar.append(piece);
    }
    const between = element("div", "answers-between");
    between.append(element("span", "quiet", `Between texts ${shown(texts)}, of which`), bar);
    this.top.replaceChildren(
      figure("Unsure of the next token", shown(token), "a token, on average"), figure("Unsure of the answer", shown(meaning), `${count(this.cards.length)} ${this.cards.length === 1 ? "meaning" : "meanings"} in ${count(part.answers.length)} answers`), between,
    );
  }

  #card(card) {
    const { part } = this;
    const node = mark(element("section", "answers-card"), { role: "listitem" });
    node.dataset.group = card.group;
    const head = element("header", "answers-head");
    const name = named(card.lines[0].text);
    head.append(
      mark(element("b", "", name), { dir: "auto", title: name }), mark(element("span", "answers-share", `${count(card.count)} of ${count(part.answers.length)}`), { title: `${percent(100 * card.weight)} by log p` }),
      this.#more(`Meaning ${name}`, () => this.#cardItems(card)),
    );
    this.#drags(head, card.lines.flatMap(({ answers }) => answers));
    const track = element("div", "answers-track");
    track.append(element("i"));
    track.firstChild.style.width = `${(100 * card.count) / part.answers.length}%`;
    node.append(head, track, ...card.lines.map((line) => this.#line(line, card)));
    return node;
  }

  #line({ text, answers }, card) {
    const { part } = this;
    const [first] = answers;
    const { pieces, ending, surprisal } = part.answers[first];
    const node = element("div", "answers-line");
    const own = mark(element("div", "answers-text"), { role: "group", dir: "auto", "aria-label": named(text) });
    own.append(...pieces.map((piece, step) => this.#token(piece, first, step)));
    if (!pieces.length) own.append(element("span", "hint", "…"));
    const about = element("span", "answers-about quiet");
    const again = answers.length > 1 ? `×${count(answers.length)} · ` : "";
    about.append(`${again}${withUnit(surprisal, { unit: "nats", power: 1, digits: 1 }, this.state.unit)}${WHY[ending] ? ` · ${WHY[ending]}` : ""}`);
    about.title = "−ln p of the whole answer under the model itself";
    const side = element("div", "answers-side");
    side.append(about);
    if (this.cards.length > 1 || card.lines.length > 1) side.append(this.#more(named(text), () => this.#lineItems(answers, card)));
    node.append(own, side);
    this.#drags(node, answers);
    return node;
  }

  #token(piece, answer, step) {
    const { part, state, quantity } = this;
    const steps = part.token_ids.length / part.answers.length;
    const value = part[quantity.name][answer * steps + step];
    const at = share(value * factor(quantity, "nats"), quantity, range(quantity, "nats"));
    const pinned = state.row === answer && state.step === step;
    const node = mark(element("span", `t ${Number.isNaN(at) ? "" : shadeClass(at, quantity)}${pinned ? " pin" : ""}`, piece.trim() || piece.includes("\n") ? escaped(piece).replaceAll("\\n", "↵") : "·"), { tabindex: pinned || (state.row === null && !answer && !step) ? 0 : -1, "aria-label": `${escaped(piece)}, ${withUnit(value, quantity, state.unit)}` });
    node.dataset.at = `${answer}.${step}`;
    return node;
  }

  get quantity() {
    return this.part.numbers.find(({ name }) => name === this.state.colour) ?? this.part.numbers[0];
  }

  #more(name, items) {
    const node = button(`Move ${name}`, undefined, "quiet answers-more", "more");
    menu(node, items);
    return node;
  }

  #cardItems(card) {
    const others = this.cards.filter((each) => each !== card);
    const all = card.lines.flatMap(({ answers }) => answers);
    const split = card.lines.length > 1 ? [{ label: "Part all of its texts", act: () => this.#part(card) }] : [];
    if (!others.length) return [{ heading: "This meaning" }, ...(split.length ? split : [{ content: element("p", "quiet answers-only", "It is the only one.") }])];
    return [{ heading: "This meaning" }, ...split, { heading: "is the same as" }, ...others.map((other) => ({ label: named(other.lines[0].text), act: () => this.#move(all, other.group) }))];
  }

  #lineItems(answers, card) {
    const others = this.cards.filter((each) => each !== card);
    const split = card.lines.length > 1 ? [{ label: "a meaning of its own", act: () => this.#move(answers, null) }] : [];
    return [{ heading: "This answer is" }, ...split, ...others.map((other) => ({ label: `the same as ${named(other.lines[0].text)}`, act: () => this.#move(answers, other.group) }))];
  }

  // Give answers another group; null: one of their own.
  #move(answers, group) {
    const to = group ?? Math.max(...this.part.groups) + 1;
    this.#set(this.part.groups.map((own, i) => (answers.includes(i) ? to : own)));
  }

  #part(card) {
    const groups = [...this.part.groups];
    card.lines.slice(1).forEach(({ answers }, i) => answers.forEach((each) => (groups[each] = Math.max(...this.part.groups) + 1 + i)));
    this.#set(groups);
  }

  #set(groups) {
    choose(this.stage, this.run, { groups: groups.join(",") });
    this.stage.announce("Groups changed by hand");
  }

  // ── dragging ───────────────────────────────────────────────────────────────────────────────

  #drags(node, answers) {
    node.draggable = true;
    node.addEventListener("dragstart", (event) => {
      event.stopPropagation();
      this.dragged = answers;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", named(this.part.answers[answers[0]].text));
      this.body.classList.add("dragging");
    });
    node.addEventListener("dragend", () => {
      this.dragged = null;
      this.body.classList.remove("dragging");
      this.#over(null);
    });
  }

  #apart() {
    const node = element("div", "answers-apart", "A meaning of its own");
    node.dataset.group = "";
    return node;
  }

  #drops() {
    const place = ({ target }) => this.dragged && target.closest?.("[data-group]");
    this.body.addEventListener("dragover", (event) => {
      const over = place(event);
      this.#over(over);
      if (over) event.preventDefault();
    });
    this.body.addEventListener("drop", (event) => {
      const over = place(event);
      if (!over) return;
      event.preventDefault();
      this.#move(this.dragged, over.dataset.group === "" ? null : Number(over.dataset.group));
    });
  }

  #over(node) {
    if (this.lit === node) return;
    this.lit?.classList.remove("over");
    node?.classList.add("over");
    this.lit = node;
  }

  // ── the pinned token ───────────────────────────────────────────────────────────────────────

  #pin(node) {
    const [row, step] = node.dataset.at.split(".").map(Number);
    this.stage.set({ row, step });
  }

  #key(key, target) {
    if (!target.dataset?.at) return false;
    const all = [...this.body.querySelectorAll(".t")];
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (key === "Enter" || key === " ") this.#pin(target);
    else if (by) {
      const next = all[all.indexOf(target) + by];
      if (!next) return true;
      next.focus();
      this.#pin(next);
    } else return false;
    return true;
  }
}

const MODES = { cards: AnswerCards, measures: AnswerMeasures, pairs: AnswerPairs, token: AnswerToken };

/** The view of a panel: ``options.mode`` says which. */
export default function Answers(stage, panel) {
  return new MODES[panel.options.mode](stage, panel);
}
