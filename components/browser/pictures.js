// Pictures along the text share one place: one of them is seen at a time, chosen by its tab.

import { element, mark } from "./dom.js";

export class Pictures {
  constructor(frame) {
    this.frame = frame;
    this.figures = [];
  }

  /** What stands in an area: its figures, under tabs where they share one place. */
  arrange(area, figures) {
    if (area !== "timeline") return figures.map((figure) => figure.node);
    this.figures = figures.length > 1 ? figures : [];
    if (figures.length < 2) return figures.map((figure) => figure.node);
    const { frame } = this;
    const { kind } = frame.lens;
    const tabs = mark(element("div", "choices"), { role: "tablist" });
    for (const figure of figures) {
      figure.tab = mark(element("button", "choice", figure.panel.title), { type: "button", role: "tab" });
      figure.tab.addEventListener("click", () => frame.set({ tab: { ...frame.state.tab, [kind]: figure.panel.name } }));
      tabs.append(figure.tab);
    }
    tabs.addEventListener("keydown", (event) => stepTabs(event, figures.map((each) => each.tab)));
    this.choose();
    return [tabs, ...figures.map((figure) => figure.node)];
  }

  /** Show the picture that the state names, else the first. */
  choose() {
    const { figures, frame } = this;
    const wanted = frame.state.tab[frame.lens?.kind];
    const shown = figures.find((figure) => figure.panel.name === wanted) ?? figures[0];
    for (const figure of figures) {
      const on = figure === shown;
      figure.tab.setAttribute("aria-selected", on);
      figure.tab.tabIndex = on ? 0 : -1;
      figure.node.hidden = !on;
      if (on) figure.wake();
    }
  }
}

function stepTabs(event, tabs) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const at = tabs.findIndex((tab) => tab.matches(":focus"));
  if (!step || at < 0) return;
  const next = tabs[(at + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
  event.preventDefault();
  event.stopPropagation();
}
