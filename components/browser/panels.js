// Which panels a page shows, and where it begins.

const OPENING = new Set(["strip", "expected"]); // what the front page shows of Tokens

/**
 * What a page shows of its lens: all that fits the run, or only the text and a module of its own.
 * Of a text that the lens has not measured it shows what Tokens knows.
 */
export function panelsOf(frame, lens) {
  const { view, opening, title, summary } = frame.page;
  if (!frame.run) return frame.reading?.contents.text ? frame.lenses.text.panels.filter((panel) => panel.module === "strip") : [];
  if (!view && !opening) return lens.panels.filter((panel) => !frame.without.includes(panel.name));
  const few = lens.panels.filter((panel) => (view ? panel.module === "strip" : OPENING.has(panel.module)));
  const own = { name: view, module: view, title, read: summary, area: "stage", options: {}, numbers: [] };
  return view ? [...few, own] : few;
}

/** The token whose surprisal is the largest; of texts without, the last. */
export function mostSurprising(text) {
  if (!text.surprisal) return text.tokens.length - 1;
  let best = 0;
  for (let i = 1; i < text.surprisal.length; i++) {
    if (text.surprisal[i] > (text.surprisal[best] || 0)) best = i;
  }
  return best;
}
