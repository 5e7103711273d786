// The menus of the head line, and the little forms that open under its buttons.

import { copied } from "../copying.js";
import { button, element } from "../dom.js";
import { control } from "../form.js";
import { addForm } from "../lessons/own.js";
import { openAt } from "../menu.js";
import { oneLine } from "../words.js";
import { serverField } from "./servers.js";

/** What there is to open. */
export function examples(frame) {
  return [
    { heading: "Examples" },
    ...frame.data.examples.map((each) => ({
      label: each.title,
      note: each.note,
      checked: each.name === frame.reading?.address.example || (each.ask?.a !== undefined && each.ask.a === frame.reading?.address.a),
      act: () => frame.reports.ask(each.ask ?? { do: "open", example: each.name }),
    })),
  ];
}

/** What a lens lets one choose beside what it needs. */
export function optionsForm(frame, close) {
  const { lens } = frame;
  const values = frame.fields.values();
  const chosen = (frame.fields.chosen[lens.kind] ??= {});
  const box = element("div", "form");
  const fields = Object.values(lens.fields).filter((field) => !field.needed && field.kind !== "own");
  box.append(element("div", "menu-heading", `Options of ${lens.title}`));
  for (const field of fields) {
    if (field.name === "server") box.append(serverField(frame, values.server, (value) => { chosen.server = value; }));
    else box.append(control(field, values[field.name], (value) => { chosen[field.name] = value; }));
  }
  const foot = element("div", "edit-foot");
  foot.append(button("Run", () => { close(); frame.fields.run(); }, "primary"));
  box.append(foot);
  return box;
}

/** The name and tags to save a run with. */
export function saveForm(frame, close) {
  const values = { title: frame.reading?.title ?? "", tags: "" };
  const box = element("div", "form");
  box.append(
    control({ name: "title", label: "Name", kind: "line", help: "" }, values.title, (value) => { values.title = value; }),
    control({ name: "tags", label: "Tags", kind: "line", help: "With commas between." }, "", (value) => { values.tags = value; }),
  );
  const foot = element("div", "edit-foot");
  const save = () => { frame.reports.ask({ do: "save", kind: frame.lens.kind, ...values }); close(); };
  box.addEventListener("keydown", (event) => event.key === "Enter" && save());
  foot.append(button("Save to the library", save, "primary"));
  box.append(foot);
  return box;
}

/** The files of what is on screen. */
export function exportItems(frame) {
  const { kind } = frame.lens;
  const content = frame.reading?.contents[kind];
  if (!content) return [{ heading: "Nothing measured yet" }];
  const name = (frame.reading.title || oneLine(frame.reading.text).slice(0, 40)).replace(/[^\p{L}\p{N}]+/gu, "-");
  const to = (part, label, note, parameters) => {
    return { label, note, href: frame.dataUrl(content, part, parameters), download: `${name}.${part.split("/").at(-1)}` };
  };
  const tables = (frame.reading.tables ?? frame.lens.tables ?? []).map((name) => to(`table/${name}.csv`, `Table of ${name.replaceAll("_", " ")}`, "CSV, in nats"));
  if (frame.reading.sides) return [{ heading: "This comparison" }, ...tables];
  return [
    { heading: `${frame.lens.title} of this reading` },
    to("report.html", "Report", "one HTML file, works offline", { unit: frame.state.unit }),
    ...tables,
    to("run.json", "All numbers", "JSON, in nats"),
    to("run.safetensors", "The run", "opens again here and in Python"),
    to("snippet.py", "Make it again in Python", "a short program"),
  ];
}

/** Everything else about a reading: what has no room in the line, the guide, how it was made. */
export function moreItems(head) {
  const { frame } = head;
  const narrow = window.matchMedia("(max-width: 1099px)").matches;
  const content = frame.reading?.contents[frame.lens.kind];
  const items = [];
  if (narrow) {
    for (const each of head.wide) items.push({ label: each.textContent, act: () => setTimeout(() => each.click()) });
  }
  if (content && frame.data.teaches) items.push({ label: "Add this view to a lesson…", act: () => setTimeout(() => openAt(head.dots, (close) => addForm(frame, close))) });
  for (const part of frame.lens.guide) items.push({ content: element("p", "guide", part) });
  items.push({ content: facts(frame) });
  if (content && !frame.reading.sides) items.push({ label: "Make it again in Python", href: frame.dataUrl(content, "snippet.py"), download: "" });
  return items;
}

function facts({ reading }) {
  const list = element("dl", "facts");
  for (const [name, value] of Object.entries(reading?.facts ?? {})) {
    list.append(element("dt", "", name), element("dd", "", value));
  }
  return list;
}

/** Put an address of this view into the clipboard, or say it. */
export async function copyLink(frame) {
  const url = frame.link();
  frame.notice({ kind: "info", text: (await copied(url)) ? "Link copied." : url });
}
