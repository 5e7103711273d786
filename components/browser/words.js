// How tokens and counts are written. Everything ends up in textContent, never in markup.

const LONGEST_QUOTE = 60;
const NUMBERS = new Intl.NumberFormat("en-US"); // made once: they are slow to make
const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const INVISIBLE_NAMES = {
  0xad: "SHY", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x202a: "LRE", 0x202b: "RLE",
  0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2028: "LS", 0x2029: "PS", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI",
  0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};

export function invisibleName(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return INVISIBLE_NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The token with every character visible, for cards, lists and the raw view. */
export function escaped(text) {
  const inner = text.replace(/[\x00-\x1f\x7f\u2028\u2029]|\p{Cf}/gu, (character) => {
    const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
    return short ?? `\\u{${character.codePointAt(0).toString(16)}}`;
  });
  return text === "" ? "∅" : inner;
}

const STEERING = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** A text whose control characters are seen, and turn nothing around. */
export function steady(text) {
  return text.replace(STEERING, (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
}

export function shortened(text, most = LONGEST_QUOTE) {
  const characters = Array.from(text.slice(0, 2 * most));
  if (characters.length <= most && text.length <= 2 * most) return text;
  return `${characters.slice(0, most).join("")}… (${count(text.length)} characters)`;
}

/** A leading or lone space is shown as a dot where tokens stand in a list. */
export function listed(text) {
  return shortened(escaped(text).replaceAll(" ", "·"), 24);
}

/** In quotes; the space before a word is left out, as in a sentence. */
export function quoted(text) {
  return text === "" ? "∅" : `“${shortened(escaped(text.replace(/^ (?=\S)/, "")))}”`;
}

export const signed = (text) => text.replace("-", "−");

export const count = (value) => signed(NUMBERS.format(Math.round(value) + 0));

/** "1st", "2nd", "1,204th". */
export function ordinal(value) {
  const ending = { one: "st", two: "nd", few: "rd" }[ORDINALS.select(value)];
  return `${count(value)}${ending ?? "th"}`;
}

/** A share from 0 to 100 in two digits or three: "0.31 %", "6.7 %", "61 %", "99.2 %". */
export function percent(value) {
  if (Number.isNaN(value)) return "–";
  if (value < 0) return `−${percent(-value)}`;
  if (value > 0 && value < 0.01) return "<0.01\u202f%";
  if (value < 100 && value >= 99.9) return ">99.9\u202f%";
  const digits = value === 0 || value >= 100 || (value >= 9.95 && value <= 99) ? 0 : value >= 0.995 ? 1 : 2;
  return `${value.toFixed(digits)}\u202f%`;
}

/** "12 s", "3 min". */
export function duration(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}

/** A text without line breaks, and no longer than a line needs. */
export function oneLine(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
