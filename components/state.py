"""What the reader has chosen, shared by all pages and kept in the address.

Every shared value is one line in ``PARAMETERS``. It lives in the session, so that moving between
pages or going Back never loses it, and is written to the address, so that a copied link or a
reload restores it. The address is untrusted: what does not pass its check is dropped with a notice.
Values of one page only are declared where they are drawn: see ``controls``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import streamlit as st

from backend.runs.base import Run
from backend.runs.model import ModelSpec, names_hub

from . import checks
from .plain import escape_markdown

Unit = Literal["nats", "bits"]

UNITS: tuple[Unit, Unit] = ("nats", "bits")
DTYPES = ("auto", "float32", "bfloat16", "float16")
KINDS_IN_ADDRESS = ("text", "attention", "trajectories", "dataset", "divergence")


@dataclass(frozen=True)
class Parameter:
    """One shared value.

    Attributes:
        default: holds until something else is chosen; not written to the address.
        parse: turns the text of the address into the value, raising ``ValueError`` if it cannot
            be used.
    """

    default: Any
    parse: Callable[[str], Any]


def run_parameter(kind: str) -> str:
    """Return the parameter that holds the key of the current run of a kind."""
    return "run" if kind == "text" else f"{kind}_run"


def example_parameter(kind: str) -> str:
    """Return the parameter that holds the name of the current example of a kind."""
    return "example" if kind == "text" else f"{kind}_example"


PARAMETERS: Mapping[str, Parameter] = {
    "unit": Parameter("nats", checks.one_of(UNITS)),
    "metric": Parameter("entropy", checks.name),
    "token": Parameter(None, checks.index),
    "head": Parameter(None, checks.head),
    "model": Parameter("bundled", checks.line),
    "revision": Parameter(None, checks.line),
    "device": Parameter("auto", checks.device),
    "dtype": Parameter("auto", checks.one_of(DTYPES)),
    **{run_parameter(kind): Parameter(None, checks.run_key) for kind in KINDS_IN_ADDRESS},
    **{example_parameter(kind): Parameter(None, checks.name) for kind in KINDS_IN_ADDRESS},
    "branches": Parameter(None, checks.run_keys),
    "study": Parameter(None, checks.code),
    "a": Parameter("pair:dtype_a", checks.choice),
    "b": Parameter("pair:dtype_b", checks.choice),
}

_WRITTEN = "state:written"
_NOTICES = "state:notices"
_GENERATION = "state:generation:"
_PAGE = "state:page"
_CONTROLS = "state:controls"
_OFFERS = "state:offers"
_SETTLED = "state:settled"
_CONTROL = re.compile(r"[a-z]{1,20}\.[a-z0-9_-]{1,40}")
MOST_OFFERS, LONGEST_OFFER = 64, 300


def get(name: str) -> Any:
    """Return the current value of a parameter."""
    return st.session_state.get(f"state:{name}", PARAMETERS[name].default)


def put(**values: Any) -> None:
    """Change parameters, in the session and in the address."""
    for name, value in values.items():
        if name not in PARAMETERS:
            raise KeyError(name)
        _set(name, value)
    write_address()


def unit() -> Unit:
    """Return the unit in which information is shown."""
    return get("unit")


def pinned(length: int | None = None) -> int | None:
    """Return the pinned token, the one cursor of all pages.

    Args:
        length: tokens there are; a pin beyond them counts as none.
    """
    token = get("token")
    return None if token is None or (length is not None and token >= length) else token


def pin(token: int | None) -> None:
    """Move the cursor to a token, or take it away."""
    put(token=token)


def model() -> ModelSpec:
    """Return the model chosen in the sidebar; a revision is for models of the hub only."""
    source = get("model")
    revision = get("revision") if names_hub(source) else None
    return ModelSpec(source, revision, get("device"), get("dtype"))


def widget(name: str, check: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """Return the arguments that tie a widget to a parameter.

    For example ``st.selectbox("Unit", UNITS, **state.widget("unit"))``.

    Args:
        name: of the parameter.
        check: for a text field: turns what was typed into the value, or raises ``ValueError``;
            then the value stays and a notice says why. An empty field means the default.
    """
    key = widget_key(name)
    if key not in st.session_state:
        value = get(name)
        st.session_state[key] = "" if check is not None and value is None else value

    def take() -> None:
        if key != widget_key(name):
            return  # a late report on a widget that is gone
        chosen = value = st.session_state[key]
        if check is not None:
            try:
                value = check(chosen) if chosen else PARAMETERS[name].default
            except ValueError as error:
                notice(f"{name.capitalize()} was left as it is: {error}.")
                renew(name)
                return
        st.session_state[f"state:{name}"] = value
        if value != chosen:
            renew(name)
        write_address()

    return {"key": key, "on_change": take}


def _set(name: str, value: Any) -> None:
    if value != get(name):
        st.session_state[f"state:{name}"] = value
        renew(name)


def widget_key(name: str) -> str:
    """Return the key of the widget of a parameter or control."""
    return f"choose:{name}:{st.session_state.get(_GENERATION + name, 0)}"


def renew(name: str) -> None:
    """Give the widget of a parameter or control a new key.

    A browser that has not heard of a new value yet reports the old one; under the same key that
    would look like the reader's choice and take the new value back.
    """
    st.session_state[_GENERATION + name] = st.session_state.get(_GENERATION + name, 0) + 1


def show_run(kind: str, key: str) -> None:
    """Make a run known to the engine the current one of its kind, without a pinned token."""
    put(**{run_parameter(kind): key, example_parameter(kind): None, "token": None})


def show_answer(answer: Run | tuple[Run, ...]) -> None:
    """Make what a job brought the current run of its kind, each of several of its own."""
    for run in answer if isinstance(answer, tuple) else (answer,):
        show_run(run.kind, run.request.key)


def show_example(kind: str, name: str) -> None:
    """Make a shipped example the current run of its kind, without a pinned token."""
    put(**{run_parameter(kind): None, example_parameter(kind): name, "token": None})


def notice(message: str) -> None:
    """Tell the reader something small at the top of the page, once."""
    st.session_state.setdefault(_NOTICES, []).append(message)


def show_notices() -> None:
    """Draw what was to be told, and forget it."""
    for message in st.session_state.pop(_NOTICES, []):
        show_notice(message)


def show_notice(message: str) -> None:
    """Draw a notice here and now."""
    st.info(escape_markdown(message), icon=":material/info:")


def control_texts() -> dict[str, str]:
    """Return the values of all controls that are not at their default, as the address has them."""
    return st.session_state.setdefault(_CONTROLS, {})


def take_offer(name: str) -> str | None:
    """Return what the address says for a control, once."""
    return st.session_state.get(_OFFERS, {}).pop(name, None)


def read_address(page: str) -> None:
    """Take over what the address says; called by the frame before anything is drawn.

    A value counts when it is new, as on the first run of a session or after Back and Forward.
    A missing one is not a wish to lose the value: the address of a page opened from the menu is
    empty.

    Args:
        page: that is about to be drawn; the address has the controls of this page only.
    """
    st.session_state[_PAGE] = page
    written = cast("dict[str, str]", st.session_state.get(_WRITTEN, {}))
    said = st.query_params.to_dict()
    new = {name: text for name, text in said.items() if text != written.get(name)}
    for name, text in new.items():
        if name in PARAMETERS:
            try:
                _set(name, PARAMETERS[name].parse(text))
            except ValueError as error:
                notice(f"Ignored {name!r} of the link: {error}.")
    offers = {
        name: text
        for name, text in new.items()
        if _CONTROL.fullmatch(name) and len(text) <= LONGEST_OFFER
    }
    if offers and len(offers) <= MOST_OFFERS:
        st.session_state[_OFFERS] = offers
        st.session_state[_SETTLED] = False
    write_address()


def settle() -> None:
    """Drop from the address what no control has claimed; called when the page is drawn."""
    st.session_state[_SETTLED] = True
    write_address()


def write_address() -> None:
    """Write everything that is not at its default to the address."""
    values = {
        name: str(get(name))
        for name, parameter in PARAMETERS.items()
        if get(name) != parameter.default
    }
    offers = {} if st.session_state.get(_SETTLED) else st.session_state.get(_OFFERS, {})
    page = f"{st.session_state.get(_PAGE)}."
    values |= {
        name: text for name, text in (offers | control_texts()).items() if name.startswith(page)
    }
    st.session_state[_WRITTEN] = values
    if st.query_params.to_dict() != values:
        st.query_params.from_dict(values)
