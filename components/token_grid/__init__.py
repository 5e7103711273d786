"""Several continuations of one prompt, one to a row, aligned step by step.

Every cell is one chosen token, coloured by a number of that step; hover, click and keys work as in
the token strip, and the column under the pointer or the pin runs through all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from ..browser import read_scripts, read_styles
from ..browser.metric import Metric, numbers
from ..browser.parcel import name_of, pack
from ..browser.two_way import hear, settle

__all__ = ["Metric", "first_departure", "token_grid"]

FOLDER = Path(__file__).parent
Place = tuple[int, int]

_mount = component(
    "token_grid",
    css=read_styles(FOLDER / "grid.css"),
    js=read_scripts(FOLDER / "grid.js"),
)


def token_grid(
    rows: Sequence[Sequence[str]],
    metrics: Sequence[Metric],
    *,
    labels: Sequence[str],
    metric: str,
    key: str,
    pinned: Place | None = None,
    references: Sequence[int | None] | None = None,
    reference_name: str = "",
    token_ids: Sequence[Sequence[int]] | None = None,
    parts: Sequence[Sequence[str]] | None = None,
    special_ids: Sequence[int] = (),
    height: int = 480,
    label: str = "Continuations, step by step",
    on_pin: Callable[[Place | None], None] | None = None,
) -> Place | None:
    """Draw ``rows`` of tokens over common steps and return the pinned (row, step).

    Args:
        rows: display texts [row][step]; rows may end early.
        metrics: what can be coloured by; values float [rows, steps], NaN where there is none. The
            hover card shows all of them.
        labels: a name for every row.
        metric: key of the metric that colours.
        key: of the component; may stay the same while rows grow.
        pinned: (row, step) to pin; works as in ``token_strip``.
        references: for every row the one it is compared with, None for none: the first token
            that differs from it is marked.
        reference_name: what to call it, or them all.
        token_ids: ids [row][step] to compare by; display texts can look alike.
        parts: which part of its character a token is, such as "1/2", [row][step]; "" for most.
        special_ids: ids with a control meaning, drawn as outlined chips.
        height: in pixels at most; longer grids scroll.
        label: what this is, for screen readers.
        on_pin: called with (row, step) or None, before the script runs.

    Raises:
        ValueError: when labels or values do not fit the rows, or ``metric`` names no metric.
    """
    steps = max((len(row) for row in rows), default=0)
    _check(rows, steps, metrics, labels, metric)
    ids = rows if token_ids is None else token_ids
    compared = [each[: len(row)] for each, row in zip(ids, rows, strict=True)]
    special = set(special_ids)
    against = list(references or [None] * len(rows))
    header = {
        "rows": [list(row) for row in rows],
        "labels": list(labels),
        "parts": None if parts is None else [list(row) for row in parts],
        "special": [[each in special for each in row] for row in compared],
        "steps": steps,
        "references": against,
        "referenceName": reference_name,
        "departures": [
            None if other is None else first_departure(each, compared[other])
            for each, other in zip(compared, against, strict=True)
        ],
    }
    parcels = {"text": pack(header, {}), "numbers": pack(*numbers(metrics))}
    pin = settle(key, "pinned", None if pinned is None else [int(each) for each in pinned])

    def pin_moved() -> None:
        hear(key, "pinned", "", lambda value: on_pin and on_pin(_place(value, rows)))

    with st.container(gap=None):
        for name, parcel in parcels.items():
            _mount(key=f"{key}:{name}", data=parcel, height=1)
        _mount(
            key=key,
            data={
                "key": key,
                "parcels": {name: name_of(parcel) for name, parcel in parcels.items()},
                "metric": metric,
                "pin": pin.order,
                "height": height,
                "label": label,
            },
            on_pinned_change=pin_moved,
        )
    return _place(pin.value, rows)


def first_departure(row: Sequence[object], reference: Sequence[object]) -> int | None:
    """Return the first step at which ``row`` goes on differently from ``reference``, None if never.

    A row that is longer departs where the reference has ended.
    """
    for step, token in enumerate(row):
        if step >= len(reference) or token != reference[step]:
            return step
    return None


def _check(
    rows: Sequence[Sequence[str]],
    steps: int,
    metrics: Sequence[Metric],
    labels: Sequence[str],
    metric: str,
) -> None:
    if metric not in {each.key for each in metrics}:
        message = f"No metric {metric!r} among {', '.join(each.key for each in metrics)}."
        raise ValueError(message)
    if len(labels) != len(rows):
        message = f"{len(labels)} labels for {len(rows)} rows."
        raise ValueError(message)
    for each in metrics:
        if np.shape(each.values) != (len(rows), steps):
            shape = "×".join(str(size) for size in np.shape(each.values))
            message = f"{each.label}: values of {shape} for {len(rows)} rows of {steps} steps."
            raise ValueError(message)


def _place(value: object, rows: Sequence[Sequence[str]]) -> Place | None:
    """Return ``value`` if it is a cell of the grid: what a browser reports is not trusted."""
    match value:
        case [int(row), int(step)] if 0 <= row < len(rows) and 0 <= step < len(rows[row]):
            return row, step
    return None
