"""Tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def table_csv(table: Mapping[str, Sequence[Any] | np.ndarray]) -> str:
    """Return a table as CSV with a line of names; NaN is an empty cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table)
    columns = [each.tolist() if isinstance(each, np.ndarray) else each for each in table.values()]
    for row in zip(*columns, strict=True):
        writer.writerow("" if value != value else value for value in row)
    return out.getvalue()
