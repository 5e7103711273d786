"""The data-set study against reading its texts one by one.

    python -m benchmarks.dataset            # the table in benchmarks/README.md
    python -m benchmarks.dataset --quick    # few texts, once, printed only

Both read the same texts with the same loaded model, in turns, and give the same numbers.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import backend
from backend.derived.series import summarise
from backend.models.language import LanguageModel
from backend.runs import DatasetRequest, DatasetRun
from backend.settings import settings
from benchmarks.measuring import machine, timed, write_section

SIZES = {"8 words": (8, 8, 64), "4 to 30 words": (4, 30, 64), "200 words": (200, 200, 8)}
"""Least and most words of a text, and how many texts."""

REPEATS = 3
_DATA_FOLDER = "ENTROSCOPE_DATA_DIR"
_WORDS = (
    "river low year walked across stones while brother counted them aloud forty fifty lost his "
    "place nobody minded afternoon letter came from the city about money weather and bread"
)


def texts(least: int, most: int, count: int) -> tuple[str, ...]:
    """Return ``count`` texts of ``least`` to ``most`` random words, always the same."""
    dice, words = random.Random(1), _WORDS.split()  # noqa: S311
    return tuple(" ".join(dice.choices(words, k=dice.randint(least, most))) for _ in range(count))


def together(model: LanguageModel, rows: tuple[str, ...]) -> DatasetRun:
    """Read the texts as a data set, with nothing done before."""
    request = DatasetRequest(model=model.spec, texts=rows)
    with own_data_folder():
        return backend.study(model, request)  # type: ignore[reportReturnType]


@contextmanager
def own_data_folder() -> Iterator[None]:
    """Let the studies inside keep their rows in a folder that is empty and then removed."""
    before = os.environ.get(_DATA_FOLDER)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[_DATA_FOLDER] = folder
        settings.cache_clear()
        try:
            yield
        finally:
            del os.environ[_DATA_FOLDER]
            if before is not None:
                os.environ[_DATA_FOLDER] = before
            settings.cache_clear()


def one_by_one(model: LanguageModel, rows: tuple[str, ...]) -> list[float]:
    """Read every text by itself and return the mean entropies."""
    return [summarise(backend.study_text(model, text, top_k=1)).mean_entropy for text in rows]


def main() -> None:
    """Measure and write the table."""
    quick = "--quick" in sys.argv
    table = measure(quick)
    sys.stdout.write(table + "\n")
    if not quick:
        write_section("dataset", table)


def measure(quick: bool) -> str:
    """Return the table."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    lines = ["| texts | one by one | data set | faster |", "| --- | --- | --- | --- |"]
    for name, (least, most, count) in SIZES.items():
        rows = texts(least, most, count // 4 if quick else count)
        one_by_one(model, rows[:2])  # the first pass of a process is slow
        seconds: dict[str, list[float]] = {"alone": [], "together": []}
        for _ in range(1 if quick else REPEATS):
            seconds["alone"].append(timed(lambda: one_by_one(model, rows))["seconds"])  # noqa: B023
            seconds["together"].append(timed(lambda: together(model, rows))["seconds"])  # noqa: B023
        np.testing.assert_allclose(
            together(model, rows).mean_entropy, one_by_one(model, rows), atol=1e-4
        )
        alone, batched = (len(rows) / statistics.median(each) for each in seconds.values())
        lines.append(
            f"| {name} | {alone:,.1f} texts/s | {batched:,.1f} texts/s | {batched / alone:.1f} × |"
        )
    return "\n".join([*lines, "", f"{machine()}, float32, median of {REPEATS}."])


if __name__ == "__main__":
    main()
