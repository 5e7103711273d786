// What the card says about a token: its numbers, and what the model expected in its place.

function explainToken(strip, token) {
  const { content } = strip.text;
  const [first, last] = strip.spanOf(token);
  const head = element("div", "head");
  if (last > first) {
    const whole = content.tokens.slice(first, last + 1).join("");
    head.append(element("b", "", quoted(whole)));
    head.append(element("span", "", `positions ${count(first)}–${count(last)}`));
    return [head, allNumbers(strip, token)];
  }
  const name = element("b", content.special[token] ? "chip" : "", quoted(content.tokens[token]));
  head.append(name, element("span", "", `id ${content.ids[token]}, position ${count(token)}`));
  return [head, ...pieceNote(strip, token), allNumbers(strip, token), ...expectation(strip, token)];
}

function pieceNote(strip, token) {
  const { groups, characters } = strip.text.content;
  let first = token;
  while (first > 0 && groups[first - 1] === groups[token]) first--;
  if (characters[first] === undefined) return [];
  let pieces = 1;
  while (groups[first + pieces] === groups[token]) pieces++;
  return [element("p", "", `Piece ${token - first + 1} of ${pieces} of ${quoted(characters[first])}`)];
}

function allNumbers(strip, token) {
  const { metrics, values } = strip.numbers;
  return numberList(metrics, (m) => values[m * strip.text.length + token], strip.metricIndex);
}

function expectation(strip, token) {
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
    rows.append(...expectedRow(listed(content.expected[content.top[k]]), share, real ? "real" : ""));
    mass += share;
    found ||= real;
  }
  let others = content.vocabulary_size - size;
  if (!found) {
    const share = 100 * Math.exp(-content.surprisal[token]);
    const label = `${listed(content.tokens[token])} (rank ${count(content.rank[token])})`;
    rows.append(...expectedRow(label, share, "real"));
    mass += share;
    others -= 1;
  }
  if (others > 0) rows.append(...expectedRow(`${count(others)} others`, Math.max(0, 100 - mass), "rest"));
  return [element("p", "", "What the model expected; ▸ is the token that came"), rows];
}

function expectedRow(label, share, kind) {
  const name = element("span", `name ${kind}`, label);
  name.dir = "auto";
  const track = element("span", `track ${kind}`);
  const filled = element("span", "filled");
  filled.style.width = `${Math.min(100, share)}%`;
  track.append(filled);
  const mark = element("span", kind, kind === "real" ? "▸" : "");
  return [mark, name, track, element("span", `share ${kind}`, percent(share))];
}
