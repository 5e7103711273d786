// What is being typed into a form, kept in this tab until its run is there: a reload or a server
// that goes down takes nothing away.

const KEPT = "entroscope-drafts"; // kind → {reading, fields}

let loaded = true; // nothing was opened since the page was loaded

/** What was typed into the form of a kind about this reading, or before the page was loaded. */
export function draft(kind, reading) {
  const kept = all()[kind];
  const own = kept && (loaded || kept.reading === reading) ? kept.fields : {};
  loaded = false;
  return own;
}

/** Keep the fields of a form as they are typed. */
export function keepDraft(kind, reading, fields) {
  write({ ...all(), [kind]: { reading, fields } });
}

/** The run of a form is there, or its reader gave it up. */
export function forgetDraft(kind) {
  const { [kind]: _, ...rest } = all();
  if (_) write(rest);
}

function write(drafts) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(drafts));
  } catch {
    // A text beyond what a browser keeps stays in its form alone.
  }
}

function all() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}
