// Rest on a word of the field, wherever the app uses it, and a card says what it means.

import { element, mark } from "./dom.js";
import { definition } from "./palette.js";

const REST = 350; // milliseconds until the card comes
const LECTURE_REST = 1200; // the same while the cursor points things out
const LABEL = 60; // characters: a text this short that begins with a term is the label of it
// What is the reader's or the model's own text, or explains itself.
const NOT_OURS = "[role=option],[role=listbox],textarea,input,.head-text,.head-title,.bar-name,.menu,.card,.tree,.palette,button";

export class Glossary {
  constructor(frame) {
    this.frame = frame;
    frame.root.addEventListener("pointermove", (event) => this.move(event));
    frame.root.addEventListener("pointerleave", () => this.hide());
    for (const kind of ["pointerdown", "keydown", "wheel"]) frame.root.addEventListener(kind, () => this.hide(), { passive: true });
  }

  move(event) {
    const over = event.composedPath()[0];
    if (this.card?.contains(over)) return;
    if (this.spot && !inside(this.spot, event)) this.hide();
    clearTimeout(this.timer);
    if (this.spot || event.buttons || over.closest?.(NOT_OURS)) return;
    this.timer = setTimeout(() => this.look(over, event), this.frame.state.lecture ? LECTURE_REST : REST);
  }

  async look(over, at) {
    this.terms ??= await prepare(this.frame.index);
    const match = over.isConnected && [...over.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => this.under(node, at)).find(Boolean);
    if (match) this.show(match, over);
  }

  /** The term of a text node under the pointer: {term, range}. */
  under(node, at) {
    const text = node.data;
    const label = text.length <= LABEL && this.terms.labels.find(({ form }) => text.trimStart().toLowerCase().startsWith(form));
    const places = [...text.matchAll(this.terms.pattern)].map((found) => [found.index, found[0], this.terms.byForm.get(found[0].toLowerCase())]);
    if (label && !places.length) places.push([text.indexOf(text.trimStart()), label.form, label.term]);
    for (const [start, form, term] of places) {
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, Math.min(text.length, start + form.length));
      if (inside(range, at)) return { term, range };
    }
    return null;
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
