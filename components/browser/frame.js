// The frame: top bar, head line, tabs, stage, inspector and timeline in one component. It stays
// while lenses change; what a lens shows is drawn by the views of its panels.

import { goBack } from "./account.js";
import { Address } from "./address.js";
import { Bar } from "./bar.js";
import { Connection } from "./connection.js";
import { dressRoot, strengthen } from "./colour.js";
import { element } from "./dom.js";
import { Figure } from "./figure.js";
import { Glossary } from "./glossary.js";
import { Fields } from "./head/fields.js";
import { Head } from "./head/head.js";
import { Progress } from "./head/progress.js";
import { Lecture } from "./lecture/lecture.js";
import { Jobs } from "./jobs.js";
import { Lesson } from "./lessons/lesson.js";
import { Opening } from "./opening.js";
import { OwnPage } from "./own_page.js";
import { Palette } from "./palette.js";
import { mostSurprising, panelsOf } from "./panels.js";
import { fetchParcel } from "./parcels.js";
import { Pictures } from "./pictures.js";
import { isDark, onThemeChange } from "./private.js";
import { Reports } from "./reports.js";
import { Stage } from "./stage.js";
import { DEFAULTS, FIXED, same } from "./state.js";
import { Visits } from "./visits.js";

const HERE = new URL("./", import.meta.url);
const AREAS = ["side", "stage", "timeline", "inspector"];

class Frame extends Stage {
  constructor(mount) {
    super();
    this.mount = mount;
    this.state = { ...DEFAULTS, theme: isDark(mount) ? "dark" : "light" };
    dressRoot(mount, this.state.theme);
    this.root = element("div", "frame");
    this.cut = undefined; // number of the tokens of the text on screen
    this.status = element("div", "unseen");
    this.status.setAttribute("role", "status");
    this.palette = new Palette(this);
    this.lecture = new Lecture(this);
    this.bar = new Bar(this);
    this.fields = new Fields(this);
    this.head = new Head(this);
    this.progress = new Progress(this);
    this.opening = new Opening(this);
    this.own = new OwnPage(this);
    this.areas = Object.fromEntries(AREAS.map((name) => [name, element("section", `area ${name}-area`)]));
    this.areas.inspector.setAttribute("aria-label", "The pinned place");
    this.offer = element("div", "offer");
    this.body = element("div", "body"); // Streamlit's own element is the page's main
    this.visits = new Visits(this);
    this.lesson = new Lesson(this);
    this.body.append(this.offer, this.lesson.node, ...Object.values(this.areas));
    const skip = element("a", "skip", "To the text");
    skip.href = "#";
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      (this.areas.stage.querySelector("[role=listbox],[tabindex]") ?? this.body).focus();
    });
    this.root.append(skip, this.bar.node, this.head.node, this.bar.tabs, this.bar.family, this.opening.node, this.own.node, this.body, this.opening.lessons, this.head.notices, this.status);
    mount.append(this.root);
    this.address = new Address(this);
    this.reports = new Reports(this);
    this.connection = new Connection(this);
    this.root.prepend(this.connection.node);
    this.jobs = new Jobs(this);
    this.glossary = new Glossary(this);
    this.figures = [];
    this.pictures = new Pictures(this);
    this.lenses = {};
    this.lensesReady = fetch(new URL("lenses.json", HERE))
      .then((answer) => answer.json())
      .then((found) => Object.assign(this.lenses, { ...found, ...this.lenses })); // one that is known stays the same object
    onThemeChange(mount, (dark) => this.set({ theme: dark ? "dark" : "light" }));
    mount.addEventListener("keydown", (event) => this.key(event));
  }

  // ── what the server says ───────────────────────────────────────────────────────────────────

  update({ data, setStateValue }) {
    const first = !this.data;
    this.data = data;
    this.reports.send = setStateValue;
    if (first) this.address.begin(data);
    if (first) goBack(this.address.base);
    if (first && data.mode === "class") this.join();
    if (data.lens) this.lenses[data.lens.kind] ??= data.lens;
    this.reports.acknowledge(data.acked);
    for (const message of data.notices) this.notice(message);
    if (data.job) this.jobs.follow(data.job);
    if (data.choices) this.choicesCame?.(data.choices);
    if (this.reports.waiting) return; // this run knows less than the reader has done meanwhile
    this.jobs.expectNone();
    this.page = data.page;
    this.reading = data.reading ?? this.reading;
    this.draw();
    this.visits.arrive(this.showing);
    this.address.write({ replace: first || this.address.returned }); // what follows Back is no step
    this.address.returned = false;
    this.classroom?.changed(new Set(["page"]));
  }

  /** A class has a room of its own, which nobody else loads. */
  async join() {
    const { Classroom } = await import(new URL("classroom/classroom.js", HERE));
    this.classroom = new Classroom(this);
  }

  draw() {
    const lens = this.page.kind ? this.lenses[this.page.kind] : null;
    const reading = lens ? this.reading : null;
    this.lens = lens;
    this.body.classList.remove("leaving");
    this.root.classList.toggle("plain", !lens);
    this.bar.draw();
    this.head.draw();
    this.opening.draw();
    this.lecture.draw();
    this.own.draw();
    this.lesson.draw();
    document.title = `${this.page.title} · Entroscope`;
    if (!lens) return this.empty();
    const content = reading?.contents[lens.kind];
    const branches = reading?.branches ?? [];
    const run = content ? { content, kind: lens.kind, tokens: reading.tokens, branches } : null;
    this.without = reading?.without ?? [];
    const rows = Object.keys(reading?.rows ?? {});
    const shown = [this.page.name, content, reading?.id, branches.join("."), this.without, rows, reading?.cuts?.[lens.kind]].join("/");
    if (shown !== this.shown) this.showing = this.show(shown, lens, run);
    this.drawOffer(lens, run);
  }

  empty() {
    this.shown = null;
    this.closeAll();
    for (const area of Object.values(this.areas)) area.replaceChildren();
  }

  closeAll() {
    for (const figure of this.figures) figure.close();
    this.figures = this.pictures.figures = [];
    this.built = null;
  }

  async show(shown, lens, run) {
    const { cuts = {} } = this.reading; // kind → number of the tokens of its run
    const cut = cuts[lens.kind] ?? cuts.text;
    const sameText = this.shown?.split("/")[2] === shown.split("/")[2] && (cut === undefined || cut === this.cut);
    if (this.shown && !sameText && !this.visits.under) this.state.cover = null; // it was about the text before
    const wanted = [this.page.name, this.without, Boolean(run)].join("/");
    const sameLens = this.built === wanted;
    this.shown = shown;
    if (!sameLens) this.closeAll(); // before there is another run, of which these know nothing
    this.run = run;
    if (!sameText) {
      this.text = null;
      const ready = (this.textReady = this.textOf());
      ready?.then((text) => this.textReady === ready && this.pinFirst(text));
    }
    if (!sameLens) await this.build(lens, shown);
    if (this.shown !== shown) return;
    this.built = wanted;
    this.body.classList.toggle("missing", !run);
    const { text } = this.reading.contents;
    await Promise.all(this.figures.map((figure) => figure.show(run ?? { content: text, kind: "text" })));
    this.lesson.light();
  }

  // The text of the reading, whichever of its runs is there; a prompt has none of its own, and a lens
  // that has its texts for itself only where it shows one token by token.
  textOf() {
    const { kind: own, subject, panels } = this.lens;
    const shows = subject === "text" || (!subject && panels.some((each) => each.module === "strip"));
    if (!shows || this.reading.subject !== (subject ?? own)) return null;
    const { tokenized, contents, cuts } = this.reading; // kinds of runs that hold the text as tokens
    const cut = cuts[this.lens.kind] ?? cuts.text;
    const kind = tokenized.find((each) => each in contents && (cut === undefined || cuts[each] === cut));
    this.cut = cuts[kind];
    const content = contents[kind];
    return content ? fetchParcel(this.dataUrl(content, "text")) : null;
  }

  pinFirst(text) {
    this.text = text;
    const length = text.tokens.length;
    this.first = this.reading.token ?? mostSurprising(text);
    const token = this.state.token;
    if (token === null || token >= length) this.set({ token: Math.min(this.first, length - 1) });
    this.head.draw();
  }

  async build(lens, shown) {
    if (!this.run) await this.lensesReady;
    const panels = panelsOf(this, lens);
    const modules = await Promise.all(
      panels.map((panel) => import(new URL(`views/${panel.module}.js`, HERE))),
    );
    if (this.shown !== shown) return;
    this.figures = panels.map((panel, i) => new Figure(this, panel, modules[i].default));
    for (const area of AREAS) {
      const own = this.figures.filter((figure) => figure.panel.area === area);
      this.areas[area].hidden = own.length === 0;
      this.areas[area].dataset.count = own.length;
      this.areas[area].replaceChildren(...this.pictures.arrange(area, own));
    }
    this.body.dataset.shape = AREAS.filter((area) => !this.areas[area].hidden).join(" ");
  }

  drawOffer(lens, run) {
    const note = run && !this.page.opening ? this.reading.note : "";
    this.offer.hidden = Boolean(run) && !note;
    this.offer.classList.toggle("note", Boolean(run));
    this.offer.replaceChildren(...(run ? [element("span", "hint", note)] : this.head.offerOf(lens)));
  }

  // ── state ──────────────────────────────────────────────────────────────────────────────────

  set(changes) {
    const changed = new Set();
    for (const [name, value] of Object.entries(changes)) {
      if (!same(this.state[name], value)) changed.add(name);
    }
    if (!changed.size) return;
    Object.assign(this.state, changes);
    if (changed.has("lecture")) {
      strengthen(this.state.lecture);
      changed.add("theme"); // all colours and sizes are made anew
    }
    if (changed.has("theme")) dressRoot(this.mount, this.state.theme);
    if (changed.has("lecture")) this.lecture.dress();
    // While another text is on its way, all is drawn once it has come.
    const waits = this.textReady && !this.text;
    if (!waits) for (const figure of this.figures) figure.update(changed);
    if (changed.has("tab")) this.pictures.choose();
    this.lecture.draw();
    this.lesson.update(changed);
    this.own.update(changed);
    this.classroom?.changed(changed);
    if (this.page && (changed.has("unit") || changed.has("theme") || changed.has("model"))) this.bar.draw();
    if (![...changed].every((name) => FIXED.has(name))) this.address.later(changed);
  }

  /** Show another page; drawn here at once if it is about the same. ``action`` is asked for with it. */
  go(page, action) {
    if (!action && page.name === this.page.name && page.group === this.page.group) return;
    this.classroom?.left();
    const here = !action && page.subject && page.subject === this.page.subject;
    this.enter(page, Boolean(here && this.lenses[page.kind]));
    this.address.write();
    if (action) this.reports.ask(action);
    else this.reports.page();
  }

  /** Be on another page: drawn at once where that can be, else when the server has answered. */
  enter(page, drawn) {
    this.page = page;
    if (drawn) return this.draw();
    this.bar.draw();
    this.body.classList.add("leaving");
  }

  /** An address that shows this view to anybody, wherever its run is. */
  link() {
    const query = this.address.query();
    for (const name of ["job", "lecture", ...Object.keys(this.reading?.address ?? {})]) query.delete(name);
    for (const [name, value] of Object.entries(this.reading?.link ?? {})) query.set(name, value);
    return `${this.home}/${this.page.path}?${query}`;
  }

  /** Where everybody finds this server: as its administrator says, else as this page was found. */
  get home() {
    return this.data.home || new URL(this.address.base, window.location.href).href.replace(/\/$/, "");
  }

  /** Go to a look, such as "tokens?example=text_fact&token=5": a page, its state and its run. */
  visit(look, more) {
    this.classroom?.left();
    this.visits.go(look, more);
  }

  notice(message) {
    this.head.notice(message);
    this.announce(message.text);
  }

  key(event) {
    if (event.key === "Escape" && !event.defaultPrevented && this.first !== undefined) {
      this.set({ token: this.first });
    }
  }
}

const frames = new WeakMap(); // mount → frame

export function show(component) {
  const { parentElement } = component;
  if (!frames.has(parentElement)) frames.set(parentElement, new Frame(parentElement));
  frames.get(parentElement).update(component);
}
