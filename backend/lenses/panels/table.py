"""The numbers of a run as a table to sort, whose rows move the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from ...derived import number
from ...runs.arrays import axis_of
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, plain_quantity
from .places import ROWS, cursor_of, places


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that is no declared number.

    Attributes:
        values: texts, or whole numbers with −1 for none.
        hidden: only there to be acted on.
        bar: names of two numbers between which it draws a bar, in place of values.
    """

    name: str
    label: str
    values: Sequence[Any] = field(default=(), repr=False)
    hidden: bool = False
    bar: tuple[str, ...] = ()

    @property
    def kind(self) -> Literal["text", "number", "bar"]:
        """Whether it holds texts."""
        if self.bar:
            return "bar"
        return "text" if all(isinstance(each, str) for each in self.values) else "number"


def axis_columns(run: Run, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    """Return the columns that say what every row is: tokens, texts, samplers, seeds."""
    extra: Any = run
    if axes == ("T",):
        return [
            Column(name="token", label="token", values=range(len(extra))),
            Column(name="text", label="text", values=extra.tokens),
            Column(name="id", label="id", values=extra.token_ids),
        ]
    grid = np.indices(shape).reshape(len(axes), -1)
    found = []
    for letter, place, size in zip(axes, grid.tolist(), shape, strict=True):
        along = places(run, letter, size)
        if along.counted:
            found.append(Column(name=along.field, label=along.name, values=place))
        else:
            names = [along.labels[each] for each in place]
            found.append(Column(name=along.field, label=along.name, values=names))
    return found


Rows = Callable[[Any, tuple[str, ...], tuple[int, ...]], list[Column]]


@dataclass(frozen=True, kw_only=True)
class Table(Panel):
    """One row a place, or a pair of places: what it is, then its numbers.

    Attributes:
        table: of the run, for the whole as CSV.
        axes: letters of what the rows are.
        of: names of the numbers, which have these axes.
        sort: the column it is sorted by at the start; empty for the order of the run.
        descending: whether the largest comes first.
        heat: whether cells are coloured by their number.
        levels: whether words and sentences can be rows too.
        opens: what a click on a row asks of the page, such as "text"; else it moves the cursor.
        rows: what stands before the numbers: from run, axes and sizes to columns.
    """

    module: ClassVar[str] = "table"
    area: Area = "timeline"
    table: str
    axes: tuple[str, ...]
    of: tuple[str, ...]
    sort: str = ""
    descending: bool = True
    heat: bool = False
    levels: bool = False
    opens: str = ""
    empty: str = "No row contains this."
    rows: Rows = axis_columns

    def own_name(self) -> str:
        return f"table_{self.table}"

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"filter": True, "levels": self.levels, "empty": self.empty}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        found = {name: number(run, name) for name in self.of}
        shape = next(iter(found.values())).values.shape
        header: dict[str, Any] = {
            "rows": int(np.prod(shape)),
            "columns": [],
            "texts": {},
            "sort": {"name": self.sort, "descending": self.descending} if self.sort else None,
            "act": self._act(run),
            "csv": self.table,
        }
        arrays: dict[str, np.ndarray] = {}
        for column in self.rows(run, self.axes, shape):
            plain: dict[str, Any] = {
                "name": column.name,
                "label": column.label,
                "kind": column.kind,
            }
            plain |= {"quantity": None, "digits": 0, "heat": False, "hidden": column.hidden}
            plain["bar"] = list(column.bar)
            header["columns"].append({**plain, "pinned": column.kind == "text"})
            if column.kind == "text":
                header["texts"][column.name] = list(column.values)
            elif column.kind == "number":
                values = np.asarray(column.values, np.float32)
                arrays[column.name] = np.where(values < 0, np.float32(np.nan), values)
        for name, each in found.items():
            header["columns"].append(
                {
                    "name": name, "label": each.quantity.name, "kind": "number",
                    "quantity": plain_quantity(each.quantity), "digits": None, "heat": self.heat,
                    "hidden": bool(np.isnan(each.values).all()), "pinned": False,
                }
            )  # fmt: skip
            arrays[name] = each.values.ravel().astype(np.float32)
        return pack(header, arrays)

    def _act(self, run: Run) -> dict[str, str] | None:
        if self.opens:
            return {"open": self.opens}
        if self.axes == ROWS:
            return {"state": "row", "of": "row"}
        cursor = cursor_of(run, self.axes[0]) if len(self.axes) == 1 else None
        return {"state": cursor, "of": axis_of(run, self.axes[0]).name} if cursor else None
