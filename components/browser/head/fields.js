// The fields of a request: their values as they stand, and what is asked of the server with them.

import { count, duration } from "../words.js";

export class Fields {
  constructor(frame) {
    this.frame = frame;
    this.chosen = {}; // kind → fields that the reader chose under Options
  }

  /** Their values as they stand: of the reading, else chosen here, else the default. */
  values() {
    const { lens, reading } = this.frame;
    const known = { ...reading?.fields[lens.kind], ...this.chosen[lens.kind] };
    const drawn = this.frame.figures.map((figure) => figure.view.fields?.()); // edited in the picture
    const values = Object.assign(
      Object.fromEntries(
        Object.values(lens.fields).map((field) => [field.name, known[field.name] ?? (field.filled ? reading?.text : null) ?? field.default ?? null]),
      ),
      ...drawn,
    );
    const { servers } = this.frame.data;
    if ("server" in values && servers.length && !servers.includes(values.server)) [values.server] = servers;
    return values;
  }

  /** Ask for a run of the lens on screen. */
  run(values = this.values()) {
    this.frame.reports.ask({ do: "run", kind: this.frame.lens.kind, fields: values });
  }

  /** Ask for what a lens makes of the reading on screen. */
  measure(lens) {
    this.frame.reports.ask({ do: "measure", kind: lens.kind, fields: this.chosen[lens.kind] ?? {} });
  }

  /** About how long a run of the fields as they stand takes, in words; "" if they are of no use. */
  async estimate() {
    const { lens, data, address } = this.frame;
    const body = JSON.stringify({ kind: lens.kind, model: data.model, fields: this.values() });
    const answer = await fetch(`${address.base}estimate`, { method: "POST", body, headers: { "X-Entroscope": "1" } });
    if (!answer.ok) return "";
    const { seconds, refused } = await answer.json();
    if (refused) return "";
    return seconds === null ? "not yet measured here" : `about ${duration(seconds)}`;
  }

  /** How many tokens a text has: ``{tokens, words, over}``, in characters while no model is loaded. */
  async countTokens(text) {
    const url = `${this.frame.address.base}count`;
    const body = JSON.stringify({ text, model: this.frame.data.model });
    const unknown = { words: `${count(text.length)} characters` };
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { "X-Entroscope": "1" } });
      return answer.ok ? await answer.json() : unknown;
    } catch {
      return unknown; // the server does not answer now
    }
  }
}
