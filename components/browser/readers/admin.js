// The administrator's page: what is loaded, what waits for whom, and a way to stop it.

import { button, element } from "../dom.js";

const EVERY = 3000; // milliseconds between two looks
const ASKED = { method: "POST", headers: { "X-Entroscope": "1", "Content-Type": "application/json" } };
const here = new URL("./", document.baseURI);
const places = Object.fromEntries(["said", "machine", "models", "work", "readers"].map((name) => [name, document.getElementById(name)]));

async function look() {
  const answer = await fetch(new URL("admin/state", here)).catch(() => null);
  if (!answer?.ok) {
    places.said.textContent = answer ? await answer.text() : "The server does not answer.";
    return;
  }
  const state = await answer.json();
  draw("machine", ["", ""], Object.entries(state.machine).map(([name, value]) => [name, value]));
  draw("models", ["Model", "Computed as", "Memory", ""], state.models.map((each) => [
    each.name, `${each.dtype} on ${each.device}`, each.memory, act("Unload", "admin/unload", each.spec),
  ]));
  draw("work", ["Reader", "What", "Model", "State", "Standing", ""], state.work.map((each) => [
    each.reader, each.what, each.model, each.state, each.message, act("Stop", "admin/stop", { order: each.order }),
  ]));
  draw("readers", ["Reader", "Waiting", "Running"], state.readers.map((each) => [each.reader, each.waiting, each.running]));
}

function act(label, place, said) {
  return button(label, async () => {
    const answer = await fetch(new URL(place, here), { ...ASKED, body: JSON.stringify(said) });
    places.said.textContent = answer.ok ? "" : await answer.text();
    look();
  });
}

function draw(name, heads, rows) {
  const table = element("table");
  const cells = (tag, values) => {
    const row = element("tr");
    for (const each of values) {
      const cell = element(tag);
      cell.append(each instanceof Node ? each : String(each));
      row.append(cell);
    }
    return row;
  };
  if (heads.some(Boolean)) table.append(cells("th", heads));
  table.append(...rows.map((each) => cells("td", each)));
  if (!rows.length) table.replaceChildren(cells("td", ["nothing"]));
  places[name].replaceChildren(table);
}

look();
setInterval(() => document.visibilityState === "visible" && look(), EVERY);
