"""Data sets side by side: rows are matched by their texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.derived.compare_rows import compare_rows
from backend.errors import InputError
from tests.runs.makers import dataset_run


def with_texts(*texts: str):
    run = dataset_run()
    values = np.arange(len(texts), dtype=np.float32)
    measures = ("mean_entropy", "max_entropy", "mean_surprisal", "bits_per_byte")
    return replace(
        run, request=replace(run.request, texts=texts), problems={},
        tokens=np.ones(len(texts), np.int32), **dict.fromkeys(measures, values),
    )  # fmt: skip


def test_rows_meet_by_their_texts_whatever_their_order():
    found = compare_rows(with_texts("x", "y", "z"), with_texts("z", "w", "x"))
    assert found.rows_a.tolist() == [0, 2]
    assert found.rows_b.tolist() == [2, 0]
    assert found.difference("mean_entropy").tolist() == [2.0, -2.0]
    assert (found.unmatched_a, found.unmatched_b) == (1, 1)


def test_equal_texts_meet_in_their_order():
    found = compare_rows(with_texts("x", "x", "x"), with_texts("x", "y", "x"))
    assert list(zip(found.rows_a, found.rows_b, strict=True)) == [(0, 0), (1, 2)]


def test_data_sets_without_a_common_text_are_refused():
    with pytest.raises(InputError, match="no text in common"):
        compare_rows(with_texts("x"), with_texts("y"))
