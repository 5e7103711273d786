"""Tables as CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..characters import without_steering

_FORMULA = re.compile(r"[\t\r\n]*[=+\-@＝＋－＠]")


def table_csv(table: Mapping[str, Sequence[Any] | np.ndarray]) -> str:
    """Return a table as CSV with a line of names; NaN is an empty cell.

    Numbers are written as numbers. A text that a spreadsheet would take for a formula has an
    apostrophe in front, and control characters are written as their code point.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(map(_cell, table))
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in table.values()]
    for row in zip(*columns, strict=True):
        writer.writerow(map(_cell, row))
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        text = without_steering(value)
        return f"'{text}" if _FORMULA.match(text) else text
    if isinstance(value, list | tuple | dict):  # written by its repr, which begins with a bracket
        return without_steering(str(value))
    return "" if value != value else value
