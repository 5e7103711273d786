// The top bar: groups of pages at the left; model, unit, theme and account at the right; under the head
// line the tabs of the group.

import { Account } from "./account.js";
import { button, element } from "./dom.js";
import { control } from "./form.js";
import { menu, openAt, opens } from "./menu.js";
import { chooseTheme, chosenTheme } from "./private.js";

const UNITS = ["nats", "bits"];
const THEMES = { light: "Light", dark: "Dark", system: "As the system" };

export class Bar {
  constructor(frame) {
    this.frame = frame;
    this.node = element("header", "topbar");
    this.brand = element("a", "brand");
    this.brand.append(mark(), element("span", "", "Entroscope"));
    this.brand.setAttribute("aria-label", "Entroscope");
    this.groups = element("nav", "groups");
    this.groups.setAttribute("aria-label", "Groups of pages");
    this.model = button("", undefined, "quiet model");
    this.unit = element("div", "segments");
    this.unit.setAttribute("role", "group");
    this.unit.setAttribute("aria-label", "Unit of information");
    this.units = UNITS.map((unit) => button(unit, () => frame.set({ unit })));
    this.unit.append(...this.units);
    this.theme = button("◐", undefined, "quiet theme");
    this.theme.setAttribute("aria-label", "Theme");
    menu(this.theme, () => this.themes());
    opens(this.model, (close) => this.models(close));
    this.account = new Account(frame);
    this.node.append(this.brand, this.groups, element("span", "gap"), frame.palette.opener, frame.lecture.opener, this.model, this.unit, this.theme, this.account.node);
    this.tabs = element("nav", "tabs");
    this.tabs.setAttribute("aria-label", "Lenses of this group");
    this.family = element("nav", "tabs family");
    this.family.setAttribute("aria-label", "Lenses of this family");
    this.last = {}; // group → page that was shown last
  }

  pages() {
    return this.frame.data.nav.flatMap((group) => group.pages);
  }

  draw() {
    const { data, page, state } = this.frame;
    this.last[page.group] = page;
    this.link(this.brand, this.pages()[0]);
    this.groups.replaceChildren(
      ...data.nav.map((group) => {
        const link = element("a", "", group.title);
        this.link(link, this.last[group.name] ?? group.pages[0]);
        if (group.name === page.group) link.setAttribute("aria-current", "true");
        return link;
      }),
    );
    this.drawTabs(data.nav.find((group) => group.name === page.group)?.pages ?? []);
    const model = data.models.find((each) => each.chosen);
    this.model.textContent = `${model.short} ▾`;
    this.model.title = model.label;
    this.account.draw();
    this.units.forEach((each, i) => each.setAttribute("aria-pressed", UNITS[i] === state.unit));
  }

  // A family of lenses is one tab, with its lenses in a row of their own.
  drawTabs(pages) {
    const { page } = this.frame;
    const own = pages.find((each) => each.name === page.name) ?? pages[0];
    const seen = new Set();
    const tabs = [];
    for (const each of pages) {
      const title = each.family || each.title;
      if (seen.has(title)) continue;
      seen.add(title);
      const current = title === (own?.family || own?.title);
      tabs.push(this.tab(title, current ? own : each, current));
    }
    this.tabs.replaceChildren(...tabs, this.frame.head.figures);
    const family = own?.family ? pages.filter((each) => each.family === own.family) : [];
    this.family.hidden = family.length < 2;
    this.family.replaceChildren(...family.map((each) => this.tab(each.title, each, each === own)));
  }

  tab(title, page, current) {
    const link = element("a", "tab", title);
    link.title = page.summary;
    this.link(link, page);
    if (current) link.setAttribute("aria-current", "page");
    return link;
  }

  // A real link, so that it can be opened in a new tab; a plain click stays here.
  link(node, page) {
    node.href = this.frame.address.url(page);
    node.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.frame.go(page);
    };
  }

  themes() {
    const now = chosenTheme();
    const paths = this.pages().map((page) => this.frame.address.base + page.path);
    const themes = Object.entries(THEMES).map(([name, label]) => ({
      label,
      checked: name === now,
      act: () => chooseTheme(name, paths),
    }));
    return [...themes, ...this.ofReader()];
  }

  // Among others: a way to leave the computer to the next, and the administrator's page.
  ofReader() {
    const { data, address } = this.frame;
    if (data.alone) return [];
    const leave = async () => {
      const { leaveForm } = await import("./readers/leaving.js");
      openAt(this.theme, (close) => leaveForm(this.frame, close));
    };
    const admin = data.administers ? [{ label: "Administration", href: `${address.base}admin` }] : [];
    const own = data.account?.signedIn ? [] : [{ label: "Leave this computer…", act: leave }]; // else: Sign out
    const entries = [...admin, ...own];
    return entries.length ? [{ heading: "This computer" }, ...entries] : [];
  }

  models(close) {
    const { frame } = this;
    const box = element("div", "form");
    box.append(element("div", "menu-heading", "Model"));
    const choose = (spec) => {
      frame.reports.ask({ do: "model", ...spec });
      close();
    };
    for (const each of frame.data.models) {
      const entry = button(each.label, () => choose({ source: each.source, revision: each.revision }), "menu-item");
      entry.setAttribute("aria-pressed", each.chosen);
      box.append(entry);
    }
    if (frame.data.anyModel) {
      const field = element("input", "field");
      field.placeholder = "hub id, folder or .gguf file";
      field.setAttribute("aria-label", "Another model: hub id, folder or path of a .gguf file");
      field.addEventListener("keydown", (event) => {
        event.stopPropagation();
        if (event.key === "Enter" && field.value.trim()) choose({ source: field.value.trim() });
      });
      box.append(element("label", "menu-heading", "＋ Add a model…"), field);
      box.append(element("small", "hint", "For example Qwen/Qwen3-0.6B, ~/models/mine or model.gguf; Enter takes it."));
    }
    const { dtype } = frame.data.model;
    const numbers = element("div", "segments");
    numbers.setAttribute("role", "group");
    numbers.setAttribute("aria-label", "Number type");
    for (const each of ["auto", "float32", "bfloat16", "float16"]) {
      const choice = button(each, () => choose({ dtype: each }));
      choice.setAttribute("aria-pressed", each === dtype);
      numbers.append(choice);
    }
    box.append(element("div", "menu-heading", "Number type"), numbers);
    const { model } = frame.data;
    if (/^[\w-]+\/[\w.-]+$/.test(model.source)) {
      box.append(this.line("Revision of the hub", "a branch, tag or commit", model.revision ?? "", (revision) => choose({ source: model.source, revision: revision || null })));
    }
    box.append(this.line("Device", "auto, cpu, mps, cuda or cuda:0", model.device ?? "", (device) => choose({ device })));
    return box;
  }

  // A field that is taken over by Enter.
  line(label, placeholder, value, take) {
    const made = control({ name: label, label, kind: "line", help: "" }, value, () => {});
    const input = made.querySelector("input");
    input.placeholder = placeholder;
    input.addEventListener("keydown", (event) => event.key === "Enter" && take(input.value.trim()));
    return made;
  }
}

function mark() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [x, height] of [[2, 6], [7, 12], [12, 20], [17, 9]]) {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x, y: 22 - height, width: 4, height, rx: 1 })) rect.setAttribute(name, value);
    svg.append(rect);
  }
  return svg;
}
