import { element } from "../dom.js";
export default class Strip {
  constructor(stage, panel) { this.stage = stage; this.panel = panel; this.node = element("div", "striptext"); this.node.tabIndex = 0; this.node.setAttribute("role", "listbox"); }
  async show(run) {
    const text = await stage_text(this.stage, run);
    await this.stage.part("strip");
    this.nodes = text.tokens.map((t, i) => { const s = element("span", "t", t); s.addEventListener("click", () => this.stage.set({ token: i })); s.setAttribute("role", "option"); return s; });
    this.node.replaceChildren(...this.nodes);
    this.mark();
  }
  mark() { this.nodes?.forEach((n, i) => n.setAttribute("aria-selected", i === this.stage.state.token)); }
  update(changed) { if (changed.has("token")) this.mark(); }
  close() {}
}
async function stage_text(stage, run) { return stage.textReady ?? stage.part("text"); }
