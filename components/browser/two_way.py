"""One value that both the browser and the script may set: who wins, and what the browser is told.

A widget that reports every keystroke or click is always a step ahead of the script. If the script
sent its own idea of the value back each time, a fast typist would lose letters and a cursor would
jump back. So the browser keeps its value unless the script *asks for another one*, and is then told
once, under a new revision number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import streamlit as st

Value = TypeVar("Value")


@dataclass(frozen=True)
class TwoWay(Generic[Value]):
    """A value as it stands after this run of the script.

    Attributes:
        value: what holds now, for the script.
        asked: what the script asked for when it was last run.
        told: what the browser was last told to show, and the revision it was told under.
        serial: of the last report from the browser that was counted.
        scope: what the value belongs to, such as a run; another scope starts afresh.
    """

    value: Value
    asked: Value
    told: Value
    revision: int
    serial: int | None
    scope: str

    @property
    def order(self) -> dict[str, Any]:
        """What to send: the browser obeys when the revision is new to it, else ignores it."""
        return {"value": self.told, "revision": self.revision, "scope": self.scope}


def settle(key: str, state: str, asked: Value, scope: str = "") -> TwoWay[Value]:
    """Decide which value holds in this run of the script, and remember it for the next.

    A report the script has not seen yet wins; then a value the script newly asks for; otherwise
    the value stays as it was.

    Args:
        key: of the mounted component, whose ``state`` holds the browser's report as
            ``{"value": …, "serial": …, "scope": …}``.
        state: name of the component's state.
        asked: the value the script wants; repeat the last one to leave the browser alone.
        scope: reports of another scope are ignored.
    """
    slot = f"{key}:{state}:settled"
    known = cast("TwoWay[Value] | None", st.session_state.get(slot))
    if known is None or known.scope != scope:
        serial = known.serial if known else None
        known = TwoWay(asked, asked, asked, time.time_ns() // 1000, serial, scope)
    known = _heard(known, asked, _report(key, state, scope))
    st.session_state[slot] = known
    return known


def hear(key: str, state: str, scope: str, tell: Callable[[Any], object] | None) -> None:
    """Hand a new report to ``tell``; for the component's callback, which runs before the script.

    A script that stores the value there asks for the reported value in the same run already, so
    that asking for the one before it afterwards counts as a new wish.
    """
    report = _report(key, state, scope)
    if tell is not None and report is not None:
        tell(report["value"])


def _heard(known: TwoWay[Value], asked: Value, report: Mapping[str, Any] | None) -> TwoWay[Value]:
    if report is not None and report["serial"] != known.serial:
        return TwoWay(
            report["value"], asked, known.told, known.revision, report["serial"], known.scope
        )
    if asked not in (known.asked, known.value):
        revision = max(time.time_ns() // 1000, known.revision + 1)
        return TwoWay(asked, asked, asked, revision, known.serial, known.scope)
    return TwoWay(known.value, asked, known.told, known.revision, known.serial, known.scope)


def _report(key: str, state: str, scope: str) -> Mapping[str, Any] | None:
    """Return the browser's last report, or None if there is none in this scope."""
    report = (st.session_state.get(key) or {}).get(state)
    if not isinstance(report, Mapping) or report.get("scope", "") != scope:
        return None
    return report
