// Who is signed in, at the right end of the top bar of a public server: "Sign in", or a name with
// a menu.

import { button, element } from "./dom.js";
import { menu } from "./menu.js";
import { isThemeKey } from "./private.js";

const BACK = "entroscope-back";
const ROLES = { reader: "Signed in", teacher: "Signed in as a teacher", administrator: "Signed in as an administrator" };

export class Account {
  constructor(frame) {
    this.frame = frame;
    this.node = element("div", "account");
    this.signIn = button("Sign in", () => this.begin(), "quiet");
    this.person = button("", undefined, "quiet person");
    menu(this.person, () => [
      { heading: ROLES[this.said.role] },
      { label: "Sign out", note: "Notes and drafts that this browser keeps go too.", act: () => this.end() },
    ]);
    this.node.append(this.signIn, this.person);
  }

  draw() {
    this.said = this.frame.data.account;
    this.node.hidden = !this.said;
    if (!this.said) return;
    this.signIn.hidden = this.said.signedIn;
    this.person.hidden = !this.said.signedIn;
    this.person.textContent = `${this.said.name} ▾`;
    this.person.title = this.said.name;
  }

  begin() {
    rememberPlace();
    this.frame.reports.ask({ do: "sign_in" });
  }

  end() {
    forgetReader();
    this.frame.reports.ask({ do: "sign_out" });
  }
}

/** Remember the address on screen: the provider sends the browser to the front page. */
export function rememberPlace() {
  sessionStorage.setItem(BACK, location.pathname + location.search);
}

/** Go back to where ``rememberPlace`` was called, once, from the front page at ``base``. */
export function goBack(base) {
  const place = sessionStorage.getItem(BACK);
  sessionStorage.removeItem(BACK);
  const atFront = location.pathname === base && !location.search;
  if (place && atFront && place !== base) location.replace(place);
}

/** Drop what this browser keeps of its reader; the theme is no secret. */
export function forgetReader() {
  sessionStorage.clear();
  for (const key of Object.keys(localStorage)) if (!isThemeKey(key)) localStorage.removeItem(key);
}
