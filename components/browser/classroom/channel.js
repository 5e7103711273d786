// One lasting stream of events for all tabs of a browser, which has six connections to a host.
//
// The tab that one looked at last has the stream and passes on what it hears. Neither
// navigator.locks, which would say who leads, nor a SharedWorker on every phone is there over plain
// http; BroadcastChannel and EventSource are.

const BEAT = 2000; // milliseconds between two signs of life
const PATIENCE = 7000; // without one, until another visible tab takes over
const AGAIN = 4000; // until a stream that was refused is opened again

export class Channel {
  /**
   * @param {string} url  of the stream
   * @param {(message: object) => void} told  called with each event, in every tab
   */
  constructor(url, told) {
    Object.assign(this, { url, told, source: null, heard: 0, last: null });
    this.id = `${Date.now()}.${Math.random()}`;
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel(`entroscope ${url}`) : null;
    this.tabs?.addEventListener("message", ({ data }) => this.hear(data));
    document.addEventListener("visibilitychange", () => document.hidden || this.lead());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.lead());
    window.addEventListener("pagehide", () => this.leave());
    setInterval(() => this.beat(), BEAT);
    if (document.hidden) this.say("asks"); // opened behind: whoever leads tells what there is
    else this.lead();
  }

  get leads() {
    return this.source !== null;
  }

  say(kind, message) {
    this.tabs?.postMessage({ kind, from: this.id, message });
  }

  hear({ kind, from, message }) {
    this.heard = Date.now();
    if (kind === "told") this.tell(message);
    if (kind === "leads" && from !== this.id) this.stop();
    if (kind === "left" && !document.hidden) setTimeout(() => Date.now() - this.heard >= BEAT / 4 && this.lead(), BEAT / 4 + Math.random() * BEAT);
    if (kind === "asks" && this.leads && this.last) this.say("told", this.last);
  }

  tell(message) {
    this.last = message;
    this.told(message);
  }

  lead() {
    if (this.leads) return;
    this.say("leads");
    this.source = new EventSource(this.url);
    this.source.onmessage = ({ data }) => this.came(JSON.parse(data));
    this.source.onerror = () => this.source?.readyState === EventSource.CLOSED && this.lost();
  }

  came(message) {
    if (message.type === "elsewhere") return this.stop();
    if (message.type !== "class") return undefined; // it closes, and the browser comes back by itself
    this.say("told", message);
    return this.tell(message);
  }

  lost() {
    this.stop();
    setTimeout(() => document.hidden || this.lead(), AGAIN);
  }

  beat() {
    if (this.leads) this.say("beat");
    else if (!document.hidden && Date.now() - this.heard > PATIENCE) this.lead();
  }

  leave() {
    if (this.leads) this.say("left");
    this.stop();
  }

  stop() {
    this.source?.close();
    this.source = null;
  }
}
