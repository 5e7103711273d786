// The address: the frame alone writes it, so that it always says what is on screen. The server
// reads it when a session begins, and is told of it after Back and Forward.

import { pushAddress, replaceAddress, takeHistory } from "./private.js";
import { DEFAULTS, OLDER, WRITTEN } from "./state.js";

const PAUSE = 150; // milliseconds; held-down arrow keys are written once
const STEP = 700; // quick changes within this time are one entry of the history

const PINS = ["token", "row", "step"];
const QUICK = [...PINS, "papers"]; // what is set many times in a row: by keys held down, or by typing

export class Address {
  constructor(frame) {
    this.frame = frame;
    this.returned = false; // by Back or Forward, and the server has not answered yet
    takeHistory(() => this.back());
  }

  /** Find the base of all addresses from the page's own, and take over what the address says. */
  begin(data) {
    const { pathname } = window.location;
    const { path } = data.assets;
    this.base = path && pathname.endsWith(`/${path}`) ? pathname.slice(0, -path.length) : pathname;
    if (!this.base.endsWith("/")) this.base += "/";
    this.read();
    // In links of before the stage a step was a token.
    if (path === "trajectories" && this.frame.state.step === null) this.frame.set({ step: this.frame.state.token });
  }

  read() {
    const { frame } = this;
    const found = this.stateOf(new URLSearchParams(window.location.search));
    frame.set({ ...found, token: found.token ?? (frame.text ? frame.first : null) });
  }

  /** What an address says of the state; the default where it says nothing of use. */
  stateOf(said) {
    const found = {};
    for (const [name, [key, form]] of Object.entries(WRITTEN)) {
      const given = [key, OLDER[name]].find((each) => said.has(each));
      const value = given ? form.read(said.get(given)) : undefined;
      found[name] = value ?? DEFAULTS[name];
    }
    return found;
  }

  /** Write soon; see ``write``. */
  later(changed) {
    clearTimeout(this.timer);
    const among = (names) => [...changed].every((name) => names.includes(name));
    const [pins, quick] = [among(PINS), among(QUICK)];
    this.timer = setTimeout(() => {
      const said = new URLSearchParams(window.location.search);
      const first = pins && !PINS.some((name) => said.has(name)); // pinned by itself, so no step
      const written = this.write({ replace: quick && (first || Date.now() - this.quick < STEP) });
      if (written && quick && !first) this.quick = Date.now();
    }, PAUSE);
  }

  /** Write what is on screen into the address, as a step for Back or in place; whether it changed. */
  write({ replace = false } = {}) {
    clearTimeout(this.timer);
    if (!this.base || this.frame.visits.under) return false;
    const wanted = this.url();
    if (wanted === window.location.pathname + window.location.search) return false;
    // While the server is told of another page, the address waits: see Reports.
    if (this.frame.reports.busy && this.pathChanged(wanted)) return false;
    // A job in the address is for a reload, and no step that Back should retrace.
    const step = !replace && withoutJob(wanted) !== withoutJob(window.location.pathname + window.location.search);
    (step ? pushAddress : replaceAddress)(wanted);
    return true;
  }

  pathChanged(wanted) {
    return wanted.split("?")[0] !== window.location.pathname;
  }

  url(page = this.frame.page) {
    const query = this.query(page).toString();
    return `${this.base}${page.path}${query ? `?${query}` : ""}`;
  }

  query(page = this.frame.page) {
    const { state, data, reading } = this.frame;
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries({ ...data.address, ...reading?.address })) query.set(key, value);
    for (const [name, [key, form, only]] of Object.entries(WRITTEN)) {
      if (only && only !== page.module) continue;
      const value = state[name];
      if (value !== null && JSON.stringify(value) !== JSON.stringify(DEFAULTS[name])) query.set(key, form.write(value));
    }
    if (this.frame.jobs.running) query.set("job", this.frame.jobs.running);
    return query;
  }

  // Back or Forward: what the browser knows is drawn at once; the server is told what to open, and
  // no answer to anything before is drawn any more.
  back() {
    clearTimeout(this.timer);
    const { frame } = this;
    this.returned = true;
    const path = window.location.pathname.slice(this.base.length);
    const page = frame.bar.pages().find((each) => each.path === path) ?? frame.page;
    this.read();
    if (page.name !== frame.page.name) frame.enter(page, Boolean(frame.lenses[page.kind]));
    const said = Object.fromEntries(new URLSearchParams(window.location.search));
    frame.reports.ask({ do: "return", page: `${page.group}/${page.name}`, address: said });
  }
}

function withoutJob(url) {
  return url.replace(/[?&]job=[^&]*/, "");
}
