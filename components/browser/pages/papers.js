// The atlas of papers: what each claims, where it is seen here, and the figures expected and found.

import { element, mark } from "../dom.js";
import { select, stopKeys } from "../form.js";
import { count } from "../words.js";

const ALL = { words: "", question: "", lens: "", state: "" };
const STATES = { "": "all papers", shown: "seen here", missing: "no lens yet" };

export default class Papers {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "page papers");
    this.status = mark(element("p", "count"), { role: "status" });
    this.list = element("ol", "paper-list");
  }

  /** What the list is narrowed to. */
  get chosen() {
    return { ...ALL, ...this.frame.state.papers };
  }

  choose(name, value) {
    const all = Object.entries({ ...this.chosen, [name]: value });
    this.frame.set({ papers: Object.fromEntries(all.filter(([, each]) => each)) });
  }

  update(changed) {
    if (this.papers && changed.has("papers")) this.filter();
  }

  async draw() {
    if (this.papers) return;
    const answer = await fetch(`${this.frame.address.base}learn/papers`);
    this.papers = grouped(await answer.json());
    const shown = this.papers.filter((paper) => paper.claims.length);
    const claims = shown.flatMap((paper) => paper.claims);
    const agreed = claims.filter((claim) => claim.ok).length;
    this.node.replaceChildren(
      element("h1", "", "Papers"),
      element("p", "hint", `${count(shown.length)} of ${count(this.papers.length)} papers can be seen here. ${count(agreed)} of ${count(claims.length)} figures are found on a shipped run as near as stated; where ours and the paper's disagree, the entry says so.`),
      this.filters(),
      this.status,
      this.list,
    );
    for (const paper of this.papers) paper.node = this.entry(paper);
    this.list.append(...this.papers.map((paper) => paper.node));
    this.filter();
  }

  filters() {
    const row = element("div", "paper-filters");
    const search = mark(element("input", "field"), { type: "search", placeholder: "Search titles, authors, claims…", "aria-label": "Search papers" });
    stopKeys(search);
    search.addEventListener("input", () => this.choose("words", search.value));
    const options = (all, name) => [["", all], ...[...new Set(this.papers.flatMap((paper) => paper[name]))].sort().map((each) => [each, each])];
    const list = (label, name, choices) => select(label, choices, "", (value) => this.choose(name, value));
    this.fields = {
      words: search,
      question: list("Question", "question", options("every question", "question")),
      lens: list("Lens", "lens", options("every lens", "lenses")),
      state: list("Which papers", "state", Object.entries(STATES)),
    };
    row.append(...Object.values(this.fields));
    return row;
  }

  filter() {
    for (const [name, field] of Object.entries(this.fields)) {
      if (field.value !== this.chosen[name]) field.value = this.chosen[name];
      field.value ||= ""; // of a list: what it does not have is no choice
    }
    const [words, question, lens, state] = ["words", "question", "lens", "state"].map((name) => this.fields[name].value);
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const paper of this.papers) {
      const fits = wanted.every((word) => paper.searched.includes(word))
        && (!question || paper.question === question)
        && (!lens || paper.lenses.includes(lens))
        && (!state || (state === "shown") === paper.claims.length > 0);
      paper.node.hidden = !fits;
      found += fits;
    }
    this.status.textContent = found === this.papers.length ? "" : `${count(found)} of ${count(this.papers.length)} papers`;
  }

  entry({ number, title, citation, question, lenses, claims }) {
    const node = mark(element("li", `paper${claims.length ? "" : " missing"}`), { id: `paper-${number}`, value: number });
    node.append(element("h2", "", title), element("p", "hint", `${citation} · ${question}`), ...claims.map((claim) => this.claim(claim)));
    if (!claims.length) node.append(element("p", "paper-missing", `No lens shows it yet; it belongs to ${lenses[0]}.`));
    return node;
  }

  claim({ claim, lens, look, expected, tolerance, found, ok, remark }) {
    const node = element("div", "paper-claim");
    const link = element("a", "paper-look", `See it in ${lens} →`);
    link.href = `${this.frame.address.base}${look}`;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.frame.visit(look);
    });
    const figures = element("p", `paper-figures ${ok ? "ok" : "off"}`);
    const within = tolerance ? ` ± ${figure(tolerance)}` : "";
    const said = expected === null ? "" : `expected ${figure(expected)}${within} · `;
    figures.append(element("b", "", ok ? "✓ " : "✗ "), `${said}found ${found === null ? "nothing" : figure(found)} · `, link);
    node.append(element("p", "", claim), figures);
    if (remark) node.append(element("p", "hint", remark));
    return node;
  }
}

const figure = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

/** One entry a paper, of rows that are one a claim; those that can be seen come first. */
function grouped(rows) {
  const papers = new Map();
  for (const { number, title, citation, question, lens, ...rest } of rows) {
    const paper = papers.get(number) ?? { number, title, citation, question, lenses: [], claims: [], searched: `${number}` };
    if (!paper.lenses.includes(lens)) paper.lenses.push(lens);
    if (rest.claim) paper.claims.push({ lens, ...rest });
    paper.searched = [paper.searched, title, citation, lens, rest.claim, rest.remark].join(" ").toLowerCase();
    papers.set(number, paper);
  }
  const order = (paper) => Number(!paper.claims.length);
  return [...papers.values()].sort((a, b) => order(a) - order(b) || a.number - b.number);
}
