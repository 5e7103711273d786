// What teachers do with lessons of their own: asking the server, and adding the view on screen.

import { button, element } from "../dom.js";
import { control, select } from "../form.js";

/** Ask for a change of own lessons; the answer, or an error that says in one line what is wrong. */
export async function own(frame, path, method = "GET", body = undefined, more = {}) {
  const url = `${frame.address.base}learn/${path}`;
  const sent = body === undefined || body instanceof Blob ? body : JSON.stringify(body);
  const answer = await fetch(url, { method, body: sent, headers: { "X-Entroscope": "1" }, ...more });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/** The view on screen: where it is, and the run that it shows. */
export function viewNow({ address, data, lens, page, reading }) {
  const query = address.query();
  const sources = Object.keys(reading.address).filter((name) => name !== "example"); // the server names a run that stays
  for (const name of ["lesson", "lecture", "job", "branches", ...sources, ...Object.keys(data.address)]) query.delete(name);
  return { look: `${page.path}?${query}`, content: reading.contents[lens.kind], branches: reading.branches ?? [] };
}

let last = ""; // the lesson that a view was added to last

/** A small form: to which lesson the view is added. */
export function addForm(frame, close) {
  const box = element("div", "form");
  const fail = (error) => frame.notice({ kind: "error", text: error.message });
  box.append(element("div", "menu-heading", "Add this view to a lesson"));
  own(frame, "lessons").then((lessons) => {
    const mine = lessons.filter((each) => each.own);
    const wanted = [frame.lesson.whole?.own, last].find((id) => mine.some((each) => each.own === id)) ?? "";
    let [chosen, title] = [wanted, ""];
    const name = control({ name: "lesson-title", label: "Its title", kind: "line", help: "" }, "", (value) => { title = value; });
    name.hidden = chosen !== "";
    const list = select("Lesson", [["", "a new lesson"], ...mine.map((each) => [each.own, each.title])], chosen, (value) => {
      chosen = value;
      name.hidden = value !== "";
    });
    const foot = element("div", "edit-foot");
    const add = () => addView(frame, chosen, title).then(close, fail);
    foot.append(button("Add", add, "primary"));
    box.append(list, name, foot);
    box.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("input") && add());
    (chosen ? list : name.querySelector("input")).focus();
  }, fail);
  return box;
}

async function addView(frame, id, title) {
  await frame.lesson.editor.flush();
  const lesson = id || (await own(frame, "own", "POST", { title })).own;
  const made = await own(frame, `own/${lesson}/steps`, "POST", viewNow(frame));
  last = lesson;
  frame.lesson.changed(made);
  frame.notice({ kind: "info", text: `Added as step ${made.steps.length} of “${made.title}”. Its words are written under Learn › Lessons.` });
}
