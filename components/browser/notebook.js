// The parts of the stage in a notebook: a frame of a few lines around the same views. What they draw
// from is asked of Python through the widget's own line; no server is needed.

import { strengthen } from "./colour.js";
import { element } from "./dom.js";
import { unpack } from "./parcels.js";
import { DEFAULTS, same } from "./state.js";
import Expected from "./views/expected.js";
import Facts from "./views/facts.js";
import Heads from "./views/heads.js";
import Strip from "./views/strip.js";

const VIEWS = { expected: Expected, facts: Facts, heads: Heads, strip: Strip };
const SHARED = ["token", "head", "unit"]; // state that Python reads and sets

/** What views take for the frame; see components/browser/frame.js. */
class Stage {
  constructor(model, run) {
    Object.assign(this, { model, run, views: [], first: model.get("token") });
    this.waiting = new Map();
    this.asked = new Map(); // address → parcel
    const shared = SHARED.map((name) => [name, model.get(name)]);
    this.state = { ...DEFAULTS, theme: themeHere(), ...Object.fromEntries(shared) };
    this.hear = (message, buffers) => this.#answered(message, buffers);
    model.on("msg:custom", this.hear);
    for (const name of SHARED) model.on(`change:${name}`, this[name] = () => this.set({ [name]: model.get(name) }));
  }

  set(changes) {
    const changed = new Set(Object.keys(changes).filter((name) => !same(this.state[name], changes[name])));
    if (!changed.size) return;
    Object.assign(this.state, changes);
    for (const view of this.views) view.update(changed);
    const shared = SHARED.filter((name) => changed.has(name));
    for (const name of shared) this.model.set(name, this.state[name]);
    if (shared.length) this.model.save_changes();
  }

  /** A part of the run, asked for once. */
  part(name, parameters = {}) {
    const address = JSON.stringify([name, parameters]);
    if (!this.asked.has(address)) this.asked.set(address, this.#ask(name, parameters));
    return this.asked.get(address);
  }

  #ask(name, parameters) {
    const id = crypto.randomUUID?.() ?? `${Math.random()}`;
    return new Promise((done, fail) => {
      this.waiting.set(id, { done, fail });
      this.model.send({ id, name, parameters });
    });
  }

  // Every view of one widget is told every answer: those of others are not waited for here.
  #answered({ id, error }, buffers) {
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    if (error !== undefined) asked?.fail(new Error(error));
    else asked?.done(unpack(aligned(buffers[0])));
  }

  /** A head's pattern needs the model to read again, which a widget does not do. */
  async pattern() {
    throw new Error("Patterns of heads are shown in the app.");
  }

  close() {
    this.model.off("msg:custom", this.hear);
    for (const name of SHARED) this.model.off(`change:${name}`, this[name]);
    for (const view of this.views) view.close();
  }
}

/** The bytes of a view of a buffer, in a buffer of their own. */
function aligned(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

/** Notebooks say on the page whether they are dark; elsewhere the reader's system does. */
function themeHere() {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "true" ? "light" : "dark";
  if (vscodeThemeKind) return vscodeThemeKind.includes("dark") ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Draw a widget into ``el``; return what takes it away. */
export async function render({ model, el }, styles) {
  const run = model.get("run");
  const root = element("div", "notebook");
  const shadow = el.appendChild(element("div")).attachShadow({ mode: "open" });
  shadow.append(Object.assign(element("style"), { textContent: styles }), root);
  const stage = new Stage(model, run);
  strengthen(matchMedia("(prefers-contrast: more)").matches);
  if (run.tokens !== null) {
    stage.textReady = stage.part("text");
    stage.text = await stage.textReady;
  }
  const [main, side] = ["main", "side"].map((name) => root.appendChild(element("div", `notebook-${name}`)));
  for (const panel of model.get("panels")) {
    const view = new VIEWS[panel.module](stage, panel);
    const box = element("section", `notebook-${panel.module}`);
    box.append(...(panel.title ? [element("h3", "notebook-title", panel.title)] : []), view.node);
    (panel.area === "inspector" ? side : main).append(box);
    stage.views.push(view);
  }
  await Promise.all(stage.views.map((view) => view.show(run)));
  return () => stage.close();
}
