"""Controls of one page whose values are part of the view: kept in the session and in the address.

A control is declared once, beside the code that draws it::

    TAB = Control("compare.tab", "curves", checks.one_of(tuple(TABS)))

    st.segmented_control("Charts", list(TABS), required=True, **TAB.widget())
    draw(TAB.value)

Its name is that of its page, a dot, and its own. While the page is shown, a value other than the
default stands in the address, so that Copy link and a reload keep it; it outlives a visit to other
pages. Addresses are untrusted: what a link offers for a control waits until that control is drawn,
and is taken if it passes the check. What nothing claims leaves the address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from . import state
from .plain import escape_markdown

Value = TypeVar("Value")


@dataclass(frozen=True)
class Control(Generic[Value]):
    """One control.

    Attributes:
        name: "<page>.<control>", in lower case.
        default: holds until something else is chosen, and when a choice is taken back.
        check: turns the text of the address into the value, or raises ``ValueError``; see
            ``checks``. It may depend on what is shown, such as the layers of a run.
    """

    name: str
    default: Value
    check: Callable[[str], Value]

    @property
    def value(self) -> Value:
        """What is chosen; the default where the choice does not fit what is shown now."""
        self._claim()
        text = state.control_texts().get(self.name)
        if text is None:
            return self.default
        try:
            return self.check(text)
        except ValueError:
            return self.default

    def put(self, value: Value) -> None:
        """Choose a value, as a button may."""
        if value != self.value:
            self._keep(value)
            state.renew(self.name)
            state.write_address()

    def widget(self, changed: Callable[[], None] | None = None) -> dict[str, Any]:
        """Return the arguments that tie a widget to the control: its key and its callback.

        The widget's own ``value``, ``default`` and ``index`` stay away. Where what is shown has
        changed so that another value holds now, the widget is a new one that shows it.

        Args:
            changed: called after the reader has chosen.
        """
        value = self.value
        key = state.widget_key(self.name)
        if as_text(st.session_state.setdefault(key, value)) != as_text(value):
            state.renew(self.name)
            key = state.widget_key(self.name)
            st.session_state[key] = value

        def take() -> None:
            if key != state.widget_key(self.name):
                return  # a late report on a widget that is gone
            self._keep(st.session_state[key])
            if st.session_state[key] is None:
                state.renew(self.name)
            state.write_address()
            if changed is not None:
                changed()

        return {"key": key, "on_change": take}

    def _keep(self, value: Value | None) -> None:
        texts = state.control_texts()
        if value is None or as_text(value) == as_text(self.default):
            texts.pop(self.name, None)
        else:
            texts[self.name] = as_text(value)

    def _claim(self) -> None:
        """Take what the link offers, if it is of use."""
        text = state.take_offer(self.name)
        if text is None:
            return
        try:
            value = self.check(text)
        except ValueError as error:
            st.toast(escape_markdown(f"Ignored {self.name!r} of the link: {error}."))
        else:
            self._keep(value)
            state.renew(self.name)
        state.write_address()


def as_text(value: Any) -> str:
    """Return how the address writes a value; the functions of ``checks`` read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ",".join(as_text(each) for each in value)
    return str(value)
