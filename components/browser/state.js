// What the reader has chosen about the view, and how the address writes it.

export const DEFAULTS = {
  token: null, // pinned
  unit: "nats",
  colour: null, // name of the number that colours the text; null: the first
  level: "token",
  raw: false,
  spread: false, // colours span this text instead of the fixed range
  window: 5,
  head: [0, 0],
  second: null, // another head to compare with
  at: {}, // places on other axes, by letter
  tab: {}, // which picture along the text, by lens
  choices: {}, // of single panels, by their name
  theme: "light",
  lecture: false, // large type, no chrome
  view: null, // first and last token in view of a long text
  whole: false, // show patterns of long texts too
  measure: null, // what colours the grid of heads
  share: false, // entropy as a share of the most there can be
  sorted: false, // heads of a layer by value instead of by number
  withoutFirst: false, // leave the first token, the usual sink, out of every look
  queries: null, // [first, stop) that means are taken over
  marks: true, // flags of heads
  limits: {}, // of a training's numbers, by name: where they were moved
  flags: {}, // scale, upper, lower: where they differ from the panel's
  row: null, // of a table, or of the texts that samplers wrote: sampler × seeds + seed; branches follow
  step: null, // of these texts
  seed: 0, // whose texts are shown, by its place; -1: all
  reference: null, // label of the sampler that texts are compared with; null: greedy or the first
  wrapped: false, // texts show in lines, whole
  draft: null, // samplers and seeds as edited, not run yet
  place: null, // of two texts that are compared
  cover: null, // the first token that is covered, for guessing
  lesson: null, // name and step of the lesson that is under way
  papers: {}, // what the list of papers is narrowed to: words, question, lens, state
};

/** Changes of these do not belong into the address. */
export const FIXED = new Set(["theme", "view", "whole", "draft"]);

const text = { read: (said) => said, write: (value) => value };
const on = { read: (said) => said === "on", write: () => "on" };
const whole = { read: (said) => (/^\d{1,7}$/.test(said) ? Number(said) : undefined), write: String };
const oneOf = (...options) => ({
  read: (said) => (options.includes(said) ? said : undefined),
  write: (value) => value,
});
const head = {
  read: (said) => {
    const found = /^(?:L(\d{1,4})\.H|(\d{1,4})\.)(\d{1,4})$/.exec(said);
    return found ? [Number(found[1] ?? found[2]), Number(found[3])] : undefined;
  },
  write: (value) => value.join("."),
};
const plain = {
  read: (said) => {
    try {
      return JSON.parse(said);
    } catch {
      return undefined;
    }
  },
  write: JSON.stringify,
};
const pair = {
  read: (said) => {
    const found = /^(\d{1,7}),(\d{1,7})$/.exec(said);
    return found ? [Number(found[1]), Number(found[2])] : undefined;
  },
  write: (value) => value.join(","),
};

const lesson = {
  read: (said) => {
    const found = /^([a-z0-9_-]{1,120})\.(\d{1,2})$/.exec(said);
    return found && Number(found[2]) > 0 ? [found[1], Number(found[2]) - 1] : undefined;
  },
  write: ([name, step]) => `${name}.${step + 1}`,
};

/** State name → its name in links of before the stage. */
export const OLDER = { colour: "trajectories.colour", spread: "trajectories.automatic" };

/** State name → name in the address, how it is written there, and the module of the only page that has it. */
export const WRITTEN = {
  token: ["token", whole],
  unit: ["unit", oneOf("nats", "bits")],
  colour: ["metric", text],
  place: ["place", whole],
  cover: ["cover", whole],
  lesson: ["lesson", lesson],
  level: ["tokens.level", oneOf("token", "word", "sentence")],
  lecture: ["lecture", on],
  raw: ["tokens.raw", on],
  spread: ["tokens.automatic", on],
  window: ["tokens.window", whole],
  head: ["head", head],
  second: ["attention.second", head],
  at: ["at", plain],
  tab: ["tab", plain],
  choices: ["choices", plain],
  measure: ["attention.measure", text],
  share: ["attention.share", on],
  sorted: ["attention.sorted", on],
  withoutFirst: ["attention.rest", on],
  queries: ["attention.queries", pair],
  marks: ["attention.marks", { read: (said) => said !== "off", write: () => "off" }],
  flags: ["attention.flags", plain],
  limits: ["limits", plain],
  row: ["row", whole],
  step: ["step", whole],
  seed: ["trajectories.seed", { read: (said) => (said === "all" ? -1 : whole.read(said)), write: (value) => (value < 0 ? "all" : `${value}`) }],
  reference: ["trajectories.reference", text],
  wrapped: ["trajectories.wrapped", on],
  papers: ["papers", plain, "papers"],
};

export function same(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
