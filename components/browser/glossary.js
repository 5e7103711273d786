// Rest on a word of the field, wherever the app uses it, and a card says what it means. By keyboard
// the card is about the first such word of what has the focus; Alt with an arrow goes to the next.

import { element, mark } from "./dom.js";
import { definition } from "./palette.js";

const REST = 350; // milliseconds until the card comes
const LECTURE_REST = 1200; // the same while the cursor points things out
const LABEL = 60; // characters: a text this short that begins with a term is the label of it
// What is the reader's or the model's own text, or explains itself.
const NOT_OURS = "[role=option],[role=listbox],textarea,input,select,.head-text,.bar-name,.menu,.card,.tree,.palette";
const POINTED = `${NOT_OURS},button`;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Glossary {
  constructor(frame) {
    this.frame = frame;
    frame.root.addEventListener("pointermove", (event) => this.move(event));
    frame.root.addEventListener("pointerleave", () => this.hide());
    for (const kind of ["pointerdown", "wheel", "focusout"]) frame.root.addEventListener(kind, () => this.hide(), { passive: true });
    frame.root.addEventListener("focusin", (event) => this.focused(event.target));
    frame.root.addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  move(event) {
    const over = event.composedPath()[0];
    if (this.card?.contains(over)) return;
    if (this.spot && !inside(this.spot, event)) this.hide();
    clearTimeout(this.timer);
    if (this.spot || event.buttons || over.closest?.(POINTED)) return;
    this.timer = setTimeout(() => this.look(over, event), this.frame.state.lecture ? LECTURE_REST : REST);
  }

  async look(over, at) {
    this.terms ??= await prepare(this.frame.index);
    const texts = over.isConnected ? [...over.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE) : [];
    const match = texts.flatMap((node) => this.termsOf(node)).find(({ range }) => inside(range, at));
    if (match) this.show(match, over);
  }

  // ── by keyboard ────────────────────────────────────────────────────────────────────────────

  focused(target) {
    clearTimeout(this.timer);
    this.there = null;
    if (!target.matches(":focus-visible") || target.closest(NOT_OURS)) return;
    this.timer = setTimeout(async () => {
      this.terms ??= await prepare(this.frame.index);
      if (target.matches(":focus")) this.step(target, 0);
    }, REST);
  }

  // The words that ``target`` has on screen, each once.
  wordsOf(target) {
    const walker = document.createTreeWalker(target, NodeFilter.SHOW_TEXT);
    const found = new Map();
    while (walker.nextNode()) {
      const { parentElement } = walker.currentNode;
      if (parentElement.closest(NOT_OURS) || !parentElement.checkVisibility()) continue;
      for (const each of this.termsOf(walker.currentNode)) if (!found.has(each.term)) found.set(each.term, each);
    }
    return [...found.values()];
  }

  step(target, at) {
    const words = this.wordsOf(target);
    if (!words.length) return;
    const place = (at + words.length) % words.length;
    const { term, range } = words[place];
    range.startContainer.parentElement.scrollIntoView({ block: "nearest" });
    this.show(words[place], target);
    if (words.length > 1) this.card.append(element("p", "source", `${place + 1} of ${words.length} words here · Alt+↓ next`));
    this.there = { target, place };
    this.frame.announce(`${term.name}: ${term.meaning}`);
  }

  key(event) {
    const { there, spot } = this;
    this.hide();
    if (!there) return;
    const by = event.altKey ? STEPS[event.key] : undefined;
    const closes = spot && event.key === "Escape";
    if (by) this.step(there.target, there.place + by);
    else if (!closes) return;
    event.preventDefault();
    event.stopPropagation(); // Esc only closes the card
  }

  // ── words and card ─────────────────────────────────────────────────────────────────────────

  /** The terms of a text node, in order: {term, range}. */
  termsOf(node) {
    const text = node.data;
    const label = text.length <= LABEL && this.terms.labels.find(({ form }) => text.trimStart().toLowerCase().startsWith(form));
    const places = [...text.matchAll(this.terms.pattern)].map((found) => [found.index, found[0], this.terms.byForm.get(found[0].toLowerCase())]);
    if (label && !places.length) places.push([text.indexOf(text.trimStart()), label.form, label.term]);
    return places.map(([start, form, term]) => {
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, Math.min(text.length, start + form.length));
      return { term, range };
    });
  }

  show({ term, range }, over) {
    this.hide();
    this.spot = range;
    this.titled = over.closest("[title]"); // one explanation is enough
    this.title = this.titled?.title;
    this.titled?.removeAttribute("title");
    this.card = mark(element("div", "term-card"), { role: "tooltip", popover: "manual" });
    this.card.append(element("h3", "", term.name), ...definition(term));
    this.frame.root.append(this.card);
    this.card.showPopover();
    place(this.card, range.getBoundingClientRect());
    window.CSS.highlights?.set("term", new window.Highlight(range));
  }

  hide() {
    clearTimeout(this.timer);
    if (!this.spot) return;
    this.spot = null;
    this.card.remove();
    this.card = null;
    if (this.title) this.titled.title = this.title;
    window.CSS.highlights?.delete("term");
  }
}

const inside = (range, { clientX, clientY }) =>
  [...range.getClientRects()].some((box) => clientX >= box.left - 1 && clientX <= box.right + 1 && clientY >= box.top - 1 && clientY <= box.bottom + 4);

async function prepare(index) {
  const { terms } = await index;
  const forms = terms.flatMap((term) => [term.name, ...term.also].map((form) => ({ form: form.toLowerCase(), term })));
  const alone = forms.filter(({ term }) => term.alone).sort((a, b) => b.form.length - a.form.length);
  const any = alone.map(({ form }) => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return {
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})(?![\\p{L}\\p{N}])`, "giu"),
    byForm: new Map(alone.map(({ form, term }) => [form, term])),
    labels: forms.filter(({ term }) => !term.alone).sort((a, b) => b.form.length - a.form.length),
  };
}

function place(card, box) {
  const own = card.getBoundingClientRect();
  const below = box.bottom + own.height + 8 < window.innerHeight;
  card.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - own.width - 8))}px`;
  card.style.top = `${below ? box.bottom + 3 : Math.max(8, box.top - own.height - 3)}px`;
}
