"""What a browser fetches of a run or an array that is known by its content."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..lenses import LENSES
from ..lenses.parcel import MEDIA_TYPE, pack
from ..lenses.parts import Report, part
from ..runs.base import Run
from .source import Parcel

ARRAY = "array"


def run_parcel(
    run: Run, name: str, parameters: Mapping[str, str], report: Report | None = None
) -> Parcel | None:
    """Return a part of a run; see ``lenses.parts``. None where no lens shows such runs.

    Raises:
        InputError: there is no such part, or a parameter is of no use.
    """
    if run.kind not in LENSES:
        return None
    return Parcel(*part(LENSES[run.kind], run, name, parameters, report=report))


def array_parcel(array: np.ndarray, part: str) -> Parcel | None:
    """Return an array that was computed on demand, such as an attention pattern, as "array"."""
    return Parcel(pack({}, {ARRAY: array}), MEDIA_TYPE) if part == ARRAY else None
