// The head line: what is read, in one line; Edit turns it into the boxes of the request, in place.

import { button, element } from "../dom.js";
import { forgetDraft } from "../drafts.js";
import { menu, openAt, opens } from "../menu.js";
import { withUnit } from "../numbers.js";
import { count, duration, oneLine, steady } from "../words.js";
import { editForm } from "./edit.js";
import { copyLink, examples, exportItems, moreItems, optionsForm, saveForm } from "./menus.js";
import { chosen, compareButton, pairLine } from "./pair.js";
import { askedByLink, shareForm } from "./sharing.js";

const HEADLINE = 3; // figures on top; the others stand in the menu

export class Head {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "reading");
    this.line = element("div", "reading-line");
    this.figures = element("div", "figures");
    this.notices = element("div", "notices");
    this.node.append(this.line);
  }

  draw() {
    const { frame } = this;
    this.node.hidden = this.figures.hidden = !frame.lens;
    if (!frame.lens || this.editing) return;
    const reading = frame.reading;
    if (!this.edit || frame.lens !== this.built) this.build();
    if (this.paired) this.drawPair(reading);
    this.quote.textContent = reading ? steady(this.said(reading).map(oneLine).join("  ·  ")) : "";
    this.quote.title = steady(reading?.title ?? "");
    const text = frame.lens.subject === "text" ? frame.text : null; // of a prompt there is none
    const tokens = text?.tokens.length ?? reading?.tokens;
    this.count.textContent = tokens ? `${count(tokens)} tokens` : "";
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
    const { line, buttons } = pairLine(this.frame);
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
    this.quote = element("span", "head-text");
    this.quote.addEventListener("dblclick", () => this.open());
    this.count = element("span", "count");
    this.again = button("", () => frame.fields.run(), "primary");
    const opener = named("Examples ▾");
    menu(opener, () => examples(frame));
    const options = named("⚙ Options");
    opens(options, (close) => optionsForm(frame, close));
    const fields = Object.values(frame.lens.fields);
    const list = fields.some((field) => field.kind === "list") && !fields.some((field) => field.filled);
    const upload = list ? [named("Upload…", () => frame.reports.ask({ do: "upload", kind: frame.lens.kind }))] : [];
    const save = named("Save");
    opens(save, (close) => saveForm(frame, close));
    const link = named("Link", () => (frame.reading?.share ? openAt(link, (close) => shareForm(frame, close)) : copyLink(frame)));
    const exports = named("Export ▾");
    menu(exports, () => exportItems(frame));
    const compare = (rest) => frame.go(frame.bar.pages().find((page) => page.kind === "compare"), { kind: frame.lens.kind, ...rest });
    const other = compareButton(frame, "Compare with…", (each) => compare({ do: "compare", ...chosen(each) }));
    this.changed = button("What changed", () => compare({ do: "changed" }), "quiet changed");
    this.changed.title = "The reading before the last edit above this one";
    const more = named("⋯", undefined, "More about this reading");
    menu(more, () => moreItems(this));
    this.built = frame.lens;
    this.paired = Boolean(frame.reading?.sides);
    this.pair = null;
    this.dots = more;
    this.kept = [link, exports];
    this.wide = [save, link, exports, other];
    for (const each of this.wide) each.classList.add("wide");
    this.line.replaceChildren(this.edit, this.quote, this.count, this.changed, this.again, opener, ...upload, options, ...this.wide, more);
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
    const act = needs.length ? () => this.open() : () => frame.fields.measure(lens);
    const label = needs.length ? `Ask ${lens.title}` : `Measure ${lens.title.toLowerCase()} for this text`;
    return [element("p", "hint", lens.summary), ...askedByLink(frame.reading), button(`${label}${time}`, act, "primary")];
  }

  // ── editing ────────────────────────────────────────────────────────────────────────────────

  open() {
    this.editing = true;
    const form = editForm(this.frame, (values) => this.close(values));
    this.line.replaceChildren(form);
    const first = form.querySelector("textarea,input");
    first?.focus();
    first?.select();
  }

  close(values) {
    this.editing = false;
    this.edit = null;
    if (values) this.frame.fields.run(values);
    else forgetDraft(this.frame.lens.kind);
    this.draw();
    this.edit.focus();
  }
}
