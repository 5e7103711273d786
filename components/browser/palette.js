// Ctrl+K: one box that finds pages, examples, lessons, papers, terms and saved runs, and opens them.

import { button, element, mark } from "./dom.js";
import { formula } from "./figure.js";
import { found, prepared } from "./finding.js";

const MOST = 40; // entries that are listed
const TRIES = 50; // tenths of a second until a place of another page is given up
const PAGE = 8; // entries that Page Down passes

export class Palette {
  constructor(frame) {
    this.frame = frame;
    this.fixed = []; // what does not change: examples, papers, terms
    this.came = []; // lessons and saved runs, as they were when last looked for
    this.opener = button("Search", () => this.open(), "quiet search", "search");
    mark(this.opener, { "aria-keyshortcuts": "Control+K", title: "Search everything (Ctrl+K)" });
    window.addEventListener("keydown", (event) => this.shortcut(event), { capture: true });
  }

  shortcut(event) {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.dialog?.open) this.dialog.close();
    else this.open();
  }

  async open() {
    this.build();
    this.searched = undefined;
    this.dialog.showModal();
    this.box.select();
    const { frame } = this;
    this.gather();
    this.fixed = (await frame.index).entries.concat(terms(await frame.index)).map(prepared);
    this.gather();
    this.came = await this.coming();
    this.gather();
  }

  build() {
    if (this.dialog) return;
    this.box = mark(element("input", "palette-box"), {
      type: "text", role: "combobox", "aria-label": "Search lenses, examples, lessons, papers, terms and saved runs", "aria-expanded": true,
      "aria-controls": "palette-list", "aria-autocomplete": "list", placeholder: "Search lenses, examples, lessons, papers, terms, saved runs…",
      autocomplete: "off", spellcheck: false,
    });
    this.list = mark(element("ul", "palette-list"), { id: "palette-list", role: "listbox", "aria-label": "Found" });
    this.about = element("div", "palette-about");
    this.foot = mark(element("p", "palette-foot hint"), { role: "status" });
    this.dialog = mark(element("dialog", "palette"), { "aria-label": "Search" });
    this.dialog.append(this.box, this.list, this.about, this.foot);
    this.box.addEventListener("input", () => this.search());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.frame.root.append(this.dialog);
  }

  // ── what is found ──────────────────────────────────────────────────────────────────────────

  pages() {
    return this.frame.bar.pages().map((page) =>
      prepared({ group: page.kind && !page.view && !page.opening ? "Lens" : "Page", title: page.title, note: page.summary, words: page.family, open: { page } }),
    );
  }

  /** What is known to the server alone: the lessons, a teacher's own too, and saved runs. */
  async coming() {
    const [lessons, runs] = await Promise.all(["learn/lessons", "saved"].map((path) => this.listed(path)));
    return [
      ...lessons.map(({ name, title, summary, minutes, own }) =>
        prepared({ group: own ? "Own lesson" : "Lesson", title, note: summary || `${minutes} min`, open: { lesson: name } })),
      ...runs.map(({ key, kind, title, text, model, tags }) =>
        prepared({ group: "Saved", title: title || text, note: text, words: [kind, model, ...tags].join(" "), open: { kind, ask: { do: "open", run: key } } })),
    ];
  }

  async listed(path) {
    const answer = await fetch(this.frame.address.base + path).catch(() => null);
    return answer?.ok ? answer.json() : [];
  }

  gather() {
    this.entries = [...this.pages(), ...this.came, ...this.fixed];
    this.search();
  }

  search() {
    const before = this.shown?.[this.at];
    const typed = this.box.value !== this.searched;
    this.searched = this.box.value;
    this.shown = found(this.entries, this.box.value, MOST);
    this.list.replaceChildren(...this.shown.map((entry, i) => this.option(entry, i)));
    const many = this.shown.length;
    const said = this.box.value.trim() ? `${many === MOST ? `The best ${MOST}` : many} found · ` : "";
    this.foot.textContent = many ? `${said}↑ ↓ choose · Enter opens · Esc closes` : "Nothing found.";
    this.choose(typed ? 0 : Math.max(0, this.shown.findIndex((each) => each.group === before?.group && each.title === before.title)));
  }

  option(entry, i) {
    const node = mark(element("li", "palette-option"), { role: "option", id: `palette-${i}` });
    const words = element("span", "palette-words");
    words.append(element("b", "", entry.title), element("small", "", entry.note));
    node.append(words, element("span", "palette-group", entry.group));
    node.addEventListener("click", () => this.take(i));
    node.addEventListener("pointermove", () => this.at !== i && this.choose(i, false));
    return node;
  }

  choose(at, scroll = true) {
    const { children } = this.list;
    children[this.at]?.setAttribute("aria-selected", false);
    this.at = at;
    const node = children[at];
    this.about.replaceChildren(...(this.shown[at]?.term ? definition(this.shown[at].term) : []));
    if (!node) return this.box.removeAttribute("aria-activedescendant");
    node.setAttribute("aria-selected", true);
    this.box.setAttribute("aria-activedescendant", node.id);
    if (scroll) node.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    event.stopPropagation(); // neither the page nor Streamlit hears what is typed here
    const last = this.shown ? this.shown.length - 1 : -1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
    if (event.key === "Enter") this.take(this.at);
    else if (event.key in steps && last >= 0) {
      const to = this.at + steps[event.key];
      const around = Math.abs(steps[event.key]) === 1;
      this.choose(around ? (to + last + 1) % (last + 1) : Math.max(0, Math.min(last, to)));
    } else return;
    event.preventDefault();
  }

  // ── opening ────────────────────────────────────────────────────────────────────────────────

  take(i) {
    const entry = this.shown?.[i];
    if (!entry) return undefined;
    this.dialog.close();
    const { frame } = this;
    const { page, kind, ask, look, place, lesson } = entry.open;
    const target = page ?? frame.bar.pages().find((each) => each.kind === kind && !each.opening && !each.view);
    if (lesson) return frame.lesson.start(lesson);
    frame.lesson.leave();
    if (look) frame.visit(look);
    else if (target) frame.go(target, ask);
    if (!place) return undefined;
    frame.set({ papers: {} }); // it may be one that was left out
    return this.scrollTo(place);
  }

  // A place of a page that is still to be drawn.
  async scrollTo(id) {
    for (let tries = 0; tries < TRIES; tries++) {
      const node = this.frame.root.querySelector(`#${id}`);
      if (node?.checkVisibility()) return node.scrollIntoView({ block: "center" });
      await new Promise((next) => setTimeout(next, 100));
    }
    return undefined;
  }
}

const terms = (index) =>
  index.terms.map((term) => ({ group: "Term", title: term.name, note: term.meaning, words: term.also.join(" "), open: { kind: term.lenses[0] }, term }));

/** What a term means: its words, formula and source. */
export function definition(term) {
  const parts = [element("p", "", term.meaning)];
  if (term.mathml) parts.push(formula(term.mathml));
  if (term.source) parts.push(element("p", "source", term.source));
  return parts;
}
