"""A panel: one part of a lens. It hands numbers to the browser and a chart to reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...derived import quantity_of
from ...quantities import Quantity
from ..parcel import pack

if TYPE_CHECKING:  # Altair takes a fifth of a second to import, and most panels are never drawn
    from ...charts.base import Spec
    from ...runs.base import Run

Area = Literal["stage", "side", "inspector", "timeline"]
Parameters = Mapping[str, str]
"""What the browser asks of a panel beside the run, such as the head: from an address, unchecked."""

NONE: Parameters = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Base of all panels. A subclass overrides what it has.

    Attributes:
        title: over the picture.
        read: how to read it, in one line.
        about: what is drawn, where that is more than its numbers say.
        formula, source: of the picture, where its numbers have no formula of their own for it.
        area: of the frame that it stands in: the ``stage`` has the main picture, ``side`` a
            narrow one left of it, ``inspector`` what is known of the pinned place, ``timeline``
            pictures along the text, one of them shown at a time.
        missing: what to say where a run has nothing to draw: the reason and what brings it.
        key: its name, where a lens has two of a kind.
    """

    module: ClassVar[str]
    """The ES module that draws it: ``components/browser/views/<module>.js``."""

    title: str = ""
    read: str = ""
    about: str = ""
    formula: str = ""
    source: str = ""
    area: Area = "stage"
    missing: str = ""
    key: str = ""

    @property
    def name(self) -> str:
        """Unique within a lens; part of addresses."""
        return self.key or self.own_name()

    def own_name(self) -> str:
        """Return what it is called where it has no ``key``."""
        return self.module

    def caption(self, run: Run) -> str:
        """Return the title of its picture of a run, where nothing was chosen."""
        return self.title

    def numbers(self) -> tuple[str, ...]:
        """Return the names of the numbers it shows."""
        return ()

    def asks(self) -> tuple[str, ...]:
        """Return the names of the parameters that parcel and chart take."""
        return ()

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        """Return what the browser needs to know of the panel itself, ready for JSON."""
        return {}

    def fits(self, run: Run) -> bool:
        """Tell whether it has anything to show of a run; else the frame leaves it out."""
        return True

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        """Return what the browser draws from; see ``pack``.

        Raises:
            InputError: a parameter is of no use.
        """
        return pack({}, {})

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec | None:
        """Return the picture for reports, exports and notebooks; None where there is none.

        Raises:
            InputError: a parameter is of no use.
        """
        return None


def described(run_type: type[Run] | Run, name: str) -> dict[str, Any]:
    """Return a number's name and what it is, ready for JSON."""
    return {"name": name, **plain_quantity(quantity_of(run_type, name))}


def plain_quantity(quantity: Quantity) -> dict[str, Any]:
    """Return a quantity ready for JSON; ``label`` is its name for people."""
    plain = asdict(quantity)
    pieces = list(quantity.pieces) if quantity.pieces else None
    return {"label": plain.pop("name"), "power": quantity.power, **plain, "pieces": pieces}


def plain_panel(panel: Panel, run_type: type[Run]) -> dict[str, Any]:
    """Return a panel as the browser gets it, ready for JSON."""
    words = ("name", "module", "title", "read", "about", "formula", "source", "area", "missing")
    return {
        **{each: getattr(panel, each) for each in words},
        "options": panel.options(run_type),
        "numbers": [described(run_type, each) for each in panel.numbers()],
    }
