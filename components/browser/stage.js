// What views may ask their stage for, beside its state: parts and charts of runs, the weights of heads.

import { fetchParcel } from "./parcels.js";

const HERE = new URL("./", import.meta.url);

/** Base of the frame, which has ``state``, ``run``, ``reading``, ``address``, ``reports`` and ``status``. */
export class Stage {
  #index;

  get stage() {
    return this;
  }

  dataUrl(content, part, parameters = {}) {
    const query = new URLSearchParams(parameters).toString();
    return `${this.address.base}data/${content}/${part}${query ? `?${query}` : ""}`;
  }

  /** A part of the run that a view shows, which may no longer be the one on screen. */
  part(name, parameters, run = this.run) {
    const content = run?.content ?? this.reading.contents.text;
    return fetchParcel(this.dataUrl(content, name, parameters));
  }

  /** A part of any run whose content is known. */
  partAt(content, name, parameters) {
    return fetchParcel(this.dataUrl(content, name, parameters));
  }

  partOf(kind, name, parameters) {
    const content = this.reading?.contents[kind];
    return content ? fetchParcel(this.dataUrl(content, name, parameters)) : null;
  }

  async chart(name, unit, parameters = {}, run = this.run) {
    const url = this.dataUrl(run.content, `${name}.vl.json`, { ...parameters, unit });
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(await answer.text());
    const spec = await answer.json();
    if (spec.nothing) throw Object.assign(new Error(spec.nothing), { nothing: true });
    return spec;
  }

  /** The weights of a head, which the model has to read again: ``{size, weights}``. */
  pattern(layer, head, parameters, run = this.run) {
    const query = new URLSearchParams({ layer, head, ...parameters });
    return fetchParcel(`${this.address.base}pattern/${run.content}?${query}`);
  }

  /** What a panel asks of the server, such as opening a row. */
  act(name, row) {
    this.reports.ask({ do: name, kind: this.lens.kind, content: this.run.content, row });
  }

  announce(message) {
    this.status.textContent = message;
  }

  /** What the search finds and what words mean; fetched once, when it is first of use. */
  get index() {
    this.#index ??= fetch(new URL("index.json", HERE)).then((answer) => answer.json());
    return this.#index;
  }
}
