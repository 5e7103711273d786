// One line on what a colour means: name, bar with ticks, the fixed ends, and what no number means.

import { gradient } from "../colour.js";
import { element } from "../dom.js";
import { factor, nameOf, range, share, tickText, ticks, unitIn } from "../numbers.js";

const CLASSES = ["1–10", "11–100", "101–1,000", "more"];

// An end to a hundredth of the way between both, at most; of powers of ten both ends as they are.
function rounded(end, [low, high], { scale: kind }) {
  if (kind === "log") return tickText(Number(end.toPrecision(2)));
  const step = 10 ** Math.floor(Math.log10(high - low) - 1);
  return tickText(Math.round(end / step) * step);
}

/**
 * @param quantity  @param {string} unit  @param {string[]} ramp  256 colours
 * @param {[number, number]} ends  of the colours, on screen
 * @param {{values: Iterable<number>, level?: string, missing?: boolean, title?: string}} about
 */
export function legend(quantity, unit, ramp, ends, { values, level, missing, title: given }) {
  const node = element("div", "legend");
  const shown = unitIn(quantity, unit);
  const title = element("span", "legend-title");
  title.append(element("b", given ? "given" : "", given ?? nameOf(quantity)), element("span", "", shown === "%" ? "" : shown));
  title.title = [quantity.help, level && level !== "token" ? `A ${level} has the ${quantity.joins} of its tokens.` : ""].join(" ").trim();
  node.append(title, scale(quantity, unit, ramp, ends, values, range(quantity, unit, level)));
  if (missing) {
    const note = element("span", "legend-none");
    note.append(element("i", "none", "–"), ` ${quantity.missing}`);
    node.append(note);
  }
  return node;
}

function scale(quantity, unit, ramp, ends, values, fixed) {
  const box = element("span", "legend-scale");
  const bar = element("span", "legend-bar");
  bar.style.background = gradient(ramp, quantity);
  const thick = quantity.scale === "diverging" ? [3, 2, 1, 0, 0, 1, 2, 3] : [0, 1, 2, 3];
  bar.append(...thick.map((each) => element("i", `q${each}`)));
  box.append(bar);
  const label = (text, at, className = "") => {
    const tick = element("span", `legend-tick ${className}`, text);
    tick.style.insetInlineStart = `${100 * at}%`;
    box.append(tick);
    return tick;
  };
  if (quantity.scale === "rank") {
    CLASSES.forEach((text, i) => label(text, (i + 0.5) / 4));
    return box;
  }
  const times = factor(quantity, unit);
  const known = Array.from(values).filter(Number.isFinite).map((each) => each * times);
  const over = known.some((each) => each > ends[1] * (1 + 1e-6)) ? "≥ " : "";
  const under = known.some((each) => each < ends[0] - 1e-6 * Math.abs(ends[1])) ? "≤ " : "";
  label(under + rounded(ends[0], ends, quantity), 0, "first");
  let last = 0.02;
  for (const each of ticks(quantity, ends)) {
    const at = share(each, quantity, ends);
    if (at < last + 0.16 || at > (over ? 0.72 : 0.78)) continue;
    label(tickText(each), at);
    last = at;
  }
  label(`${over}${rounded(ends[1], ends, quantity)}${quantity.unit === "%" ? "\u202f%" : ""}`, 1, "last");
  if (ends[0] === fixed[0] && ends[1] === fixed[1]) return box;
  // Where the fixed scale ends: inside the bar, or behind its end with a gap.
  const at = share(fixed[1], quantity, ends);
  const mark = label(at < 1 ? "" : `${tickText(fixed[1])} fixed`, Math.min(1, at), at < 1 ? "fixed inside" : "fixed");
  mark.title = `The fixed scale, the same for every text, ends at ${tickText(fixed[1])} ${unitIn(quantity, unit)}.`;
  box.classList.toggle("beyond", at >= 1);
  return box;
}
