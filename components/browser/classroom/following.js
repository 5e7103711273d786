// Being carried along, letting go and coming back.

const KEPT = "entroscope-let-go"; // in this tab
const OWN = "textarea, input:not([type=range],[type=checkbox],[type=radio])";

export class Following {
  constructor(room) {
    this.room = room;
    this.letGo = sessionStorage.getItem(KEPT) === "1";
    this.there = null; // the look that this screen was carried to last
    room.frame.root.addEventListener("input", ({ target }) => {
      if (target.matches(OWN) && !target.closest(".band, dialog, .lesson")) this.left();
    });
  }

  /** Whether there is somebody to follow. */
  get offered() {
    const { now } = this.room;
    return !now.teaches && now.follow !== null;
  }

  get on() {
    return this.offered && !this.letGo;
  }

  told() {
    if (this.room.now.follow === null) this.choose(false); // with the next "Follow me" all come along
    this.come();
  }

  /** Go where the teacher is, unless this screen is there already. */
  come() {
    const { now, frame } = this.room;
    if (!this.on || !frame.page) this.there = null;
    else if (this.there !== now.follow.look) {
      this.there = now.follow.look;
      this.carried = true;
      frame.visit(now.follow.look, this.more(now.follow.look));
      this.carried = false;
    }
  }

  // Where the teacher is in no lesson, this screen leaves its own.
  more(look) {
    return /[?&]lesson=/.test(look) ? {} : { lesson: null };
  }

  /** The reader goes elsewhere by hand, and so lets go. */
  left() {
    if (this.carried || !this.on) return;
    this.toggle();
  }

  toggle() {
    this.choose(!this.letGo);
    this.room.frame.announce(this.letGo ? "You read by yourself now" : "You follow the teacher");
    this.come();
    this.room.draw();
  }

  choose(letGo) {
    this.letGo = letGo;
    sessionStorage.setItem(KEPT, letGo ? "1" : "0");
  }
}
