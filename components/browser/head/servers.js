// Which server is asked, and a form for one that is not known yet. Address and key go to the server of
// the app with one request; they are in no address, draft or run.

import { button, element } from "../dom.js";
import { control, select } from "../form.js";

const TYPED = / #[0-9a-f]{16}$/; // behind the name of one that somebody typed
const FIELDS = [
  { name: "name", label: "Name", kind: "line", help: "" },
  { name: "address", label: "Address", kind: "line", help: "Up to /v1, such as http://127.0.0.1:8080/v1." },
  { name: "key", label: "Key", kind: "line", help: "Kept until this session ends, and nowhere else." },
  { name: "model", label: "Model", kind: "line", help: "Its first when left open." },
  { name: "vocabulary", label: "Tokens the model knows", kind: "whole", low: 1, high: null, empty: true, help: "Where the server does not say." },
];

/** The servers to choose from, and under them the form. */
export function serverField(frame, value, changed) {
  const { servers } = frame.data;
  const box = element("div", "control");
  const named = servers.map((each) => [each, TYPED.test(each) ? `${each.replace(TYPED, "")} (this session)` : each]);
  box.append(element("label", "", "Server"));
  if (servers.length) box.append(select("Server", named, value, changed));
  const more = element("details", "connect");
  more.open = !servers.length;
  more.append(element("summary", "", "Connect to another…"), connectForm(frame, () => { more.open = false; changed(""); }));
  box.append(more);
  return box;
}

function connectForm(frame, done) {
  const said = {};
  const box = element("div", "form");
  for (const field of FIELDS) {
    const row = control({ ...field, name: `server-${field.name}` }, "", (value) => { said[field.name] = value; });
    const input = row.querySelector("input");
    input.autocomplete = "off";
    if (field.name === "key") input.type = "password";
    box.append(row);
  }
  const connect = button("Connect", () => {
    frame.reports.ask({ do: "connect", ...said });
    for (const input of box.querySelectorAll("input")) input.value = "";
    for (const name of Object.keys(said)) delete said[name];
    done();
  }, "primary");
  box.append(connect);
  return box;
}
