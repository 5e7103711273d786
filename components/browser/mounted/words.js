// How numbers and tokens are written. Everything ends up in textContent, never in markup.

const LONGEST_QUOTE = 60;
const INVISIBLE_NAMES = {
  0xad: "SHY", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM",
  0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2028: "LS",
  0x2029: "PS", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
  0xfeff: "BOM",
};

function invisibleName(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return INVISIBLE_NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

// The token with every character visible, for cards, lists and the raw view.
function escaped(text) {
  const inner = text.replace(/[\x00-\x1f\x7f\u2028\u2029]|\p{Cf}/gu, (character) => {
    const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
    return short ?? `\\u{${character.codePointAt(0).toString(16)}}`;
  });
  return text === "" ? "∅" : inner;
}

function shortened(text, most = LONGEST_QUOTE) {
  const characters = Array.from(text.slice(0, 2 * most));
  if (characters.length <= most && text.length <= 2 * most) return text;
  return `${characters.slice(0, most).join("")}… (${count(text.length)} characters)`;
}

// A leading or lone space is shown as a dot where tokens stand in a list.
function listed(text) {
  return shortened(escaped(text).replaceAll(" ", "·"), 24);
}

function quoted(text) {
  return text === "" ? "∅" : `“${shortened(escaped(text))}”`;
}

function count(value) {
  return Math.round(value).toLocaleString("en-US");
}

function percent(value) {
  if (Number.isNaN(value)) return "–";
  if (value > 0 && value < 0.01) return "<0.01%";
  if (value < 100 && value > 99.99) return ">99.99%";
  return `${value.toFixed(2)}%`;
}

function signed(text) {
  return text.replace("-", "−");
}

function written(value, metric) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (metric.unit === "%") return signed(percent(value));
  if (metric.scale === "rank") return count(value);
  const digits = Math.abs(value) < 100 ? 3 : 1;
  return signed(value === 0 ? "0" : value.toFixed(digits));
}

function withUnit(value, metric) {
  const text = written(value, metric);
  return metric.unit && metric.unit !== "%" && text !== "–" ? `${text} ${metric.unit}` : text;
}

function tick(value, metric) {
  if (metric.scale === "rank" || Number.isInteger(value)) return signed(count(value));
  return signed(Number(value.toPrecision(3)).toString());
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
