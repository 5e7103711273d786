// What the server is told: which page is on screen, and what was asked for. One report is under
// way at a time; it repeats every request that the server has not acknowledged, so that none is
// lost and none is done twice. Nothing is sent without a connection, and nothing repeated while the
// server works on the page: a repetition would begin its work anew.

import { isConnected, isRunning } from "./private.js";

const WORK = new Set(["run", "measure", "branch"]);
const PATIENCE = 4000; // milliseconds until an answer is given up and the report sent again
const LONGEST = 60000; // every further repetition waits twice as long, up to this

export class Reports {
  constructor(frame) {
    this.frame = frame;
    this.serial = Date.now();
    this.asked = []; // {serial, ...}: not acknowledged yet
    this.underWay = null;
    this.changed = false;
    this.patience = PATIENCE;
  }

  /** Whether a report is under way. */
  get busy() {
    return this.underWay !== null;
  }

  /** Whether the server has yet to hear of something. */
  get waiting() {
    return this.busy || this.changed;
  }

  /** Tell which page is on screen. */
  page() {
    this.changed = true;
    this.push();
  }

  /** Ask for something, such as ``{do: "run", …}``. */
  ask(action) {
    if (WORK.has(action.do)) this.frame.jobs.expect();
    if (WORK.has(action.do) || action.do === "open") this.frame.classroom?.left();
    this.asked.push({ serial: ++this.serial, ...action });
    this.changed = true;
    this.push();
  }

  push() {
    if (!this.changed || this.busy || !isConnected()) return;
    this.changed = false;
    this.underWay = ++this.serial;
    const { group, name } = this.frame.page;
    const sent = this.underWay;
    this.send("report", { serial: sent, page: `${group}/${name}`, asked: this.asked });
    this.timer = setTimeout(() => this.repeat(sent), this.patience);
  }

  repeat(sent) {
    if (this.underWay !== sent) return;
    if (isConnected() && isRunning()) {
      this.timer = setTimeout(() => this.repeat(sent), this.patience);
      return;
    }
    this.patience = Math.min(2 * this.patience, LONGEST);
    this.underWay = null;
    this.changed = true;
    this.push();
  }

  /** The server has done everything up to a report. */
  acknowledge(serial) {
    if (!this.busy || !(serial >= this.underWay)) return;
    clearTimeout(this.timer);
    this.patience = PATIENCE;
    this.asked = this.asked.filter((each) => each.serial > serial);
    this.underWay = null;
    this.push();
  }
}
