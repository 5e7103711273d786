// What the model expected in the place of a token: rows, a sentence about them, and their bars.

import { element, mark } from "../dom.js";
import { count, escaped, listed, ordinal, percent, quoted } from "../words.js";

const [SURE, LIKELY, FAVOURITE] = [90, 50, 10]; // percent of the first guess; below the last it is no favourite

/** The character that token i is a piece of, its first token and number of pieces; null for a whole one. */
export function pieceOf({ groups, characters }, token) {
  let first = token;
  while (first > 0 && groups[first - 1] === groups[token]) first--;
  if (characters[first] === undefined) return null;
  let size = 1;
  while (groups[first + size] === groups[token]) size++;
  return { first, size, character: characters[first] };
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

// Bytes of a token: as the parcel says, or of the text's own where every piece is one byte of its character.
function bytesOf(text, id, token, piece) {
  if (text.bytes?.[id]) return text.bytes[id].match(/../g).map((pair) => parseInt(pair, 16));
  const all = piece && id === text.ids[token] ? new TextEncoder().encode(piece.character) : [];
  return all.length === piece?.size ? [all[token - piece.first]] : null;
}

// A token by the character it would make: "E9 A6 96 → 首", "E9 A6 …", or as lists show any token.
function made(text, token, id, own) {
  const piece = pieceOf(text, token);
  if (!own.includes("\ufffd") || !(piece || text.bytes?.[id])) return listed(own);
  const parts = [];
  for (let i = piece?.first ?? token; i < token; i++) parts.push(bytesOf(text, text.ids[i], i, piece));
  parts.push(bytesOf(text, id, token, piece));
  if (parts.includes(null)) return "part of a character";
  const whole = new TextDecoder().decode(Uint8Array.from(parts.flat()));
  return `${hex(parts.flat())} ${whole.includes("\ufffd") ? "…" : `→ ${listed(whole)}`}`;
}

const labelOf = (text, token) => made(text, token, text.ids[token], text.tokens[token]);

/** A token of the text by name: in quotes, or the bytes of a piece and the character they make. */
export const nameOfToken = (text, token) => (pieceOf(text, token) ? labelOf(text, token) : quoted(text.tokens[token]));

/**
 * What was expected at ``token``, likeliest first; null where nothing predicted it. Byte pieces are
 * joined by the character they would make. What came is always among the rows, with its rank if it
 * was not among the ``most`` likeliest.
 *
 * @returns {?{rows: {label: string, share: number, came: boolean, rank: ?number}[], others: number, rest: number}}
 */
export function guessesAt(text, token, most = Infinity) {
  if (!text.top || Number.isNaN(text.surprisal[token])) return null;
  const size = text.top.length / text.tokens.length;
  const places = Array.from(text.top.subarray(token * size, token * size + Math.min(size, most)));
  const guesses = places.map((at, k) => [text.expected_ids[at], text.expected[at], text.top_logprobs[token * size + k]]);
  const id = text.ids[token];
  const found = guesses.some(([each]) => each === id);
  if (!found) guesses.push([id, text.tokens[token], -text.surprisal[token]]);
  const rows = new Map();
  for (const [each, own, logprob] of guesses) {
    const label = made(text, token, each, own);
    const key = own.includes("\ufffd") ? label : each;
    const row = rows.get(key) ?? { label, share: 0, came: false, rank: null };
    row.share += 100 * Math.exp(logprob);
    if (each === id) Object.assign(row, { came: true, rank: found ? null : text.rank[token] });
    rows.set(key, row);
  }
  const inOrder = [...rows.values()].sort((a, b) => b.share - a.share);
  const mass = inOrder.reduce((sum, row) => sum + row.share, 0);
  return { rows: inOrder, others: text.vocabulary_size - guesses.length, rest: Math.max(0, 100 - mass) };
}

/** The bars of ``guessesAt``, or of other shares of tokens (with a ``note`` each); what came is marked by ▸ and its colour, all others hatched and last. */
export function bars({ rows, others, rest }) {
  const list = element("ol", "bars");
  const all = others > 0 ? [...rows, { label: `${count(others)} others`, share: rest, kind: "rest" }] : rows;
  for (const { label, share, came, rank, note, kind = came ? "came" : "" } of all) {
    const item = element("li", kind);
    const name = mark(element("span", "bar-name", label), { dir: "auto", title: label });
    if (rank || note) name.append(element("small", "", ` ${note ?? ordinal(rank)}`));
    const track = element("span", "bar-track");
    track.append(element("i"));
    track.firstChild.style.width = `${Math.min(100, share)}%`;
    item.append(element("span", "bar-mark", came ? "▸" : ""), name, track, element("span", "bar-share", percent(share)));
    list.append(came ? mark(item, { "aria-current": true }) : item);
  }
  return list;
}

// A token inside a sentence, without the space before it.
function word(label) {
  const plain = label.replace(/^·(?=[^·])/, "");
  return mark(element("em", "", plain === "·" ? "a space" : plain), { dir: "auto" });
}

/** How many equal choices an entropy in nats is as unsure as. */
export function choices(entropy) {
  const equal = Math.exp(entropy);
  return equal < 9.95 ? String(Number(equal.toFixed(1))) : count(equal);
}

/** One sentence on what was expected and what came: strings and elements, for ``append``. */
export function sentenceOn(text, token, entropy) {
  const { rows } = guessesAt(text, token);
  const [first, second] = rows;
  const guess = (row) => [word(row.label), ` ${percent(row.share)}`];
  const name = word(labelOf(text, token));
  const place = `its ${text.rank[token] === 1 ? "first" : ordinal(text.rank[token])} guess.`;
  if (first.share >= LIKELY) {
    const start = [first.share >= SURE ? "All but sure of " : "Expected ", ...guess(first)];
    if (first.came) return [...start, ", and right."];
    return [...start, ", and wrong: ", name, ` came at ${percent(rows.find((row) => row.came).share)}, ${place}`];
  }
  const unsure = Number.isFinite(entropy) ? `: as unsure as ${choices(entropy)} equal choices. ` : ". ";
  if (first.share < FAVOURITE || !second) return ["No favourite, at best ", ...guess(first), unsure, name, ` came, ${place}`];
  return ["Torn between ", ...guess(first), " and ", ...guess(second), unsure, name, ` came, ${place}`];
}

/** On the pieces of a character, "Piece 2 of 3 of 首 (E9 A6 96)"; null for a whole one. */
export function pieceLine(text, token) {
  const piece = pieceOf(text, token);
  if (!piece) return null;
  const bytes = hex(new TextEncoder().encode(piece.character));
  return `Piece ${token - piece.first + 1} of ${piece.size} of ${escaped(piece.character)} (${bytes})`;
}
