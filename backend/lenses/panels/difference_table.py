"""Tables of two runs: the places with B − A, and the figures of every number."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from ...derived import number
from ...derived.alignments import OneText, SameRows, SameSamplers
from ...derived.comparison import Comparison, Sides, difference_of
from ...derived.comparison_tables import places_of, samplers
from ...quantities import Quantity
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, plain_quantity
from .comparison import chosen, comparison_in, of_text


@dataclass(frozen=True, kw_only=True)
class DifferenceTable(Panel):
    """One row a place: what it is, the chosen number in A and in B, and B − A of others too.

    Attributes:
        rows: whether it is for data sets, whose table is their picture; else for all others.
    """

    module: ClassVar[str] = "table"
    area: Area = "timeline"
    rows: bool = False

    def own_name(self) -> str:
        return "differences"

    def fits(self, run: Run) -> bool:
        data_set = isinstance(comparison_in(run).meeting, SameRows)
        return data_set is self.rows and bool(comparison_in(run).names)

    def asks(self) -> tuple[str, ...]:
        return ("number", "layer", "head")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "filter": True, "levels": False, "empty": "No row contains this.",
            "follows": ["colour", "head"],
        }  # fmt: skip

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        comparison = comparison_in(run)
        if isinstance(comparison.meeting, SameSamplers):
            return _samplers(comparison)
        sides = self._sides(comparison, parameters)
        table = TableParcel(_rows(comparison, sides))
        if isinstance(comparison.meeting, OneText):
            table.hidden("place", np.arange(sides.a.size))
        difference = sides.difference
        what = f"{sides.quantity.name}, " if self.rows else ""
        table.number("a", f"{what}A", sides.a, sides.quantity)
        table.number("b", f"{what}B", sides.b, sides.quantity)
        quantity = difference_of(sides.quantity)
        table.number("difference", f"{what}B − A", difference, quantity, heat=True)
        table.hidden("size", np.abs(difference))
        if self.rows:  # a data set has few numbers: all of them fit
            for name in comparison.names:
                other = comparison.sides(name)
                if name != sides.name and other.axes == sides.axes:
                    label = f"{other.quantity.name}, B − A"
                    quantity = difference_of(other.quantity)
                    table.number(name, label, other.difference, quantity, heat=True)
        return table.packed(sort="size", csv="differences")

    def _sides(self, comparison: Comparison, parameters: Parameters) -> Sides:
        name = chosen(comparison, parameters, "T")
        if name is not None:
            sides = of_text(comparison, name, parameters)
            return sides if len(sides.axes) == 1 else comparison.over_tokens(name)
        placed = [each for each in comparison.names if comparison.axes_of(each)]
        wanted = parameters.get("number", "")
        return comparison.sides(wanted if wanted in placed else (placed or comparison.names)[0])


@dataclass(frozen=True, kw_only=True)
class SummaryTable(Panel):
    """One row a number: means of A and B, and the figures of the difference.

    Attributes:
        picture: whether it is for kinds that have no other picture; else for those that have one.
    """

    module: ClassVar[str] = "table"
    area: Area = "timeline"
    picture: bool = False

    def own_name(self) -> str:
        return "summary"

    def fits(self, run: Run) -> bool:
        known = isinstance(comparison_in(run).meeting, OneText | SameRows | SameSamplers)
        return known is not self.picture

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"filter": False, "levels": False, "empty": "The runs have no number in common."}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        rows = []
        comparison = comparison_in(run)
        for name in comparison.names:
            sides = comparison.sides(name)
            words = f"{sides.quantity.name} ({sides.quantity.unit or 'no unit'})"
            rows.append({"number": words, **asdict(sides.summary)})
        labels = {
            "number": "number (as stored)", "places": "places", "mean_a": "mean A",
            "mean_b": "mean B", "mean": "mean B − A", "mean_absolute": "mean |B − A|",
            "largest": "largest B − A", "correlation": "correlation", "higher": "B above A",
        }  # fmt: skip
        table = TableParcel({})
        for name, label in labels.items():
            values = [row[name] for row in rows]
            if name == "number":
                table.texts(name, label, values)
            else:
                share = Quantity(label, unit="%") if name == "higher" else None
                digits = 0 if name == "places" else 3
                table.number(name, label, np.array(values), share, digits=digits)
        return table.packed(csv="summary")


class TableParcel:
    """Columns of a table for the browser; see ``panels.table``."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns: list[dict[str, Any]] = []
        self._texts: dict[str, list[str]] = {}
        self._arrays: dict[str, np.ndarray] = {}
        for name, values in columns.items():
            if all(isinstance(each, str) for each in values):
                self.texts(name, name.replace("_", " "), list(values))
            else:
                self.number(name, name.replace("_", " "), np.asarray(values), digits=0)

    def texts(self, name: str, label: str, values: list[str]) -> None:
        """Add a column of texts."""
        self._add(name, label, "text")
        self._texts[name] = values

    def number(
        self, name: str, label: str, values: np.ndarray, quantity: Quantity | None = None, *,
        heat: bool = False, digits: int | None = None,
    ) -> None:  # fmt: skip
        """Add a column of numbers, as stored."""
        self._add(name, label, "number", quantity=quantity, heat=heat, digits=digits)
        self._arrays[name] = values.ravel().astype(np.float32)

    def hidden(self, name: str, values: np.ndarray) -> None:
        """Add a column that is only sorted or acted on."""
        self._add(name, name, "number", hidden=True)
        self._arrays[name] = values.ravel().astype(np.float32)

    def packed(self, *, sort: str = "", csv: str = "") -> bytes:
        """Return the parcel, sorted with the largest first."""
        lengths = [len(each) for each in (*self._arrays.values(), *self._texts.values())]
        header = {
            "rows": max(lengths, default=0),
            "columns": self._columns,
            "texts": self._texts,
            "sort": {"name": sort, "descending": True} if sort else None,
            "act": {"state": "place", "of": "place"} if "place" in self._arrays else None,
            "csv": csv or None,
        }
        return pack(header, self._arrays)

    def _add(
        self, name: str, label: str, kind: str, *, quantity: Quantity | None = None,
        heat: bool = False, digits: int | None = None, hidden: bool = False,
    ) -> None:  # fmt: skip
        self._columns.append(
            {
                "name": name, "label": label, "kind": kind, "digits": digits, "heat": heat,
                "quantity": plain_quantity(quantity) if quantity else None, "hidden": hidden,
                "pinned": kind == "text",
            }
        )  # fmt: skip


def _rows(comparison: Comparison, sides: Sides) -> dict[str, Any]:
    """Return what every row is: the text of a place, or rows, samplers and so on."""
    columns = places_of(comparison, sides)
    if "text_a" in columns:
        both = zip(columns["text_a"], columns["text_b"], strict=True)
        return {"text": [a or b for a, b in both], "in": columns["in"]}
    if "row_a" in columns:  # people count from 1
        rows = {"row of A": columns["row_a"] + 1, "row of B": columns["row_b"] + 1}
        return rows | {"text": columns["text"]}
    return columns


def _samplers(comparison: Comparison) -> bytes:
    """Return one row a sampler: the mean of every B − A over the steps both have."""
    columns = samplers(comparison)
    table = TableParcel({"sampler": columns["sampler"]})
    for name in comparison.names:
        quantity = number(comparison.a, name).quantity
        values = columns.get(f"difference_{quantity.column(name)}")
        if values is not None:
            table.number(name, quantity.name, values, difference_of(quantity), heat=True)
    table.number("same", "same tokens", columns["same_tokens"], Quantity("Same tokens", unit="%"))
    return table.packed(csv="samplers")
