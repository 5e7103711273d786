// "Follow me": what a teacher's screen shows is told to the server, which tells it to all.

const PAUSE = 120; // milliseconds; held-down arrow keys are told once
const HERE = "entroscope-carries"; // in this tab: a second one may look up something by itself
const OWN = ["unit", "lecture", "job", "branches"]; // stay each reader's own

export class Carrying {
  constructor(room) {
    this.room = room;
    this.sent = null; // as JSON
  }

  /** Whether the class is carried. */
  get on() {
    const { now } = this.room;
    return now.teaches && now.follow !== null;
  }

  told() {
    if (!this.on) this.sent = null;
    else if (this.sent === null) this.later(); // after a reload: all come along to where this is
  }

  toggle() {
    const on = !this.on;
    sessionStorage.setItem(HERE, on ? "1" : "0");
    return on ? this.begin() : this.room.send("follow", { look: null });
  }

  /** Carry all to here; to nowhere yet while another view is on its way. */
  begin() {
    return this.send(this.view() ?? { look: this.room.frame.page.path, content: "" });
  }

  /** Tell soon where this screen is, if it is another place; only from the tab that carries. */
  later() {
    clearTimeout(this.timer);
    if (!this.on || sessionStorage.getItem(HERE) !== "1") return;
    this.timer = setTimeout(() => {
      const view = this.view();
      if (view && JSON.stringify(view) !== this.sent) this.send(view);
    }, PAUSE);
  }

  send(view) {
    this.sent = JSON.stringify(view);
    return this.room.send("follow", view);
  }

  /** The page on screen, its state and its run; nothing while another one is on its way. */
  view() {
    const { address, data, lens, page, reading, reports, state, visits } = this.room.frame;
    if (visits.under || reports.waiting) {
      this.later();
      return null;
    }
    const query = address.query();
    // What a lesson shows is everybody's; another run goes along by its content.
    const open = (name) => name === "example" || (state.lesson !== null && reading.address[name].startsWith("saved-"));
    const sources = Object.keys(reading?.address ?? {}).filter((name) => !open(name));
    for (const name of [...OWN, ...(lens ? sources : []), ...Object.keys(data.address)]) query.delete(name);
    if (!lens) query.delete("example");
    const content = (lens && (reading?.contents[lens.kind] ?? reading?.contents.text)) || "";
    return { look: `${page.path}?${query}`.replace(/\?$/, ""), content };
  }
}
