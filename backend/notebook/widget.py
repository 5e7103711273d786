"""The widget: what is pinned is shared with Python, what is drawn is fetched part by part."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ..errors import EntroscopeError, InputError
from ..lenses import LENSES
from ..lenses.descriptors import describe
from ..lenses.parts import part
from ..quantities import UNITS
from ..report import notebook_html
from ..runs.base import Run, TokenizedRun
from ..storage.files import content_id
from .bundle import widget_module

MODULES = ("strip", "heads", "expected", "facts")
"""Views that need nothing but the run; those with Plotly, Vega or the model stay in the app."""


class RunView(anywidget.AnyWidget):
    """A run as the app shows it: click a token or a head, and read it here.

    Attributes:
        token: place of the pinned token, from 0; None where the run has no text. Setting it moves
            the pin.
        head: layer and head that are chosen, both from 0.
        unit: "nats" or "bits".
    """

    _esm = widget_module()
    run = traitlets.Dict(read_only=True).tag(sync=True)
    panels = traitlets.List(read_only=True).tag(sync=True)
    token = traitlets.Int(None, allow_none=True).tag(sync=True)
    head = traitlets.List(traitlets.Int(), [0, 0], minlen=2, maxlen=2).tag(sync=True)
    unit = traitlets.Enum(UNITS).tag(sync=True)

    def __init__(self, run: Run, unit: str = "nats") -> None:
        """Show ``run``.

        Raises:
            InputError: the unit is unknown, or no part of the stage shows such a run.
        """
        if unit not in UNITS:
            raise InputError(f"The unit is 'nats' or 'bits', not {unit!r}.")
        lens = LENSES[run.kind]
        fitting = {panel.name for panel in lens.panels if panel.fits(run)}
        panels = [
            each
            for each in describe(lens)["panels"]
            if each["module"] in MODULES and each["name"] in fitting and each["area"] != "timeline"
        ]
        if not panels:
            raise InputError(
                f"A run of {lens.title} has no view for notebooks. The run itself, as the last "
                "expression of a cell, shows its first picture."
            )
        super().__init__(unit=unit)
        self._run, self._lens = run, lens
        self._length = len(run.tokens) if isinstance(run, TokenizedRun) else None
        self.set_trait("panels", panels)
        self.set_trait(
            "run", {"content": content_id(run), "kind": run.kind, "tokens": self._length}
        )
        if self._length is not None:
            self.token = min(1, self._length - 1)
        self.on_msg(self._answer)

    @traitlets.validate("token")
    def _in_text(self, proposal: dict[str, Any]) -> int | None:
        value, length = proposal["value"], getattr(self, "_length", None)
        if value is not None and (length is None or not 0 <= value < length):
            raise traitlets.TraitError(f"token must be from 0 to {(length or 0) - 1}, not {value}.")
        return value

    def answer(self, asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return a part of the run as the browser asks for it: a message, and bytes beside it."""
        parameters = {str(name): str(value) for name, value in asked["parameters"].items()}
        try:
            content, _ = part(self._lens, self._run, str(asked["name"]), parameters)
        except EntroscopeError as error:
            return {"id": asked["id"], "error": str(error)}, []
        return {"id": asked["id"]}, [content]

    def _answer(self, _widget: Any, asked: dict[str, Any], _buffers: Any) -> None:
        self.send(*self.answer(asked))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return the widget, and beside it the first picture for where no widgets run."""
        bundle, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return {**bundle, "text/html": notebook_html(self._run)}, metadata
