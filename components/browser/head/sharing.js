// Links: a run that is a reader's alone is shared by one, and one that asks for a study waits.

import { button, element } from "../dom.js";
import { count } from "../words.js";
import { copyLink } from "./menus.js";

/** Ask whether whoever has its link may read a run. */
export function shareForm(frame, close) {
  const box = element("div", "form");
  const share = () => {
    frame.reports.ask({ do: "share", kind: frame.lens.kind });
    close();
  };
  box.append(
    element("p", "hint", "Whoever has the link can read this run, text and numbers, until you take it back. It is saved in the library for that."),
    button("Share this run", share, "primary"),
  );
  if (frame.reading.link.study) {
    const copy = () => {
      copyLink(frame);
      close();
    };
    box.append(
      element("p", "hint", "Or copy a link that holds the text alone, and computes it again for whoever opens it."),
      button("Copy that link", copy, "quiet"),
    );
  }
  return box;
}

/** What a link to a study would do: it never begins by itself. */
export function askedByLink(reading) {
  if (!reading?.address.study) return [];
  const model = reading.model.split("@")[0];
  const of = model ? ` with the model ${model}` : "";
  const words = `A link asks for this, for ${count(reading.text.length)} characters${of}. Nothing is computed until you press.`;
  return [element("p", "hint", words)];
}
