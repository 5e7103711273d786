"""The samplers a reader has chosen: one card each, with controls made from its declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from backend.runs.sampler_info import ParameterInfo, SamplerInfo
from backend.runs.trajectories import Plan, SamplerSpec

from .presets import PRESETS

MOST = 12
MOST_LINKS = 4  # samplers one after the other on a card; more come with a run only
CARD_WIDTH = 180

_CARDS = "trajectories:cards"
_NEXT = "trajectories:next-card"
_ADD = "trajectories:add"


@dataclass(frozen=True)
class Card:
    """One chosen sampler, or a chain of them.

    Attributes:
        number: unique in the session; names the card's widgets.
        plan: as it was put; the values are in its widgets since.
    """

    number: int
    plan: Plan

    def key(self, what: str, link: int = 0) -> str:
        """Return the key of a widget, such as that of a parameter, of one of its samplers."""
        place = f".{link}" if link else ""
        return f"trajectories:card{self.number}{place}:{what}"


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
        for link, spec in enumerate(card.plan):
            _draw_link(card, link, catalogue[spec.name], catalogue)
        _follower(card, catalogue)


def _draw_link(card: Card, link: int, info: SamplerInfo, catalogue: Catalogue) -> None:
    """Draw one sampler of a card: its main control and its temperature, the rest folded away."""
    first, *others = info.parameters
    shown = [first, *(each for each in others if each.name == "temperature" and not link)]
    hidden = [each for each in others if each not in shown]
    with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
        st.markdown(f"{'→ ' if link else ''}**{info.label}**", width="stretch")
        with st.popover("", icon=":material/tune:", type="tertiary", key=card.key("more", link),
            help="More settings, and what it does"):  # fmt: skip
            for each in hidden:
                _control(card, link, each)
            explain_sampler(info)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=card.key("remove", link),
            help=f"Remove {info.label}",
            on_click=_remove,
            args=(card, link, catalogue),
        )
    for each in shown:
        _control(card, link, each)


def _follower(card: Card, catalogue: Catalogue) -> None:
    """Offer a sampler to apply to what this card's samplers leave."""
    key = card.key("then")

    def add() -> None:
        name = st.session_state[key]
        st.session_state[key] = None
        if name in catalogue and len(card.plan) < MOST_LINKS:
            _put(replace(card, plan=(*_plan(card, catalogue), SamplerSpec(name))), catalogue)

    if len(card.plan) < MOST_LINKS:
        st.selectbox(
            "Then apply",
            sorted(catalogue, key=lambda name: catalogue[name].label),
            index=None,
            key=key,
            on_change=add,
            format_func=lambda name: catalogue[name].label,
            placeholder="then …",
            label_visibility="collapsed",
        )


def explain_sampler(info: SamplerInfo) -> None:
    """Write rule, formula and source of a sampler."""
    st.markdown(f"**{info.label}** · {info.group}")
    st.latex(info.formula)
    st.markdown(info.explanation)
    st.caption(info.source)


def _control(card: Card, link: int, declared: ParameterInfo) -> None:
    key, given = card.key(declared.name, link), _given(card.plan[link], declared)
    st.session_state.setdefault(key, given)
    unit = f" ({declared.unit})" if declared.unit else ""
    common: dict[str, Any] = {"key": key, "help": declared.help, "persist_state": "session"}
    if declared.options:
        st.segmented_control(declared.label, declared.options, required=True, **common)
        return
    low, high = _range(given, declared)
    if declared.integer:
        low, high = int(low), int(high)
        st.slider(f"{declared.label}{unit}", low, high, step=int(declared.step), **common)
    else:
        places = max(2, len(f"{declared.step:.10f}".rstrip("0").partition(".")[2]))
        st.slider(
            f"{declared.label}{unit}", float(low), float(high), step=float(declared.step),
            format=f"%.{places}f", **common,
        )  # fmt: skip


def _given(spec: SamplerSpec, declared: ParameterInfo) -> Any:
    """Return the value a sampler came with, in the type its control has."""
    value: Any = spec.parameters.get(declared.name, declared.default)
    if declared.options:
        return value if value in declared.options else declared.default
    return int(value) if declared.integer else float(value)


def _range(given: float, declared: ParameterInfo) -> tuple[float, float]:
    """Return the ends of a slider: the usual range, and the value the card came with."""
    return min(declared.low, given), max(declared.high, given)


def _plan(card: Card, catalogue: Catalogue) -> Plan:
    """Return the samplers of a card with the values of its widgets."""
    return tuple(
        SamplerSpec(
            spec.name,
            {
                each.name: st.session_state.get(card.key(each.name, link), _given(spec, each))
                for each in catalogue[spec.name].parameters
            },
        )
        for link, spec in enumerate(card.plan)
    )


def _cards() -> list[Card]:
    return st.session_state.setdefault(_CARDS, [])


def _append(plan: Plan, catalogue: Catalogue) -> None:
    _put(Card(_new_number(), plan), catalogue)


def _new_number() -> int:
    number = st.session_state.get(_NEXT, 0)
    st.session_state[_NEXT] = number + 1
    return number


def _put(card: Card, catalogue: Catalogue, over: int | None = None) -> None:
    """Put a card, with its values in its widgets, in the place of the one it grew out of.

    Args:
        card: the card.
        catalogue: the samplers there are.
        over: number of the card to replace; its own where it is there already.
    """
    for link, spec in enumerate(card.plan):
        for each in catalogue[spec.name].parameters:
            st.session_state[card.key(each.name, link)] = _given(spec, each)
    old, cards = card.number if over is None else over, _cards()
    if old in [each.number for each in cards]:
        st.session_state[_CARDS] = [card if each.number == old else each for each in cards]
    else:
        st.session_state[_CARDS] = [*cards, card]


def _remove(card: Card, link: int, catalogue: Catalogue) -> None:
    """Take a sampler out of a card, and the card with its last one."""
    plan = _plan(card, catalogue)
    rest = (*plan[:link], *plan[link + 1 :])
    if rest:  # under a new number, as the widgets of the later samplers move up
        _put(Card(_new_number(), rest), catalogue, over=card.number)
    else:
        st.session_state[_CARDS] = [each for each in _cards() if each.number != card.number]
