// What opens over the page: the card beside a token, which never covers the line being read, and
// the list of keys.

const GAP = 8; // pixels between a line and its card

class Card {
  constructor() {
    this.node = element("div", "card");
    this.node.id = "card";
    this.node.setAttribute("role", "tooltip");
    this.node.popover = "manual";
  }

  hide() {
    if (this.node.matches(":popover-open")) this.node.hidePopover();
  }

  // A token may stand on several lines: ``line`` says beside which of them the card goes.
  show(owner, token, line) {
    this.beside = { token, line };
    this.node.replaceChildren(...owner.explain(token));
    if (!this.node.matches(":popover-open")) this.node.showPopover();
    this.place(owner.lineOf(token, line));
  }

  // The same token, with other numbers.
  refresh(owner) {
    if (this.node.matches(":popover-open")) this.show(owner, this.beside.token, this.beside.line);
  }

  // Keep beside its token while the text scrolls, and go when the token is out of sight.
  follow(owner) {
    if (!this.node.matches(":popover-open")) return;
    const box = owner.lineOf(this.beside.token, this.beside.line);
    const view = owner.scroller.getBoundingClientRect();
    if (box.bottom < view.top || box.top > view.bottom) this.hide();
    else this.place(box);
  }

  place(line) {
    const { style } = this.node;
    style.maxHeight = "";
    const { width, height } = this.node.getBoundingClientRect();
    const below = window.innerHeight - line.bottom - 2 * GAP;
    const above = line.top - 2 * GAP;
    const under = height <= below || below >= above;
    const room = under ? below : above;
    if (height > room) style.maxHeight = `${Math.max(80, room)}px`;
    const left = Math.min(line.left, window.innerWidth - width - GAP);
    style.left = `${Math.max(GAP, left)}px`;
    style.top = under ? `${line.bottom + GAP}px` : `${line.top - GAP - Math.min(height, room)}px`;
  }
}

const FIRST_ROWS = ["probability", "log_probability", "rank", "entropy"];

function rowOrder(metric) {
  const place = FIRST_ROWS.indexOf(metric.key);
  return place < 0 ? FIRST_ROWS.length : place;
}

// The numbers of a card, the one that colours in bold.
function numberList(metrics, valueOf, active) {
  const list = element("dl", "numbers");
  const rows = [...metrics.entries()];
  rows.sort(([, a], [, b]) => rowOrder(a) - rowOrder(b));
  for (const [m, metric] of rows) {
    const look = m === active ? "active" : "";
    list.append(element("dt", look, metric.label), element("dd", look, withUnit(valueOf(m), metric)));
  }
  return list;
}

// A list of keys that opens over the page.
function keyPanel(rows, note) {
  const panel = element("div", "keys");
  panel.popover = "auto";
  const list = element("dl");
  for (const [keys, meaning] of rows) {
    const term = element("dt");
    term.append(...keys.split(" ").map((key) => element("kbd", "", key)));
    list.append(term, element("dd", "", meaning));
  }
  panel.append(element("b", "", "Keys"), list, element("small", "", note));
  return panel;
}
