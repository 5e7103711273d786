// The head line: what is read, in one line; Edit turns it into the boxes of the request, in place.

import { copied } from "./copying.js";
import { button, element } from "./dom.js";
import { draft, forgetDraft, keepDraft } from "./drafts.js";
import { afterRest, control } from "./form.js";
import { addForm } from "./own_lessons.js";
import { menu, openAt, opens } from "./menu.js";
import { chosen, compareButton, pairLine } from "./pair.js";
import { count, duration } from "./words.js";
import { withUnit } from "./numbers.js";

const HEADLINE = 3; // figures on top; the others stand in the menu

export class Head {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "reading");
    this.line = element("div", "reading-line");
    this.below = element("div", "head-below");
    this.figures = element("div", "figures");
    this.notices = element("div", "notices");
    this.bar = element("div", "progress");
    this.node.append(this.line, this.below, this.notices);
    this.options = {}; // kind → fields that the reader chose
  }

  draw() {
    const { frame } = this;
    this.node.hidden = this.figures.hidden = !frame.lens;
    if (!frame.lens || this.editing) return;
    const reading = frame.reading;
    if (!this.edit || frame.lens !== this.built) this.build();
    if (this.paired) this.drawPair(reading);
    this.quote.textContent = reading ? this.said(reading).map(oneLine).join("  ·  ") : "";
    this.quote.title = reading?.title ?? "";
    const tokens = frame.text?.tokens.length ?? reading?.tokens;
    this.count.textContent = tokens ? `${count(tokens)} tokens` : "";
    this.title.textContent = reading?.title ?? "";
    this.changed.hidden = !reading?.changed;
    this.drawModel();
    this.drawFigures();
  }

  // What was asked, in one line: the text, then whatever else the lens has to be told.
  said(reading) {
    const { lens } = this.frame;
    const known = reading.fields[lens.kind] ?? {};
    const fields = Object.values(lens.fields);
    if (!fields.some((field) => field.filled)) return [reading.text || reading.title];
    const more = fields.filter((field) => field.needed && !field.filled && field.kind !== "own" && known[field.name]);
    return [reading.text, ...more.map((field) => `${field.label}: ${[known[field.name]].flat().join(", ")}`)];
  }

  // Two runs have their own line; it is made anew when one of them changes.
  drawPair(reading) {
    const shown = JSON.stringify([reading.sides, reading.exact]);
    if (shown === this.pair) return;
    this.pair = shown;
    const { line, buttons } = pairLine(this);
    this.wide = [...buttons, ...this.kept];
    for (const each of buttons) each.classList.add("wide");
    this.line.replaceChildren(line, element("span", "gap"), ...this.wide, this.dots);
  }

  build() {
    const { frame } = this;
    const named = (label, act, name) => {
      const made = button(label, act, "quiet");
      if (name) made.setAttribute("aria-label", name);
      return made;
    };
    this.edit = button("✎ Edit", () => this.open(), "edit");
    this.title = element("span", "head-title");
    this.quote = element("span", "head-text");
    this.quote.addEventListener("dblclick", () => this.open());
    this.count = element("span", "count");
    this.again = button("", () => this.run(), "primary");
    const examples = named("Examples ▾");
    menu(examples, () => this.examples());
    const options = named("⚙ Options");
    opens(options, (close) => this.optionsForm(close));
    const fields = Object.values(frame.lens.fields);
    const list = fields.some((field) => field.kind === "list") && !fields.some((field) => field.filled);
    const upload = list ? [named("Upload…", () => frame.reports.ask({ do: "upload", kind: frame.lens.kind }))] : [];
    const save = named("Save");
    opens(save, (close) => this.saveForm(close));
    const link = named("Link", () => this.copyLink());
    const exports = named("Export ▾");
    menu(exports, () => this.exports());
    const compare = (rest) => frame.go(frame.bar.pages().find((page) => page.kind === "compare"), { kind: frame.lens.kind, ...rest });
    const other = compareButton(frame, "Compare with…", (each) => compare({ do: "compare", ...chosen(each) }));
    this.changed = button("What changed", () => compare({ do: "changed" }), "quiet changed");
    this.changed.title = "The reading before the last edit above this one";
    const more = named("⋯", undefined, "More about this reading");
    menu(more, () => this.more());
    this.built = frame.lens;
    this.paired = Boolean(frame.reading?.sides);
    this.pair = null;
    this.dots = more;
    this.kept = [link, exports];
    this.wide = [save, link, exports, other];
    for (const each of this.wide) each.classList.add("wide");
    this.line.replaceChildren(this.edit, this.quote, this.count, this.changed, this.again, examples, ...upload, options, ...this.wide, more);
  }

  // ── what stands under the line ─────────────────────────────────────────────────────────────

  drawModel() {
    const { frame } = this;
    const chosen = frame.data.models.find((each) => each.chosen);
    const other = frame.reading?.model && chosen && frame.reading.model !== chosen.key;
    this.again.hidden = !other;
    if (other) this.again.textContent = `Run with ${chosen.short}`;
  }

  async drawFigures() {
    const { frame } = this;
    const content = frame.reading?.contents[frame.lens.kind];
    const wanted = `${content}/${frame.state.unit}`;
    if (this.drawn === wanted) return;
    this.drawn = wanted;
    if (!content || !frame.lens.figures.length) return this.figures.replaceChildren();
    const found = await frame.partOf(frame.lens.kind, "figures");
    if (this.drawn !== wanted) return;
    this.figures.replaceChildren(
      ...found.figures.slice(0, HEADLINE).map((each) => {
        const figure = element("span", "headline-figure");
        figure.title = each.help;
        figure.append(element("small", "", each.label), element("b", "", withUnit(Number(each.value ?? NaN), each, frame.state.unit)));
        return figure;
      }),
    );
  }

  /** Show progress, or take it away with null. */
  progress(state) {
    if (!state) {
      this.bar.remove();
      return;
    }
    if (!this.bar.isConnected) {
      this.fill = element("i");
      this.words = element("span", "progress-words");
      this.bar.replaceChildren(this.fill, this.words, button("Stop", () => this.frame.jobs.stop(), "stop"));
      this.bar.setAttribute("role", "progressbar");
      this.bar.setAttribute("aria-label", "Progress");
      (this.frame.page?.opening ? this.frame.opening.under : this.node).append(this.bar);
    }
    this.bar.classList.toggle("unknown", state.share === null);
    this.fill.style.width = `${Math.round(100 * (state.share ?? 0))}%`;
    if (state.share !== null) this.bar.setAttribute("aria-valuenow", Math.round(100 * state.share));
    const left = state.left ? ` · about ${duration(state.left)} left` : "";
    this.words.textContent = `${state.message}${left}`;
  }

  notice({ kind, text, undo }) {
    const node = element("div", `notice ${kind}`);
    node.append(element("span", "", text));
    const back = typeof undo === "function" ? undo : () => this.frame.reports.ask(undo);
    if (undo) node.append(button("Undo", () => { back(); node.remove(); }, "quiet"));
    node.append(Object.assign(button("×", () => node.remove(), "quiet"), { ariaLabel: "Close this note" }));
    this.notices.append(node);
    if (kind !== "error") setTimeout(() => node.remove(), 8000);
  }

  /** What to do where a lens has nothing of this text yet. */
  offerOf(lens) {
    const { frame } = this;
    const seconds = frame.reading?.offers?.[lens.kind];
    const time = seconds ? ` · about ${duration(seconds)}` : "";
    const needs = Object.values(lens.fields).filter((field) => field.needed && !field.filled && field.kind !== "own");
    const act = needs.length ? () => this.open() : () => this.measure(lens);
    const label = needs.length ? `Ask ${lens.title}` : `Measure ${lens.title.toLowerCase()} for this text`;
    return [element("p", "hint", lens.summary), button(`${label}${time}`, act, "primary")];
  }

  // ── editing ────────────────────────────────────────────────────────────────────────────────

  open() {
    const { frame } = this;
    this.editing = true;
    const { kind } = frame.lens;
    const reading = frame.reading?.id;
    const values = { ...this.values(), ...draft(kind, reading) };
    const form = element("form", "edit-form");
    const own = Object.values(frame.lens.fields).filter((field) => field.kind !== "own");
    const needed = own.some((field) => field.needed) ? own.filter((field) => field.needed) : own;
    const counter = element("span", "count");
    const counted = afterRest(
      (text) => this.countTokens(text),
      (answer) => {
        counter.textContent = answer.words;
        counter.classList.toggle("over", Boolean(answer.over));
      },
    );
    for (const field of needed) {
      form.append(
        control(field, values[field.name], (value) => {
          values[field.name] = value;
          keepDraft(kind, reading, Object.fromEntries(needed.map(({ name }) => [name, values[name]])));
          if (field.filled) counted(value);
        }),
      );
    }
    const run = button("Run", () => this.close(values), "primary");
    run.title = "Ctrl+Enter";
    const foot = element("div", "edit-foot");
    foot.append(counter, element("span", "gap"), button("Cancel", () => this.close(null), "quiet"), run);
    form.append(foot);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close(null);
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.close(values);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.line.replaceChildren(form);
    const first = form.querySelector("textarea,input");
    first?.focus();
    first?.select();
    const subject = needed.find((field) => field.filled);
    if (subject) counted(values[subject.name] ?? "");
  }

  close(values) {
    this.editing = false;
    this.edit = null;
    if (values) this.run(values);
    else forgetDraft(this.frame.lens.kind);
    this.draw();
    this.edit.focus();
  }

  // Fields of the lens as they stand: of the reading, else chosen here, else the default.
  values() {
    const { lens, reading } = this.frame;
    const known = { ...reading?.fields[lens.kind], ...this.options[lens.kind] };
    const chosen = this.frame.figures.map((figure) => figure.view.fields?.()); // edited in the picture
    return Object.assign(
      Object.fromEntries(
        Object.values(lens.fields).map((field) => [field.name, known[field.name] ?? (field.filled ? reading?.text : null) ?? field.default ?? null]),
      ),
      ...chosen,
    );
  }

  run(values = this.values()) {
    this.frame.reports.ask({ do: "run", kind: this.frame.lens.kind, fields: values });
  }

  measure(lens) {
    this.frame.reports.ask({ do: "measure", kind: lens.kind, fields: this.options[lens.kind] ?? {} });
  }

  /** About how long a run of the fields as they stand takes, in words; "" if they are of no use. */
  async estimate() {
    const { lens, data, address } = this.frame;
    const body = JSON.stringify({ kind: lens.kind, model: data.model, fields: this.values() });
    const answer = await fetch(`${address.base}estimate`, { method: "POST", body, headers: { "X-Entroscope": "1" } });
    if (!answer.ok) return "";
    const { seconds, refused } = await answer.json();
    if (refused) return "";
    return seconds === null ? "not yet measured here" : `about ${duration(seconds)}`;
  }

  async countTokens(text) {
    const url = `${this.frame.address.base}count`;
    const body = JSON.stringify({ text, model: this.frame.data.model });
    const unknown = { words: `${count(text.length)} characters` };
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { "X-Entroscope": "1" } });
      return answer.ok ? await answer.json() : unknown;
    } catch {
      return unknown; // the server does not answer now
    }
  }

  // ── menus ──────────────────────────────────────────────────────────────────────────────────

  examples() {
    const { frame } = this;
    return [
      { heading: "Examples" },
      ...frame.data.examples.map((each) => ({
        label: each.title,
        note: each.note,
        checked: each.name === frame.reading?.address.example || (each.ask?.a !== undefined && each.ask.a === frame.reading?.address.a),
        act: () => frame.reports.ask(each.ask ?? { do: "open", example: each.name }),
      })),
    ];
  }

  optionsForm(close) {
    const { lens } = this.frame;
    const values = this.values();
    const chosen = (this.options[lens.kind] ??= {});
    const box = element("div", "form");
    const fields = Object.values(lens.fields).filter((field) => !field.needed && field.kind !== "own");
    box.append(element("div", "menu-heading", `How ${lens.title.toLowerCase()} are measured`));
    for (const field of fields) {
      box.append(control(field, values[field.name], (value) => { chosen[field.name] = value; }));
    }
    const foot = element("div", "edit-foot");
    foot.append(button("Run", () => { close(); this.run(); }, "primary"));
    box.append(foot);
    return box;
  }

  saveForm(close) {
    const { frame } = this;
    const values = { title: frame.reading?.title ?? "", tags: "" };
    const box = element("div", "form");
    box.append(
      control({ name: "title", label: "Name", kind: "line", help: "" }, values.title, (value) => { values.title = value; }),
      control({ name: "tags", label: "Tags", kind: "line", help: "With commas between." }, "", (value) => { values.tags = value; }),
    );
    const foot = element("div", "edit-foot");
    const save = () => { frame.reports.ask({ do: "save", kind: frame.lens.kind, ...values }); close(); };
    box.addEventListener("keydown", (event) => event.key === "Enter" && save());
    foot.append(button("Save to the library", save, "primary"));
    box.append(foot);
    return box;
  }

  exports() {
    const { frame } = this;
    const { kind } = frame.lens;
    const content = frame.reading?.contents[kind];
    if (!content) return [{ heading: "Nothing measured yet" }];
    const name = (frame.reading.title || oneLine(frame.reading.text).slice(0, 40)).replace(/[^\p{L}\p{N}]+/gu, "-");
    const to = (part, label, note, parameters) => {
      return { label, note, href: frame.dataUrl(content, part, parameters), download: `${name}.${part.split("/").at(-1)}` };
    };
    const tables = (frame.reading.tables ?? frame.lens.tables ?? []).map((name) => to(`table/${name}.csv`, `Table of ${name.replaceAll("_", " ")}`, "CSV, in nats"));
    if (this.paired) return [{ heading: "This comparison" }, ...tables];
    return [
      { heading: `${frame.lens.title} of this reading` },
      to("report.html", "Report", "one HTML file, works offline", { unit: frame.state.unit }),
      ...tables,
      to("run.json", "All numbers", "JSON, in nats"),
      to("run.safetensors", "The run", "opens again here and in Python"),
      to("snippet.py", "Make it again in Python", "a short program"),
    ];
  }

  more() {
    const { frame } = this;
    const narrow = window.matchMedia("(max-width: 1099px)").matches;
    const content = frame.reading?.contents[frame.lens.kind];
    const items = [];
    if (narrow) {
      for (const each of this.wide) items.push({ label: each.textContent, act: () => setTimeout(() => each.click()) });
    }
    if (content && frame.data.teaches) items.push({ label: "Add this view to a lesson…", act: () => setTimeout(() => openAt(this.dots, (close) => addForm(frame, close))) });
    for (const part of frame.lens.guide) items.push({ content: element("p", "guide", part) });
    items.push({ content: this.facts() });
    if (content && !this.paired) items.push({ label: "Make it again in Python", href: frame.dataUrl(content, "snippet.py"), download: "" });
    return items;
  }

  facts() {
    const { reading } = this.frame;
    const list = element("dl", "facts");
    for (const [name, value] of Object.entries(reading?.facts ?? {})) {
      list.append(element("dt", "", name), element("dd", "", value));
    }
    return list;
  }

  async copyLink() {
    const { frame } = this;
    const url = frame.link();
    frame.notice({ kind: "info", text: (await copied(url)) ? "Link copied." : url });
  }
}

function oneLine(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
