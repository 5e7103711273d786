"""The data-set study: figures of many texts, resumable after Stop or a crash."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, ModelError, OverBudgetError
from ..models.fingerprint import fingerprint
from ..reading.batches import Row, batch_bytes, batch_cost, measure_batch, plan_batches
from ..runs import DatasetRequest, DatasetRun
from ..runs.dataset import MAX_DATASET_BYTES, MAX_ROWS, ROW_MEASURES
from ..settings import settings
from ..storage.row_log import RowLog
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.tokenizer import Encoding

# For a first idea of the work only.
_CHARACTERS_PER_TOKEN = 4
_COUNTED_TOGETHER = 256
_LONG_TEXTS = 4


class DatasetStudy:
    """Reads texts of like length together and writes every finished batch to the disk."""

    kind = "dataset"

    def estimate(self, model: LanguageModel, request: DatasetRequest) -> Estimate:
        """Return memory on top of the model, and work; less where rows are done already."""
        _check(request)
        longest = _longest(model, request)
        tokens = sum(map(len, request.texts)) / _CHARACTERS_PER_TOKEN
        return Estimate(
            batch_bytes(model, min(longest, model.facts.context or longest)),
            tokens * model.facts.parameters,
        )

    def run(self, model: LanguageModel, request: DatasetRequest, report: Report) -> DatasetRun:
        """Measure every text that is not measured yet.

        Raises:
            InputError, OverBudgetError: no texts, or too many.
            ModelError: the model gave something that is not a number.
            CancelledError: ``report`` said so; finished rows are kept for the next time.
        """
        _check(request)
        folder = settings().data_dir / "datasets"
        log = RowLog(folder, request.key, _about(model))
        lengths = _read_lengths(model, request, log, report)
        clock = _Clock(
            len(request.texts), log, sum(lengths.values()), report,
            lambda: _finished(model, request, log),
        )  # fmt: skip
        clock.tick()
        for batch in plan_batches(lengths, batch_cost(model)):
            started = time.perf_counter()
            encodings, rows = _encode_batch(model, request, batch)
            if encodings:
                measured = measure_batch(model, list(encodings.values()), clock.tick)
                rows |= zip(encodings, measured, strict=True)
            _check_finite(model, rows)
            log.add(rows, time.perf_counter() - started)
            clock.tick(pausable=True)
        rows = [log.rows[number] for number in range(len(request.texts))]
        return _to_run(model, request, rows, log.seconds)


STUDIES.register(DatasetStudy.kind)(DatasetStudy())


class _Clock:
    """Reports progress, with the time that is left once it can be told."""

    def __init__(
        self, total: int, log: RowLog, tokens: int, report: Report,
        finished: Callable[[], DatasetRun | None],
    ) -> None:  # fmt: skip
        self._total, self._log, self._report = total, log, report
        self._finished, self._partial, self._rows = finished, None, -1
        self._tokens = tokens
        self._before = _tokens(log)
        self._started = time.perf_counter()

    def tick(self, *_: int, pausable: bool = False) -> None:
        """Report; called after every layer too, so that Stop need not wait for a batch."""
        done = len(self._log.rows)
        message = f"{done:,} of {self._total:,} texts{self._left()}"
        if done != self._rows:  # a tick after every layer, but new rows after a batch only
            self._rows, self._partial = done, self._finished()
        self._report(Progress(done, self._total, message, self._partial, pausable))

    def _left(self) -> str:
        read = _tokens(self._log) - self._before
        if not 0 < read < self._tokens:
            return ""
        seconds = math.ceil((time.perf_counter() - self._started) / read * (self._tokens - read))
        return f", about {seconds} s left" if seconds < 90 else f", about {seconds // 60} min left"


def _about(model: LanguageModel) -> dict[str, Any]:
    """Return what the rows depend on beside the request: model, weights and libraries."""
    versions = provenance(model)["versions"]
    return {"model": asdict(model.facts), "weights": fingerprint(model), "versions": versions}


def _tokens(log: RowLog) -> int:
    return sum(row.get("tokens", 0) for row in log.rows.values())


def _check(request: DatasetRequest) -> None:
    rows = len(request.texts)
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in request.texts)
    if not rows:
        raise InputError("There are no texts; give at least one.")
    if rows > MAX_ROWS:
        raise OverBudgetError(f"There are {rows:,} texts; a data set has at most {MAX_ROWS:,}.")
    if size > MAX_DATASET_BYTES:
        raise OverBudgetError(
            f"The texts have {size:,} bytes together; a data set has at most {MAX_DATASET_BYTES:,}."
        )


def _longest(model: LanguageModel, request: DatasetRequest) -> int:
    """Return the most tokens of a text, judged by those with the most characters."""
    counts = [1]
    for text in heapq.nlargest(_LONG_TEXTS, request.texts, key=len):
        with suppress(InputError):  # a text that cannot be read is noted in its row
            counts.append(
                model.tokenizer.count(
                    text, special_tokens=request.special_tokens, add_bos=request.add_bos
                )
            )
    return max(counts)


def _read_lengths(
    model: LanguageModel, request: DatasetRequest, log: RowLog, report: Report
) -> dict[int, int]:
    """Return the tokens of every row still to do; rows that cannot be read go into the log."""
    lengths: dict[int, int] = {}
    problems: dict[int, Row] = {}
    context, total = model.facts.context or math.inf, len(request.texts)
    for row, text in enumerate(request.texts):
        if row % _COUNTED_TOGETHER == 0:
            report(Progress(len(log.rows), total, f"Counting tokens: {row:,} of {total:,} texts"))
        if row in log.rows:
            continue
        try:
            count = model.tokenizer.count(
                text, special_tokens=request.special_tokens, add_bos=request.add_bos
            )
            if not count:
                _encode(model, request, row)  # may know a better reason
                raise InputError("There is no text.")
            if count > context:
                raise OverBudgetError(f"{count:,} tokens; this model reads {context:,}.")
            lengths[row] = count
        except (InputError, OverBudgetError) as error:
            problems[row] = {"problem": str(error)}
    if problems:
        log.add(problems, 0.0)
    return lengths


def _encode(model: LanguageModel, request: DatasetRequest, row: int) -> Encoding:
    return model.tokenizer.encode(
        request.texts[row], special_tokens=request.special_tokens, add_bos=request.add_bos
    )


def _encode_batch(
    model: LanguageModel, request: DatasetRequest, batch: list[int]
) -> tuple[dict[int, Encoding], dict[int, Row]]:
    """Return the tokens of the rows of a batch, and the problems of those that cannot be read.

    Counting tokens does not notice a character that the vocabulary would leave out.
    """
    encodings: dict[int, Encoding] = {}
    problems: dict[int, Row] = {}
    for row in batch:
        try:
            encodings[row] = _encode(model, request, row)
        except InputError as error:
            problems[row] = {"problem": str(error)}
    return encodings, problems


def _check_finite(model: LanguageModel, rows: dict[int, Row]) -> None:
    for number, row in rows.items():
        if math.isnan(row.get("mean_entropy", 0.0)):
            raise ModelError(
                f"{model.facts.name} gave no usable numbers for text {number + 1:,} in "
                f"{model.facts.dtype}; load it as float32 or bfloat16."
            )


def _finished(model: LanguageModel, request: DatasetRequest, log: RowLog) -> DatasetRun | None:
    """Return the rows that are measured as a data set of their own, None for none."""
    done = sorted(number for number in log.rows if number < len(request.texts))
    if not done:
        return None
    part = replace(request, texts=tuple(request.texts[number] for number in done))
    return _to_run(model, part, [log.rows[number] for number in done], log.seconds)


def _to_run(
    model: LanguageModel, request: DatasetRequest, rows: list[Row], seconds: float
) -> DatasetRun:
    columns: dict[str, Any] = {
        name: np.array([row.get(name, np.nan) for row in rows], np.float32) for name in ROW_MEASURES
    }
    return DatasetRun(
        **provenance(model),
        request=request,
        seconds=seconds,
        tokens=np.array([row.get("tokens", 0) for row in rows], np.int32),
        problems={
            str(number): row["problem"] for number, row in enumerate(rows) if "problem" in row
        },
        **columns,
    )
