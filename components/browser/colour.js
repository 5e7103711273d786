// Colours by theme, and their classes. Another number only changes the class names of tokens.

import { dark, light } from "./colours.js";

const THEMES = { light, dark };
const VARIABLES = ["background", "panel", "ink", "quiet", "line", "primary", "link", "here", "came"];
const STRONG = {
  light: { ink: "#000000", quiet: "#2a3037", line: "#7d8791" },
  dark: { ink: "#ffffff", quiet: "#d7dde3", line: "#8b95a0" },
};
const sheets = new WeakMap(); // shadow root → { shown, sheet }
let strong = null; // theme → its colours with strong contrast, while they are shown

export const HERE = "var(--here)"; // you are here
export const CAME = "var(--came)"; // what came

/** @typedef {"light"|"dark"} Theme */
/** @param {Theme} theme  Colours of amounts behind text, lowest first: 256 of "#rrggbb". */
export const textRamp = (theme) => THEMES[theme].text;
/** @param {Theme} theme  Colours of amounts in maps. */
export const mapRamp = (theme) => THEMES[theme].map;
/** @param {Theme} theme  In maps, from below 0 to above it, the page's background in the middle. */
export const diverging = (theme) => THEMES[theme].diverging;
/** @param {Theme} theme  {colour, dash}[]: for samplers and runs only. */
export const categories = (theme) => THEMES[theme].categories;
/** @param {Theme} theme  All of a theme: the single colours by name, and ``vega``, its config. */
export const colours = (theme) => strong?.[theme] ?? THEMES[theme];

/** Show text and lines with strong contrast from now on, or as usual. */
export function strengthen(on) {
  const stronger = (theme) => {
    const plain = Object.keys(STRONG[theme]).map((name) => [`"${THEMES[theme][name]}"`, `"${STRONG[theme][name]}"`]);
    return JSON.parse(plain.reduce((text, [usual, better]) => text.replaceAll(usual, better), JSON.stringify(THEMES[theme])));
  };
  strong = on ? { light: stronger("light"), dark: stronger("dark") } : null;
}

/** The ramp that shows a quantity behind text. */
export function behindText(quantity, theme) {
  return quantity.scale === "diverging" ? THEMES[theme].textDiverging : textRamp(theme);
}

/** Black or white, whichever is read better on "#rrggbb". */
export function inkOn(colour) {
  const channel = (at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2;
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.179 ? "#000" : "#fff";
}

/** Classes c0…c255 (amounts) and d0…d255 (diverging), and the single colours as variables. */
export function ruleSheet(theme) {
  const variables = VARIABLES.map((name) => `--${name}:${colours(theme)[name]}`).join(";");
  const rules = [`:host,.stage-colours{${variables};color-scheme:${theme}}`];
  textRamp(theme).forEach((colour, i) => rules.push(`.c${i}{background-color:${colour}}`));
  THEMES[theme].textDiverging.forEach((colour, i) => rules.push(`.d${i}{background-color:${colour}}`));
  return rules.join("");
}

/** Give ``root`` the colours of a theme, once, and again when it has another. */
export function dressRoot(root, theme) {
  if (!root.adoptedStyleSheets || sheets.get(root)?.shown === colours(theme)) return;
  const sheet = sheets.get(root)?.sheet ?? new CSSStyleSheet();
  if (!sheets.has(root)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  sheet.replaceSync(ruleSheet(theme));
  sheets.set(root, { shown: colours(theme), sheet });
}

/** Colour classes of a share from 0 to 1: the fill, and the underline by quarter as second cue. */
export function shadeClass(share, quantity) {
  const shade = Math.round(255 * share);
  if (quantity.scale !== "diverging") return `c${shade} q${shade >> 6}`;
  return `d${shade} q${Math.min(3, Math.floor(Math.abs(shade - 127.5) / 32))}`;
}

/** CSS gradient of a ramp; a rank has four classes. */
export function gradient(ramp, quantity) {
  if (quantity.scale === "rank") {
    const stops = [0, 85, 170, 255].map((entry, i) => `${ramp[entry]} ${25 * i}% ${25 * (i + 1)}%`);
    return `linear-gradient(to right, ${stops.join(",")})`;
  }
  return `linear-gradient(to right, ${Array.from({ length: 17 }, (_, i) => ramp[Math.min(255, 16 * i)]).join(",")})`;
}
