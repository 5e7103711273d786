// Keys of the strip. Steps go from token to token, or from word to word where words have the value.

const KEY_LIST = [
  ["← →", "one step back or on"],
  ["↑ ↓", "one line up or down"],
  ["Home End", "first or last token"],
  ["Enter Space", "pin the token, or unpin it"],
  ["Esc", "unpin"],
  ["?", "this list"],
];

// The token on the line above or below whose middle is nearest.
function lineStep(strip, from, direction) {
  const middle = (box) => box.left + box.width / 2;
  const start = strip.lineOf(from);
  let lineTop = null;
  let best = from;
  let nearest = Infinity;
  for (let i = from + direction; i >= 0 && i < strip.text.length; i += direction) {
    const box = strip.lineOf(i);
    const beyond = direction > 0 ? box.top - start.bottom : start.top - box.bottom;
    if (lineTop === null && beyond < -box.height / 2) continue;
    lineTop ??= box.top;
    if (Math.abs(box.top - lineTop) > box.height / 2) break;
    const distance = Math.abs(middle(box) - middle(start));
    if (distance < nearest) [best, nearest] = [i, distance];
  }
  return best;
}

function target(strip, key) {
  const at = strip.cursor;
  const last = strip.text.length - 1;
  switch (key) {
    case "ArrowLeft": return Math.max(0, strip.spanOf(at)[0] - 1);
    case "ArrowRight": return Math.min(last, strip.spanOf(at)[1] + 1);
    case "ArrowUp": return lineStep(strip, at, -1);
    case "ArrowDown": return lineStep(strip, at, 1);
    case "Home": return 0;
    case "End": return last;
    default: return null;
  }
}

function onKey(strip, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const next = target(strip, event.key);
  if (next !== null) strip.moveTo(next);
  else if (event.key === "Enter" || event.key === " ") strip.toggle(strip.cursor);
  else if (event.key === "Escape" && strip.pinned !== null) strip.pinTo(null);
  else if (event.key === "?") strip.keys.showPopover();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
