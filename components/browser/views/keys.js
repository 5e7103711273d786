// Keys of the strip: from token to token, or from word to word where words have the value.

// The token on the line above or below whose middle is nearest.
function onLine(strip, from, direction) {
  const start = strip.lineOf(from);
  let [top, best, nearest] = [null, from, Infinity];
  for (let i = from + direction; i >= 0 && i < strip.written.length; i += direction) {
    const box = strip.lineOf(i);
    if (top === null && direction * (box.top + box.bottom - start.top - start.bottom) < box.height) continue;
    top ??= box.top;
    if (Math.abs(box.top - top) > box.height / 2) break;
    const distance = Math.abs(box.left + box.right - start.left - start.right);
    if (distance < nearest) [best, nearest] = [i, distance];
  }
  return best;
}

/** @param strip the strip that has the focus @returns {boolean} whether the key had a use */
export function stripKey(strip, { key }) {
  const { token, stage, card } = strip;
  const last = strip.written.length - 1;
  const moves = {
    ArrowLeft: () => Math.max(0, strip.endsOf(token)[0] - 1), ArrowRight: () => Math.min(last, strip.endsOf(token)[1] + 1),
    ArrowUp: () => onLine(strip, token, -1), ArrowDown: () => onLine(strip, token, 1), Home: () => 0, End: () => last,
  };
  const acts = {
    Enter: () => (card.open ? card.hide() : strip.showCard(token)), "?": () => strip.keys.showPopover(),
    Escape: () => { card.hide(); stage.set({ token: stage.first }); },
    "[": () => strip.stepPlace(-1), "]": () => strip.stepPlace(1),
  };
  if (key in moves) {
    card.hide();
    stage.set({ token: moves[key]() });
  } else acts[key === " " ? "Enter" : key]?.();
  return key in moves || key in acts || key === " ";
}
