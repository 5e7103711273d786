// What "one step" is: of the lesson that is open, else of the picture on screen.

/**
 * Go a step on (1) or back (−1); returns whether there was one to go.
 * @param frame  @param {number} by
 */
export function walk(frame, by) {
  const { lesson, figures, state, text } = frame;
  if (lesson?.open) {
    if (by > 0) lesson.next();
    else lesson.previous();
    return true;
  }
  const shown = figures.filter((figure) => !figure.node.hidden);
  const own = shown.find((figure) => figure.view.walk);
  if (own) return own.view.walk(by);
  const last = text ? text.tokens.length - 1 : -1;
  if (last >= 0) {
    frame.set({ token: Math.min(last, Math.max(0, (state.token ?? 0) + by)) });
    return true;
  }
  return tab(figures, by);
}

// A lens without a text shows its next picture.
function tab(figures, by) {
  const tabs = figures.map((figure) => figure.tab).filter(Boolean);
  const at = tabs.findIndex((each) => each.getAttribute("aria-selected") === "true");
  tabs[at + by]?.click();
  return Boolean(tabs[at + by]);
}

/** Where one is, in words: "step 2 of 6", "token 5 of 43", counted from 0 as everywhere. */
export function where(frame) {
  const { lesson, figures, state, text } = frame;
  if (lesson?.open) return `step ${lesson.at + 1} of ${lesson.whole?.steps.length ?? "…"}`;
  const own = figures.find((figure) => !figure.node.hidden && figure.view.walk);
  if (own) return own.view.placeInWords ?? "";
  return text && state.token !== null ? `token ${state.token} of ${text.tokens.length}` : "";
}

/** What to say here and next: the words of the lesson's steps, else what the lens is about. */
export function words(frame) {
  const { lesson, lens } = frame;
  if (lesson?.open) return { now: wordsOf(lesson.step), next: wordsOf(lesson.whole?.steps[lesson.at + 1]) };
  const reads = frame.figures.filter((figure) => !figure.node.hidden && figure.panel.read).map(({ panel }) => `${panel.title}: ${panel.read}`);
  const now = [frame.page?.summary, frame.reading?.note, ...(lens?.guide ?? []), ...reads];
  return { now: now.filter(Boolean).join("\n\n"), next: "" };
}

const wordsOf = (step) => step?.words ?? "";
