// What the page says while the server does not answer, and when it is back.

import { element, mark } from "./dom.js";
import { closeConnectionDialog, isConnected, onConnection } from "./private.js";

const SOON = 1000; // milliseconds; a shorter gap is nobody's concern
const LOST = "The server does not answer. What you see and what you typed stay here; the page goes on by itself once it is back.";
const BACK = "The server is back. A run that was not saved may have to be made again.";

export class Connection {
  constructor(frame) {
    this.frame = frame;
    this.node = mark(element("div", "unconnected", LOST), { role: "alert" });
    this.node.hidden = true;
    onConnection(() => this.changed());
  }

  changed() {
    clearTimeout(this.timer);
    if (isConnected()) this.back();
    else {
      closeConnectionDialog();
      this.timer = setTimeout(() => this.lost(), SOON);
    }
  }

  lost() {
    this.node.hidden = false;
  }

  back() {
    if (!this.node.hidden) this.frame.notice({ kind: "info", text: BACK });
    this.node.hidden = true;
    this.frame.reports.push(); // what was asked for meanwhile
  }
}
