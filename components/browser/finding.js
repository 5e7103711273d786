// Search in a list that is held in the browser: every word of the query must stand somewhere.

/** Letters without case and accents. */
export const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/**
 * @typedef {{group: string, title: string, note: string, words?: string}} Entry
 * @param {Entry} entry
 */
export const prepared = (entry) => ({ ...entry, head: plain(entry.title), rest: plain(`${entry.group} ${entry.note} ${entry.words ?? ""}`) });

/** The best ``most`` of entries for a query, best first; an empty query takes them as they come. */
export function found(entries, query, most) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return entries.slice(0, most);
  const scored = [];
  entries.forEach((entry, at) => {
    let score = entry.head === words.join(" ") ? -2 : 0;
    for (const word of words) {
      const one = rating(entry, word);
      if (one < 0) return;
      score += one;
    }
    scored.push([score, entry.head.length, at]);
  });
  scored.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return scored.slice(0, most).map(([, , at]) => entries[at]);
}

// 0: begins the title, 1: begins a word of it, 2: inside it, 4 and 6: the same of the rest, −1: not there.
function rating({ head, rest }, word) {
  const [inHead, inRest] = [placeOf(head, word), placeOf(rest, word)];
  if (inHead !== null) return inHead;
  return inRest === null ? -1 : 4 + 2 * Math.min(1, inRest >> 1);
}

function placeOf(text, word) {
  let best = null;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0) return 0;
    if (!/[\p{L}\p{N}]/u.test(text[at - 1])) return 1;
    best = 2;
  }
  return best;
}
