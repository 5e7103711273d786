"""The lenses of Layers against the plain forward pass: each alone, and all in one reading.

    python -m benchmarks.layers            # the table in benchmarks/README.md
    python -m benchmarks.layers --quick    # 256 tokens, printed only

Everything that is divided is processor seconds of one process, which a busy machine changes less
than time on the clock. The text is ``passages``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import backend
from backend.models.language import LanguageModel
from backend.progress import Progress
from backend.storage.passages import passages
from backend.studies.heads import repeat_mass
from backend.studies.linear_lens import fit_lens
from benchmarks.measuring import in_fresh_process, machine, timed, write_section

LENGTHS = (256, 1024)
LENSES = ("spectra", "heads", "neurons", "attribution", "states")
WITH = ("text", "attention")


def text_of(model: LanguageModel, length: int) -> str:
    """Return the first ``length`` tokens of the passages."""
    encoding = model.tokenizer.encode(" ".join(passages()))
    return encoding.text[: int(encoding.offsets[length - 1, 1])]


def work(action: Callable[[], Any]) -> float:
    """Return processor seconds of ``action``, after one run that does not count."""
    return timed(action, action)["worked"]


def measure(length: int) -> dict[str, float]:
    """Measure everything at one length, in this process."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    text = text_of(model, length)
    repeat_mass(model)  # once per model
    started = time.process_time()
    fit_lens(model)  # likewise
    found = {"fit": time.process_time() - started}
    found["plain"] = work(lambda: backend.study_text(model, text))
    for kind in (*LENSES, "attention"):
        study = getattr(backend, f"study_{kind}")
        found[kind] = work(lambda study=study: study(model, text))
    found["five"] = work(lambda: backend.study_many(model, text, LENSES))
    found["all"] = work(lambda: backend.study_many(model, text, [*WITH, *LENSES]))
    for lens in ("logit", "both"):
        asked = {"lens": lens, "layers": "all"}
        found[lens] = work(lambda asked=asked: backend.study_when_it_knew(model, text, **asked))
    found["first"] = first_picture(model, text)
    return found


def first_picture(model: LanguageModel, text: str) -> float:
    """Return seconds on the clock until the coarse layers of the logit lens are there."""
    started = time.perf_counter()
    seen: list[float] = []

    def report(progress: Progress) -> None:
        if progress.message.endswith("(logit lens)"):
            seen.append(time.perf_counter() - started)

    backend.study_when_it_knew(model, text, lens="logit", layers="every 3rd", report=report)
    return seen[5]  # depths 0, 6, … 24 and the last


def table(rows: dict[int, dict[str, float]]) -> list[str]:
    """Return the tables as lines."""
    names = [*LENSES, "five", "attention", "all", "logit", "both"]
    lines = [f"{machine()}, float32.", ""]
    lines += ["| tokens | plain | " + " | ".join(names) + " | first picture | fit |"]
    lines += ["|--:" * (len(names) + 4) + "|"]
    for length, row in rows.items():
        shares = [f"{row[name] / row['plain']:.2f} ×" for name in names]
        ends = [f"{row['first']:.1f} s", f"{row['fit']:.0f} s"]
        lines.append(
            f"| {length:,} | {row['plain']:.2f} s | " + " | ".join([*shares, *ends]) + " |"
        )
    return lines


def main() -> None:
    """Measure in fresh processes and write the tables."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    quick = "--quick" in sys.argv
    lengths = LENGTHS[:1] if quick else LENGTHS
    rows = {each: in_fresh_process(__file__, "--one", str(each)) for each in lengths}
    lines = table(rows)
    print("\n".join(lines))
    if not quick:
        write_section("layers", "\n".join(lines))


if __name__ == "__main__":
    main()
