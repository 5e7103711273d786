"""The samplers a reader has chosen: one card each, with controls made from its declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend.runs.sampler_info import ParameterInfo, SamplerInfo
from backend.runs.trajectories import Plan, SamplerSpec
from components.trajectories.presets import PRESETS

MOST = 12
CARD_WIDTH = 180

_CARDS = "trajectories:cards"
_NEXT = "trajectories:next-card"
_ADD = "trajectories:add"


@dataclass(frozen=True)
class Card:
    """One chosen sampler, or a chain that came with a run and is kept as it is.

    Attributes:
        number: unique in the session; names the card's widgets.
        plan: as it was put; the values of a single sampler are in its widgets since.
    """

    number: int
    plan: Plan

    @property
    def single(self) -> SamplerSpec | None:
        """The sampler, unless it is a chain."""
        return self.plan[0] if len(self.plan) == 1 else None

    def key(self, parameter: str) -> str:
        """Return the key of the widget for a parameter."""
        return f"trajectories:card{self.number}:{parameter}"


Catalogue = dict[str, SamplerInfo]


def chosen_plans(catalogue: Catalogue) -> tuple[Plan, ...]:
    """Return the samplers as they stand, with every parameter written out."""
    return tuple(_plan(card, catalogue) for card in _cards())


def any_cards() -> bool:
    """Tell whether samplers are chosen."""
    return bool(_cards())


def put_plans(plans: Sequence[Plan], catalogue: Catalogue) -> None:
    """Replace all cards."""
    st.session_state[_CARDS] = []
    for plan in plans[:MOST]:
        _append(plan, catalogue)


def sampler_cards(catalogue: Catalogue) -> None:
    """Draw presets, the cards and the way to add one."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, preset in PRESETS.items():
            st.button(
                preset.title,
                key=f"trajectories:preset:{name}",
                help=preset.text,
                on_click=put_plans,
                args=(preset.plans, catalogue),
            )
        st.space("stretch")
        _adder(catalogue)
    if not _cards():
        st.caption("No sampler chosen. Add one, or take one of the sets above.")
    with st.container(horizontal=True, gap="small", key="sampler-cards"):
        for card in _cards():
            _draw(card, catalogue)


def _adder(catalogue: Catalogue) -> None:
    full = len(_cards()) >= MOST

    def add() -> None:
        name = st.session_state[_ADD]
        st.session_state[_ADD] = None
        if name in catalogue and len(_cards()) < MOST:
            _append((SamplerSpec(name),), catalogue)

    ordered = sorted(catalogue, key=lambda name: (catalogue[name].group, catalogue[name].label))
    st.selectbox(
        "Add a sampler",
        ordered,
        index=None,
        key=_ADD,
        on_change=add,
        disabled=full,
        format_func=lambda name: f"{catalogue[name].label} ({catalogue[name].group})",
        placeholder=f"{MOST} samplers at most" if full else "Add a sampler",
        label_visibility="collapsed",
        width=240,
    )


def _draw(card: Card, catalogue: Catalogue) -> None:
    with st.container(border=True, width=CARD_WIDTH, key=f"sampler-card-{card.number}", gap=None):
        if card.single is None:
            _draw_chain(card, catalogue)
            return
        info = catalogue[card.single.name]
        first, *others = info.parameters
        shown = [first, *(each for each in others if each.name == "temperature")]
        hidden = [each for each in others if each not in shown]
        with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
            st.markdown(f"**{info.label}**", width="stretch")
            with st.popover("", icon=":material/tune:", type="tertiary", key=card.key("more"),
                help="More settings, and what it does"):  # fmt: skip
                for each in hidden:
                    _control(card, each)
                explain_sampler(info)
            _remover(card, info.label)
        for each in shown:
            _control(card, each)


def _draw_chain(card: Card, catalogue: Catalogue) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
        st.markdown("**Chain**", width="stretch")
        _remover(card, "chain")
    for spec in card.plan:
        values = ", ".join(f"{name} {value}" for name, value in spec.parameters.items())
        st.caption(f"{catalogue[spec.name].label} {values}")


def explain_sampler(info: SamplerInfo) -> None:
    """Write rule, formula and source of a sampler."""
    st.markdown(f"**{info.label}** · {info.group}")
    st.latex(info.formula)
    st.markdown(info.explanation)
    st.caption(info.source)


def _remover(card: Card, label: str) -> None:
    st.button(
        "",
        icon=":material/close:",
        type="tertiary",
        key=card.key("remove"),
        help=f"Remove {label}",
        on_click=_remove,
        args=(card.number,),
    )


def _control(card: Card, declared: ParameterInfo) -> None:
    key = card.key(declared.name)
    st.session_state.setdefault(key, _given(card, declared))
    unit = f" ({declared.unit})" if declared.unit else ""
    common: dict[str, Any] = {"key": key, "help": declared.help, "persist_state": "session"}
    if declared.options:
        st.segmented_control(declared.label, declared.options, required=True, **common)
    elif declared.integer:
        low, high = (int(each) for each in _range(card, declared))
        st.slider(f"{declared.label}{unit}", low, high, step=int(declared.step), **common)
    else:
        places = max(2, len(f"{declared.step:.10f}".rstrip("0").partition(".")[2]))
        low, high = (float(each) for each in _range(card, declared))
        st.slider(
            f"{declared.label}{unit}", low, high, step=float(declared.step),
            format=f"%.{places}f", **common,
        )  # fmt: skip


def _given(card: Card, declared: ParameterInfo) -> Any:
    """Return the value a card came with, in the type its control has."""
    parameters: dict[str, Any] = card.single.parameters if card.single else {}
    value = parameters.get(declared.name, declared.default)
    if declared.options:
        return value if value in declared.options else declared.default
    return int(value) if declared.integer else float(value)


def _range(card: Card, declared: ParameterInfo) -> tuple[float, float]:
    """Return the ends of a slider: the usual range, and the value the card came with."""
    value = _given(card, declared)
    return min(declared.low, value), max(declared.high, value)


def _plan(card: Card, catalogue: Catalogue) -> Plan:
    if card.single is None:
        return card.plan
    parameters = catalogue[card.single.name].parameters
    values = {
        each.name: st.session_state.get(card.key(each.name), _given(card, each))
        for each in parameters
    }
    return (SamplerSpec(card.single.name, values),)


def _cards() -> list[Card]:
    return st.session_state.setdefault(_CARDS, [])


def _append(plan: Plan, catalogue: Catalogue) -> None:
    number = st.session_state.get(_NEXT, 0)
    st.session_state[_NEXT] = number + 1
    card = Card(number, plan)
    if card.single:
        for each in catalogue[card.single.name].parameters:
            st.session_state[card.key(each.name)] = _given(card, each)
    st.session_state[_CARDS] = [*_cards(), card]


def _remove(number: int) -> None:
    st.session_state[_CARDS] = [each for each in _cards() if each.number != number]
