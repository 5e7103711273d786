// Work under way: its progress by server-sent events, a Stop, and what it brings. The frame
// listens, not the lens, so that a visit to another page loses nothing.

import { forgetDraft } from "./drafts.js";

export class Jobs {
  constructor(frame) {
    this.frame = frame;
    this.running = null; // id
    this.unwanted = false; // stopped before the server had said which job it is
  }

  /** Show how far the work is, or with null that there is none. */
  show(state) {
    this.frame.progress.show(state);
    for (const { view } of this.frame.figures) view.work?.(state !== null);
  }

  /** Say at once that work was asked for; the first of a server may take seconds to begin. */
  expect() {
    if (!this.running) this.show({ message: "Starting", share: null });
  }

  /** The server has answered, and began nothing. */
  expectNone() {
    this.unwanted = false;
    if (!this.running) this.show(null);
  }

  /** Listen to a job, once; ``job`` is {id, label, reading}. */
  follow(job) {
    if (job.id === this.running || job.id === this.ended) return;
    this.close();
    this.running = job.id;
    this.job = job;
    this.started = Date.now();
    this.show({ message: job.label, share: null });
    this.frame.announce(`${job.label}: started`);
    this.frame.body.classList.add("waiting");
    this.source = new EventSource(`${this.frame.address.base}events/${job.id}`);
    this.source.onmessage = (event) => this.hear(JSON.parse(event.data));
    if (this.unwanted) this.stop();
  }

  hear(said) {
    if (said.type === "progress") {
      const share = said.total ? said.done / said.total : null;
      this.show({ message: said.message, share, left: said.seconds_left });
    } else if (said.type === "partial") this.frame.figures.forEach((figure) => figure.partial({ ...said, branch: this.job.branch }));
    else this.end(said);
  }

  end(said) {
    const { job, frame } = this;
    this.close();
    this.ended = job.id;
    if (said.type === "done") {
      frame.announce("Done");
      for (const kind of Object.keys(said.contents)) forgetDraft(kind);
      // What is made of several runs the server puts together.
      if (frame.page.subject === job.reading.subject && !job.reading.sides) {
        const { branches, contents } = job.reading;
        frame.reading = job.branch
          ? { ...job.reading, branches: [...branches, ...Object.values(said.contents)] }
          : { ...job.reading, contents: { ...contents, ...said.contents } };
        frame.draw();
      }
      frame.reports.ask({ do: "arrived", job: job.id });
      return;
    }
    if (said.type === "cancelled" && said.content) {
      frame.reports.ask({ do: "stopped", job: job.id, content: said.content });
      return;
    }
    frame.figures.forEach((figure) => figure.live && figure.show(frame.run)); // what was unfinished goes
    const words = {
      error: said.message,
      cancelled: "Stopped. What you see is the reading before.",
      unknown: "This study is not known here any longer. Run it again.",
      closing: "The server is going down. Your text is still here.",
    }[said.type];
    frame.reports.ask({ do: "ended", job: job.id });
    frame.notice({ kind: said.type === "error" ? "error" : "info", text: words });
    frame.address.write({ replace: true });
  }

  stop() {
    this.unwanted = !this.running;
    if (this.unwanted) return;
    const url = `${this.frame.address.base}stop/${this.running}`;
    fetch(url, { method: "POST", headers: { "X-Entroscope": "1" } });
  }

  close() {
    this.source?.close();
    this.source = null;
    this.running = null;
    this.show(null);
    this.frame.body.classList.remove("waiting");
    this.frame.body.querySelectorAll(".live").forEach((area) => area.classList.remove("live"));
  }
}
