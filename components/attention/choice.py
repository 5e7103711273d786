"""The controls of the page, and which head is chosen."""

from __future__ import annotations

from typing import Any, cast

import streamlit as st

from backend.derived.heads import Scale, typical_head
from backend.runs import AttentionRun

from .. import checks, state
from ..controls import Control
from .numbers import Options

SCALES: dict[Scale, str] = {
    "observed": "highest head",
    "tokens": "ln of all tokens",
    "visible": "mean ln of visible tokens",
}
METRICS = ("entropy", "first", "self", "previous", "induction", "distance")
_CONTROLS: dict[str, Control[Any]] = {
    name: Control(f"attention.{name}", default, check)
    for name, default, check in (
        ("share", False, checks.switch),
        ("hide_first", False, checks.switch),
        ("automatic", False, checks.switch),
        ("ordered", False, checks.switch),
        ("scale", "observed", checks.one_of(tuple(SCALES))),
        ("upper", 0.75, checks.number(0.5, 1.0)),
        ("lower", 0.05, checks.number(0.0, 0.45)),
        ("follow", False, checks.switch),
        ("metric", "entropy", checks.one_of(METRICS)),
    )
}


def chosen_head(run: AttentionRun) -> tuple[int, int]:
    """Return the head of the address, or one that shows something."""
    asked = state.get("head")
    if asked is not None:
        layer, head = (int(each) for each in asked.split("."))
        if layer < run.model.layers and head < run.model.heads:
            return layer, head
    return typical_head(run, "previous") or (0, 0)


def choose_head(layer: int, head: int) -> None:
    """Make a head the chosen one, in the address too."""
    state.put(head=f"{layer}.{head}")


def options(run: AttentionRun) -> Options:
    """Return the controls as they stand."""
    start, stop = _positions_control(run).value
    return Options(
        unit=state.unit(),
        share=value("share"),
        hide_first=value("hide_first"),
        start=start,
        stop=stop + 1,
        automatic=value("automatic"),
        ordered=value("ordered"),
        scale=cast(Scale, value("scale")),
        upper=float(value("upper")),
        lower=float(value("lower")),
    )


def value(name: str) -> Any:
    """Return the value of a control."""
    return _CONTROLS[name].value


def toolbar(run: AttentionRun) -> None:
    """Draw the controls of the heatmap."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="heads-toolbar"
    ):
        st.toggle(
            "Share of maximum",
            help="H / ln(visible tokens): a token near the start sees only a few, so its entropy "
            "cannot be large.",
            **kept("share"),
        )
        st.toggle(
            "Hide the first token",
            help="Most heads rest on the first token when they have nothing to do. This shows how "
            "the remaining weight is spread (within 0.02 nats, where at least 1 % remains).",
            **kept("hide_first"),
        )
        st.toggle(
            "Sort heads", help="By entropy within each layer, lowest first.", **kept("ordered")
        )
        st.toggle(
            "Colours span this text",
            help="Off: a fixed range, so that texts can be compared.",
            **kept("automatic"),
        )
        with st.popover("Positions", icon=":material/straighten:"):
            _positions(run)
        with st.popover("Flags", icon=":material/flag:"):
            _flag_controls()


def _positions(run: AttentionRun) -> None:
    if len(run) < 2:
        st.caption("The text has a single token.")
        return
    control = _positions_control(run)
    st.slider("Means are taken over the tokens", 0, len(run) - 1, **control.widget())
    st.caption("The first tokens see little, which pulls means down.")


def _flag_controls() -> None:
    st.selectbox(
        "Entropy that counts as 1",
        list(SCALES),
        format_func=lambda each: SCALES[each],
        help="Entropy-Guided Attention divides by the highest head that was observed.",
        **kept("scale"),
    )
    st.slider("▲ Overload from", 0.5, 1.0, step=0.05, **kept("upper"))
    st.slider("▼ Collapse up to", 0.0, 0.45, step=0.01, **kept("lower"))
    st.caption("0.75 is the paper's top quarter. For collapse it names no number: 0.05 is ours.")


def _positions_control(run: AttentionRun) -> Control[tuple[int, int]]:
    """Return the control of the queries that means are taken over; each length has its own."""
    last = len(run) - 1

    def check(text: str) -> tuple[int, int]:
        start, stop = checks.several(checks.whole(0, last), 2, 2)(text)
        if start > stop:
            raise ValueError("the first token comes first")
        return start, stop

    return Control(f"attention.positions-{len(run)}", (0, last), check)


def kept(name: str) -> dict[str, Any]:
    """Return the arguments that tie a widget to a control."""
    return _CONTROLS[name].widget()
