// A stand-in for the frame: gives one view what components/browser/views expect, and notes set().
import { fetchParcel } from "/assets/dev/parcels.js";
import { DEFAULTS } from "/assets/dev/state.js";

const query = (params) => new URLSearchParams(params).toString();

export async function mount({ run, panel, state }) {
  const host = document.getElementById("host");
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const sheet = document.createElement("link");
  Object.assign(sheet, { rel: "stylesheet", href: "/styles.css" });
  const ready = new Promise((done) => (sheet.onload = done));
  const box = document.createElement("div");
  box.style.cssText = "height:100%;width:100%;min-height:0";
  root.replaceChildren(sheet, box);
  await ready;
  const base = `/data/${run.content}`;
  window.calls = [];
  window.asked = [];
  const stage = {
    state: {
      ...DEFAULTS, token: 0, ...state,
    },
    first: state?.token ?? 0,
    set(change) {
      const keys = Object.keys(change).filter((key) => JSON.stringify(change[key]) !== JSON.stringify(stage.state[key]));
      if (!keys.length) return;
      window.calls.push(change);
      Object.assign(stage.state, change);
      if (keys.includes("theme")) dress();
      view.update(new Set(keys));
    },
    part(name, params = {}) {
      window.asked.push(`${name}?${query(params)}`);
      return fetchParcel(`${base}/${name}?${query(params)}`);
    },
    partOf: async () => null,
    partAt: (content, name) => fetchParcel(`/data/${content}/${name}`),
    reading: state?.reading,
    reports: { ask: (action) => window.calls.push({ ask: action }) },
    go: (page, action) => window.calls.push({ go: page, ask: action }),
    bar: { pages: () => [{ kind: "text", path: "tokens" }] },
    async chart(name, unit, params = {}) {
      const answer = await fetch(`${base}/${name}.vl.json?${query({ unit, ...params })}`);
      if (!answer.ok) throw new Error(await answer.text());
      const spec = await answer.json();
      if (spec.nothing) throw new Error(spec.nothing);
      return spec;
    },
    pattern(layer, head, params = {}) {
      return stage.part("pattern", { layer, head, ...params });
    },
    announce: (text) => (window.announced = text),
    act: (...what) => window.calls.push({ act: what }),
    text: null,
  };
  const dress = () => (document.documentElement.style.background = stage.state.theme === "dark" ? "#10151c" : "#fff");
  if (run.tokens !== null) stage.text = await fetchParcel(`${base}/text`);
  dress();
  const { default: View } = await import(`/assets/dev/views/${panel.module}.js`);
  window.view?.close();
  const view = new View(stage, panel);
  Object.assign(window, { stage, view, root });
  box.append(...(view.legend ? [view.legend] : []), view.node);
  await view.show(run);
}
window.mount = mount;
