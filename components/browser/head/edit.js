// The boxes of a request, in the place of the head line.

import { button, element } from "../dom.js";
import { draft, keepDraft } from "../drafts.js";
import { afterRest, control } from "../form.js";

/** Ctrl+Enter closes it with the values, Esc with null. */
export function editForm({ lens, fields, reading }, close) {
  const values = { ...fields.values(), ...draft(lens.kind, reading?.id) };
  const form = element("form", "edit-form");
  const own = Object.values(lens.fields).filter((field) => field.kind !== "own");
  const needed = own.some((field) => field.needed) ? own.filter((field) => field.needed) : own;
  const counter = element("span", "count");
  const counted = afterRest(
    (text) => fields.countTokens(text),
    (answer) => {
      counter.textContent = answer.words;
      counter.classList.toggle("over", Boolean(answer.over));
    },
  );
  for (const field of needed) {
    form.append(
      control(field, values[field.name], (value) => {
        values[field.name] = value;
        keepDraft(lens.kind, reading?.id, Object.fromEntries(needed.map(({ name }) => [name, values[name]])));
        if (field.filled) counted(value);
      }),
    );
  }
  const end = (given) => {
    counted.stop(); // else the count would take its time from the run
    close(given);
  };
  const run = button("Run", () => end(values), "primary");
  run.title = "Ctrl+Enter";
  const foot = element("div", "edit-foot");
  foot.append(counter, element("span", "gap"), button("Cancel", () => end(null), "quiet"), run);
  form.append(foot);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end(null);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) end(values);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const subject = needed.find((field) => field.filled);
  if (subject) counted(values[subject.name] ?? "");
  return form;
}
