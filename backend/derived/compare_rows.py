"""Two data-set runs side by side: the rows whose texts are the same."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..runs.dataset import ROW_MEASURES, DatasetRun


@dataclass(frozen=True)
class RowComparison:
    """Two data-set runs over N common texts, in the order of A.

    Attributes:
        rows_a, rows_b: int64 [N], the rows of each run.
        a, b: by measure of ``ROW_MEASURES``, float64 [N]; nats, and bits for bits per byte.
        unmatched_a, unmatched_b: rows whose text the other run does not have.
    """

    rows_a: np.ndarray
    rows_b: np.ndarray
    a: dict[str, np.ndarray]
    b: dict[str, np.ndarray]
    unmatched_a: int
    unmatched_b: int

    def __len__(self) -> int:
        return len(self.rows_a)

    def difference(self, measure: str) -> np.ndarray:
        """Return B − A, float64 [N]; NaN where one of them could not be measured."""
        with np.errstate(invalid="ignore"):  # infinite in both
            return self.b[measure] - self.a[measure]


def compare_rows(a: DatasetRun, b: DatasetRun) -> RowComparison:
    """Match the rows of two data sets by their texts; of equal texts the first with the first.

    Raises:
        InputError: they have no text in common.
    """
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for row, text in enumerate(b.request.texts):
        waiting[text].append(row)
    pairs = [
        (row, waiting[text].popleft()) for row, text in enumerate(a.request.texts) if waiting[text]
    ]
    if not pairs:
        raise InputError("The two data sets have no text in common: compare runs of one file.")
    rows_a, rows_b = np.array(pairs, np.int64).T
    return RowComparison(
        rows_a=rows_a,
        rows_b=rows_b,
        a={name: getattr(a, name)[rows_a].astype(np.float64) for name in ROW_MEASURES},
        b={name: getattr(b, name)[rows_b].astype(np.float64) for name in ROW_MEASURES},
        unmatched_a=len(a) - len(pairs),
        unmatched_b=len(b) - len(pairs),
    )
