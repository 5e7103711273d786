// The card beside the token under the pointer or the cursor. It never covers the line being read.

const GAP = 8;
const FIRST_ROWS = ["probability", "log_probability", "rank", "entropy"];

function rowOrder(metric) {
  const place = FIRST_ROWS.indexOf(metric.key);
  return place < 0 ? FIRST_ROWS.length : place;
}

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
  show(strip, token, line) {
    this.beside = { token, line };
    this.node.replaceChildren(...this.contents(strip, token));
    if (!this.node.matches(":popover-open")) this.node.showPopover();
    this.place(strip.lineOf(token, line));
  }

  // Keep beside its token while the text scrolls, and go when the token is out of sight.
  follow(strip) {
    if (!this.node.matches(":popover-open")) return;
    const box = strip.lineOf(this.beside.token, this.beside.line);
    const view = strip.scroller.getBoundingClientRect();
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

  contents(strip, token) {
    const { content } = strip.text;
    const [first, last] = strip.spanOf(token);
    const head = element("div", "head");
    if (last > first) {
      const whole = content.tokens.slice(first, last + 1).join("");
      head.append(element("b", "", quoted(whole)));
      head.append(element("span", "", `positions ${count(first)}–${count(last)}`));
      return [head, this.numbers(strip, token)];
    }
    const name = element("b", content.special[token] ? "chip" : "", quoted(content.tokens[token]));
    head.append(name, element("span", "", `id ${content.ids[token]}, position ${count(token)}`));
    return [head, ...this.piece(strip, token), this.numbers(strip, token), ...this.expected(strip, token)];
  }

  piece(strip, token) {
    const { groups, characters } = strip.text.content;
    let first = token;
    while (first > 0 && groups[first - 1] === groups[token]) first--;
    if (characters[first] === undefined) return [];
    let pieces = 1;
    while (groups[first + pieces] === groups[token]) pieces++;
    return [element("p", "", `Piece ${token - first + 1} of ${pieces} of ${quoted(characters[first])}`)];
  }

  numbers(strip, token) {
    const list = element("dl", "numbers");
    const rows = [...strip.numbers.metrics.entries()];
    rows.sort(([, a], [, b]) => rowOrder(a) - rowOrder(b));
    rows.forEach(([m, metric]) => {
      const value = strip.numbers.values[m * strip.text.length + token];
      const active = m === strip.metricIndex ? "active" : "";
      list.append(element("dt", active, metric.label), element("dd", active, withUnit(value, metric)));
    });
    return list;
  }

  expected(strip, token) {
    const { content } = strip.text;
    if (!content.top) return [];
    if (Number.isNaN(content.surprisal[token])) {
      return [element("p", "", "Nothing stands before this token, so nothing predicted it.")];
    }
    const size = content.top.length / strip.text.length;
    const rows = element("div", "bars");
    let mass = 0;
    let found = false;
    for (let k = token * size; k < (token + 1) * size; k++) {
      const share = 100 * Math.exp(content.top_logprobs[k]);
      const real = content.expected_ids[content.top[k]] === content.ids[token];
      rows.append(...this.bar(listed(content.expected[content.top[k]]), share, real ? "real" : ""));
      mass += share;
      found ||= real;
    }
    const others = content.vocabulary_size - size;
    const rest = Math.max(0, 100 - mass);
    rows.append(...this.bar(`${count(others)} others`, rest, "rest"));
    if (!found) {
      const share = 100 * Math.exp(-content.surprisal[token]);
      const label = `${listed(content.tokens[token])} (rank ${count(content.rank[token])})`;
      rows.append(...this.bar(label, share, "real"));
    }
    return [element("p", "", "What the model expected; ▸ is the token that came"), rows];
  }

  bar(label, share, kind) {
    const name = element("span", `name ${kind}`, label);
    name.dir = "auto";
    const track = element("span", `track ${kind}`);
    const filled = element("span", "filled");
    filled.style.width = `${Math.min(100, share)}%`;
    track.append(filled);
    const mark = element("span", kind, kind === "real" ? "▸" : "");
    return [mark, name, track, element("span", `share ${kind}`, percent(share))];
  }
}
