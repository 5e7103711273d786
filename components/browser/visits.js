// Going to a look: a page, its state and its run, as an address holds them, without a reload.

import { pushAddress } from "./private.js";

const SOURCES = ["example", "run"]; // names of the run that the server opens
const KEPT = ["unit", "lesson", "lecture", "papers"]; // stay as they are where a look says nothing of them

export class Visits {
  constructor(frame) {
    this.frame = frame;
    this.under = null; // state of the look whose run the server still opens
    this.turn = 0; // goes up with every visit, and when the reader does something
    for (const name of ["pointerdown", "keydown"]) frame.body.addEventListener(name, () => (this.turn += 1), true);
  }

  /** @param {string} look such as "tokens?example=text_fact&token=5"  @param {Object} [more] state beside it */
  go(look, more = {}) {
    const { frame } = this;
    const [path, query = ""] = look.split("?");
    const page = frame.bar.pages().find((each) => each.path === path);
    if (!page) return frame.notice({ kind: "error", text: `There is no page ${path}.` });
    const said = new URLSearchParams(query);
    frame.address.write({ replace: true }); // Back leads to what is on screen now
    const state = { ...frame.address.stateOf(said), ...more };
    for (const name of KEPT) if (!said.has(name) && !(name in more)) state[name] = frame.state[name];
    const action = this.opens(page, said, Boolean(more.lesson));
    this.under = action ? state : null;
    this.turn += 1;
    frame.set(state);
    if (action) pushAddress(frame.address.base + look); // at once, for a reload while the server opens it
    return frame.go(page, action);
  }

  // What the server is asked to open; nothing if the run is on screen already.
  opens(page, said, exactly) {
    const { reading, page: now } = this.frame;
    if (said.has("a") && said.has("b")) {
      const [a, b] = [said.get("a"), said.get("b")];
      const both = reading?.address.a === a && reading?.address.b === b;
      return both && now.name === page.name ? undefined : { do: "compare", a, b };
    }
    const name = SOURCES.find((each) => said.has(each));
    if (!name) return undefined;
    const here = reading?.subject && now.subject === page.subject && reading.address[name] === said.get(name);
    const branches = said.get("branches");
    // A step of a lesson shows the branches that it names, and no others.
    const same = !exactly || (branches?.split(".").length ?? 0) === (reading?.branches?.length ?? 0);
    if (here && same) return undefined;
    return { do: branches ? "open_branched" : "open", [name]: said.get(name), ...(branches ? { branches } : {}) };
  }

  /** The server has answered: once the run is drawn, whatever it made of the state gives way to the look's. */
  async arrive(drawn) {
    const { under, turn } = this;
    if (!under) return;
    await drawn;
    if (this.under !== under) return; // another visit has begun meanwhile
    this.under = null;
    const { token, ...rest } = under; // a look without a token leaves the one pinned at first
    if (this.turn === turn) this.frame.set(token === null ? rest : under);
    this.frame.address.write({ replace: true });
  }
}
