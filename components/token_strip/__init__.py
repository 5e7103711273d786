"""A text as the model read it, every token coloured by a number; hover, click and keys.

The drawing is our own HTML, CSS and JavaScript (the files beside this one, in the order of
``SCRIPTS``). Hover never leaves the browser. The text and its numbers travel as parcels
that stay in the browser while metric, level or pin change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from backend.runs.base import TokenizedRun

from ..browser import read_scripts, read_styles
from ..browser.metric import Metric, Scale
from ..browser.parcel import name_of
from ..browser.two_way import hear, settle
from .content import Links, links_parcel, numbers_parcel, text_parcel

__all__ = ["Links", "Metric", "Scale", "token_strip"]

FOLDER = Path(__file__).parent
SCRIPTS = ("text.js", "explain.js", "minimap.js", "links.js", "keys.js", "strip.js")

_mount = component(
    "token_strip",
    css=read_styles(FOLDER / "strip.css"),
    js=read_scripts(*(FOLDER / name for name in SCRIPTS)),
)


def token_strip(
    run: TokenizedRun,
    metrics: Sequence[Metric],
    *,
    metric: str,
    key: str,
    pinned: int | None = None,
    level: Literal["token", "word", "sentence"] = "token",
    spans: np.ndarray | None = None,
    links: np.ndarray | Links | None = None,
    raw: bool = False,
    height: int = 420,
    label: str = "Tokens of the text",
    on_pin: Callable[[int | None], None] | None = None,
) -> int | None:
    """Draw the tokens of ``run``, coloured by one of ``metrics``, and return the pinned one.

    Args:
        run: the text; a text run also brings the bars of the hover card.
        metrics: what can be coloured by; the hover card shows all of them.
        metric: key of the one that colours.
        key: of the component; stays the same from run to run.
        pinned: token to pin. Repeat the value last returned to leave the choice to the reader;
            another value moves the pin and scrolls it into view.
        level: what one value belongs to. Above the token it needs ``spans``.
        spans: int [T], non-decreasing, from 0: the word or sentence of every token.
        links: weights [T, T] (row = the token that looks) or a ``Links``: hovering or pinning a
            token lights up the tokens it looks at.
        raw: show every token by itself with its escapes and its id, instead of a running text.
        height: of the text in pixels; longer texts scroll.
        label: what this is, for screen readers.
        on_pin: called with the token that was pinned (None: unpinned), before the script runs. A
            page with a shared cursor sets it there, and every part of the page is in step.

    Returns:
        Index of the pinned token, None if there is none.

    Raises:
        ValueError: when values do not match the tokens, or ``metric`` names none of the metrics.
    """
    if metric not in {each.key for each in metrics}:
        message = f"No metric {metric!r} among {', '.join(each.key for each in metrics)}."
        raise ValueError(message)
    if level == "token":
        spans = None
    if isinstance(links, np.ndarray):
        links = Links(links)
    parcels = {"text": text_parcel(run), "numbers": numbers_parcel(run, metrics, spans)}
    if links is not None:
        parcels["links"] = links_parcel(links, len(run))
    scope = name_of(parcels["text"])
    pin = settle(key, "pinned", None if pinned is None else int(pinned), scope)

    def pin_moved() -> None:
        hear(key, "pinned", scope, lambda value: on_pin and on_pin(_token(value, len(run))))

    with st.container(gap=None):
        for name, parcel in parcels.items():
            _mount(key=f"{key}:{name}", data=parcel, height=1)
        _mount(
            key=key,
            data={
                "key": key,
                "parcels": {name: name_of(parcel) for name, parcel in parcels.items()},
                "metric": metric,
                "level": level,
                "raw": raw,
                "pin": pin.order,
                "height": height,
                "label": label,
            },
            on_pinned_change=pin_moved,
        )
    return _token(pin.value, len(run))


def _token(value: object, length: int) -> int | None:
    """Return ``value`` if it is a token of the text: what a browser reports is not trusted."""
    return value if isinstance(value, int) and 0 <= value < length else None
