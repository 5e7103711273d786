"""A panel: one part of a lens. It hands numbers to the browser and a chart to reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...derived import quantity_of
from ...quantities import Quantity
from ..parcel import pack

if TYPE_CHECKING:
    import altair as alt

    from ...runs.base import Run

Area = Literal["stage", "side", "inspector", "timeline"]
Parameters = Mapping[str, str]
"""What the browser asks of a panel beside the run, such as the head: from an address, unchecked."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Base of all panels. A subclass overrides what it has.

    Attributes:
        title: over the picture.
        read: how to read it, in one line.
        area: of the frame that it stands in: the ``stage`` has the main picture, ``side`` a
            narrow one left of it, ``inspector`` what is known of the pinned place, ``timeline``
            pictures along the text, one of them shown at a time.
    """

    module: ClassVar[str]
    """The ES module that draws it: ``components/browser/views/<module>.js``."""

    title: str = ""
    read: str = ""
    area: Area = "stage"

    @property
    def name(self) -> str:
        """Unique within a lens; part of addresses."""
        return self.module

    def numbers(self) -> tuple[str, ...]:
        """Return the names of the numbers it shows."""
        return ()

    def options(self) -> dict[str, Any]:
        """Return what the browser needs to know of the panel itself, ready for JSON."""
        return {}

    def parcel(self, run: Run, parameters: Parameters) -> bytes:
        """Return what the browser draws from; see ``pack``.

        Raises:
            InputError: a parameter is of no use.
        """
        return pack({}, {})

    def chart(self, run: Run, unit: str) -> alt.TopLevelMixin | None:
        """Return the picture for reports, exports and notebooks; None where it has none."""
        return None


def described(run_type: type[Run] | Run, name: str) -> dict[str, Any]:
    """Return a number's name and what it is, ready for JSON."""
    return {"name": name, **plain_quantity(quantity_of(run_type, name))}


def plain_quantity(quantity: Quantity) -> dict[str, Any]:
    """Return a quantity ready for JSON; ``label`` is its name for people."""
    plain = asdict(quantity)
    return {"label": plain.pop("name"), "power": quantity.power, **plain}
