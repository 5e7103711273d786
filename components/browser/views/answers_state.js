// What the reader has chosen for all panels of answers, and how answers are put together.

import { escaped } from "../words.js";

/** What the reader has chosen for all panels of answers; groups by hand are of one run only. */
export function chosen({ choices }, run) {
  const { of, groups, ...own } = choices?.cards ?? {};
  return groups && of === run?.content ? { ...own, groups } : own;
}

/** The same with some of it changed; undefined takes a choice back. */
export function choose(stage, run, change) {
  const all = { ...chosen(stage.state, run), ...change };
  const own = Object.fromEntries(Object.entries({ ...all, of: all.groups && run.content }).filter(([, value]) => value !== undefined));
  stage.set({ choices: { ...stage.state.choices, cards: own } });
}

/** Answers of one text together, most frequent meaning first: [{ group, count, weight, lines: [{ text, answers }] }]. */
export function cardsOf(part) {
  const cards = new Map();
  part.answers.forEach(({ text }, i) => {
    const group = part.groups[i];
    const card = cards.get(group) ?? { group, count: 0, weight: part.weights[group], lines: new Map() };
    card.count += 1;
    card.lines.set(text, [...(card.lines.get(text) ?? []), i]);
    cards.set(group, card);
  });
  const inOrder = [...cards.values()].sort((a, b) => b.count - a.count || a.group - b.group);
  return inOrder.map((card) => ({ ...card, lines: [...card.lines].map(([text, answers]) => ({ text, answers })) }));
}

/** The name of an answer for people. */
export const named = (text) => (text === "" ? "(nothing)" : escaped(text));
