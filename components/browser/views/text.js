// The text itself: a span per token inside spans of words and sentences, in chunks that the browser
// may leave out while off screen.

import { element, mark } from "../dom.js";
import { escaped, invisibleName } from "../words.js";

const PLAIN = /^(?!.* {2})[^\x00-\x1f\x7f\u2028\u2029\p{Cf}]*$/u;
const PARTS = /\r\n|\n|\r|\t| {2,}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]|\p{Cf}/gu;
const JOINERS = /[\u200c\u200d\u{e0020}-\u{e007f}]/u;
const TURNS_TEXT = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const ONLY_MARKS = /^\p{M}+$/u;
const SPACE_BEFORE = /^ (?=[^\s])/;
const JOINED_LETTERS = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}]/u;

const ONE_CHUNK = 3000; // tokens; up to here the text is laid out whole
const CHUNK = 600;
const AT_ONCE = 1500; // tokens dressed before the next paint; the rest follows in slices
const SLICE_MILLISECONDS = 12;

// Index of the first token of every chunk. A chunk begins on a line of its own, so cuts fall behind
// line breaks where there are any, else behind sentences or words, never inside a character.
function chunkStarts(tokens, groups) {
  const starts = [0];
  if (tokens.length <= ONE_CHUNK) return starts;
  const places = [
    (i) => tokens[i - 1].endsWith("\n"),
    (i) => /[.!?]["”’)]?$/.test(tokens[i - 1]) && /^\s/.test(tokens[i]),
    (i) => /^\s/.test(tokens[i]),
  ];
  for (let start = 0; tokens.length - start > 2 * CHUNK; starts.push(start)) {
    let cut = -1;
    for (const good of places) {
      for (let i = start + 2 * CHUNK; i > start + CHUNK / 2 && cut < 0; i--) if (good(i)) cut = i;
    }
    if (cut < 0) cut = start + CHUNK;
    while (cut < groups.length && groups[cut] === groups[cut - 1]) cut++;
    if (cut >= tokens.length) break;
    start = cut;
  }
  return starts;
}

// Fill a token's span; return line breaks that belong behind it.
function fill(span, text) {
  if (PLAIN.test(text)) {
    span.textContent = text;
    return "";
  }
  const breaksAfter = /(\r\n|\n|\r)$/.test(text) ? "\n" : "";
  const keepJoiners = text.replace(/\p{Cf}/gu, "").length > 0;
  let last = 0;
  for (const match of text.matchAll(PARTS)) {
    const part = match[0];
    if (keepJoiners && JOINERS.test(part)) continue;
    span.append(text.slice(last, match.index));
    last = match.index + part.length;
    if (part.startsWith("  ")) span.append(element("i", "spaces", part));
    else if (part === "\t") span.append(element("i", "tabulator", "\t"));
    else if (/[\r\n]/.test(part)) {
      span.append(element("i", "break"));
      if (last < text.length) span.append("\n");
    } else span.append(mark(element("i", "mark"), { "data-shows": invisibleName(part) }));
  }
  span.append(text.slice(last));
  return breaksAfter;
}

export class TokenText {
  /** @param content the text parcel  @param {boolean} raw every token by itself, with its id */
  constructor(content, raw) {
    Object.assign(this, { content, raw, length: content.tokens.length });
    this.starts = chunkStarts(content.tokens, content.groups);
    this.chunks = this.starts.map(() => element("div", "chunk"));
    this.nodes = new Array(this.length); // by token
    this.shape = new Array(this.length); // class names that do not depend on colours
    this.wholes = this.starts.map(() => []); // by chunk: {level, node, token} of every word and sentence
    this.built = new Uint8Array(this.chunks.length);
  }

  chunkOf(token) {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= token) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  end(chunk) {
    return this.starts[chunk + 1] ?? this.length;
  }

  // Keep the room of the chunks that are not laid out yet about right, so that the bar is honest.
  estimateHeights(width) {
    if (this.chunks.length === 1) return;
    const perLine = Math.max(20, width / (this.raw ? 9 : 7.6));
    this.chunks.forEach((chunk, c) => {
      let [lines, filled] = [1, 0];
      for (let i = this.starts[c]; i < this.end(c); i++) {
        filled += this.content.tokens[i].length;
        if (this.content.tokens[i].includes("\n") || filled > perLine) [lines, filled] = [lines + 1, 0];
      }
      chunk.style.containIntrinsicSize = `auto 100px auto ${Math.round(lines * 31)}px`;
      chunk.classList.add("far");
    });
  }

  build(chunk, dress) {
    if (this.built[chunk]) return;
    this.built[chunk] = 1;
    const [first, end] = [this.starts[chunk], this.end(chunk)];
    const parents = { line: document.createDocumentFragment() };
    for (let i = first; i < end; i++) {
      if (this.raw) this.#appendRaw(parents.line, i);
      else {
        this.#open(parents, i, first);
        if (this.content.characters[i] === undefined) this.#appendToken(parents.word, i);
        else i = this.#appendGroup(parents.word, i);
      }
    }
    dress(first, end);
    this.chunks[chunk].append(parents.line);
  }

  // Open the word and the sentence that begin at token i, behind the space before it.
  #open(parents, i, first) {
    const { word, sentence, tokens } = this.content;
    const begins = (spans) => i === first || spans[i] !== spans[i - 1];
    const newSentence = begins(sentence);
    const newWord = newSentence || begins(word);
    const outer = newSentence ? parents.line : newWord ? parents.sentence : parents.word;
    if (SPACE_BEFORE.test(tokens[i])) outer.append(" ");
    if (newSentence) parents.line.append((parents.sentence = this.#whole("sentence", i)));
    if (newWord) parents.sentence.append((parents.word = this.#whole("word", i)));
  }

  #whole(level, token) {
    const node = element("span", level);
    this.wholes[this.chunkOf(token)].push({ level, node, token });
    return node;
  }

  #newToken(i, className, label = escaped(this.content.tokens[i]).trim() || "space") {
    const span = mark(element("span", className), { id: `t${i}`, role: "option", "aria-label": label });
    span.token = i;
    this.nodes[i] = span;
    this.shape[i] = className;
    return span;
  }

  #appendRaw(parent, i) {
    const text = this.content.tokens[i];
    const span = this.#newToken(i, this.content.special[i] || text === "" ? "t chip cell" : "t cell");
    span.append(escaped(text).replaceAll(" ", "·"), element("small", "", String(this.content.ids[i])));
    parent.append(span);
  }

  // The space before a word stands outside the coloured box: words part and wrap as in any text.
  #appendToken(parent, i) {
    const text = this.content.tokens[i];
    const kind = this.content.special[i] || text === "" ? "t chip" : "t";
    const alone = ONLY_MARKS.test(text) ? " alone" : "";
    const turning = TURNS_TEXT.test(text) ? " turning" : "";
    const joins = JOINED_LETTERS.test(text) ? " joins" : "";
    const span = this.#newToken(i, kind + alone + turning + joins);
    parent.append(span);
    if (text === "") span.textContent = "∅";
    else parent.append(fill(span, SPACE_BEFORE.test(text) ? text.slice(1) : text));
  }

  // Pieces of one character: the character once, over as many cells as it has pieces.
  #appendGroup(parent, first) {
    const group = element("span", "group");
    const pieces = element("span", "pieces");
    const { groups, characters } = this.content;
    let i = first;
    for (; i < this.length && groups[i] === groups[first]; i++) {
      pieces.append(this.#newToken(i, "t piece", `piece ${i - first + 1} of ${characters[first]}`));
    }
    const whole = element("span", "whole");
    fill(whole, characters[first]);
    group.style.setProperty("--pieces", i - first);
    group.append(pieces, whole);
    parent.append(group);
    return i - 1;
  }

  /** Build or dress every chunk: those around a token now, the rest without blocking the page. */
  dressAll(near, dress, done) {
    clearTimeout(this.timer);
    const middle = this.chunkOf(near);
    const later = [...this.chunks.keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    const next = () => {
      const c = later.shift();
      if (this.built[c]) dress(this.starts[c], this.end(c));
      else this.build(c, dress);
      return this.end(c) - this.starts[c];
    };
    for (let tokens = 0; later.length && tokens < AT_ONCE; ) tokens += next();
    const work = () => {
      const until = performance.now() + SLICE_MILLISECONDS;
      while (later.length && performance.now() < until) next();
      if (later.length) this.timer = setTimeout(work, 4);
      else done();
    };
    this.timer = setTimeout(work, 4);
  }

  close() {
    clearTimeout(this.timer);
  }
}
