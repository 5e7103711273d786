"""What every run has in common: what was asked, of which model, with what, and how long it took."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import ConfigDict

from ..registry import Registry
from .arrays import array, array_specs, check_arrays
from .header import check_words
from .model import ModelFacts, ModelSpec
from .plain import plain
from .tables import Table, declared_tables, token_table

if TYPE_CHECKING:
    from ..notebook.widget import RunView

RUN_KINDS: Registry[type[Run]] = Registry("kind of run")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a study is asked to do: plain, hashable and picklable.

    Subclasses add the text or prompt and their parameters. Equal requests have equal ``key``.
    """

    # A field that this version does not know may change what is asked for.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: ClassVar[str]
    reads_model: ClassVar[bool] = True
    """Whether a reader's model answers it; a training of small networks needs none."""
    model: ModelSpec = field(default_factory=ModelSpec)

    @cached_property
    def key(self) -> str:
        """A content hash of the whole request, 16 hex digits."""
        written = json.dumps([self.kind, plain(self)], sort_keys=True)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """The result of one study; immutable. Arrays are NumPy, everything else plain metadata.

    Attributes:
        request: what was asked.
        model: what the model turned out to be.
        versions: of the libraries that computed the numbers.
        created: UTC time, ISO 8601.
        seconds: time the study took, without loading the model.
        title: a name for people; empty until somebody gives one.
        note: one sentence on what to look at; shipped examples have it.
    """

    # Lets pydantic check a run read from a file; it passes NumPy arrays through as they are.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        arbitrary_types_allowed=True, extra="forbid"
    )

    kind: ClassVar[str]
    request: Request
    model: ModelFacts
    versions: dict[str, str]
    created: str
    seconds: float
    title: str = ""
    note: str = ""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name, those that are None left out; "field/key" for dict fields."""
        found: dict[str, np.ndarray] = {}
        for name in array_specs(self):
            value = getattr(self, name)
            if isinstance(value, dict):
                found |= {f"{name}/{key}": entry for key, entry in value.items()}
            elif value is not None:
                found[name] = value
        return found

    def axes(self) -> dict[str, int]:
        """Return the sizes of those named axes that other fields fix."""
        return {"L": self.model.layers, "H": self.model.heads}

    def check(self) -> None:
        """Check the arrays and that all fields agree; subclasses add what they promise.

        Raises:
            ValueError: they do not; the message names the field.
        """
        if not 0 <= self.seconds < math.inf:
            raise ValueError("seconds must be a number from 0")
        if "entroscope" not in self.versions:
            raise ValueError("versions must name entroscope's own")
        check_words(self)
        self.model.check()
        check_arrays(self, self.axes())

    def tables(self) -> dict[str, Table]:
        """Return the run as tables by name, the main one first; information in nats."""
        return declared_tables(self)

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def save(self, path: str | Path) -> Path:
        """Write the run as one ``.safetensors`` file, atomically, and return its path."""
        from ..storage.files import save_run

        return save_run(self, Path(path))

    def report(self, path: str | Path, unit: str = "nats") -> Path:
        """Write the run as one HTML file that opens anywhere, and return its path.

        Args:
            path: of the file.
            unit: "nats" or "bits".

        Raises:
            InputError: the unit is neither.
        """
        from ..report import write_report

        return write_report(self, Path(path), unit)

    def view(self, unit: str = "nats") -> RunView:
        """Return the run as a widget for notebooks: ``view().token`` is the token pinned there.

        Args:
            unit: "nats" or "bits".

        Raises:
            InputError: anywidget is not installed, the unit is neither, or the run has no view.
        """
        from ..notebook import view_of

        return view_of(self, unit)

    def _repr_html_(self) -> str:
        """Return the first picture of the run's lens, for notebooks."""
        from ..report import notebook_html

        return notebook_html(self)


def check_numbers(names: Iterable[str], field: str) -> None:
    """Check that all ``names`` are whole numbers from 0, as ``str`` writes them.

    Raises:
        ValueError: one is not; the message names the ``field``.
    """
    for name in names:
        if not (name.isascii() and name.isdigit() and str(int(name)) == name):
            raise ValueError(f"{field} has {name!r} where a number belongs")


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenizedRun(Run):
    """A run over one given text of T tokens; T is at least 1.

    Attributes:
        text: exactly what was read, special tokens included.
        tokens: display text of each token (length T). Bytes that do not make a character by
            themselves show as the replacement character; ``groups`` ties them together.
        token_ids: int32 [T].
        offsets: int32 [T, 2], start and end of each token in ``text``, in characters. Pieces of
            one character all carry that character's span.
        groups: int32 [T], non-decreasing; tokens that together make one character share a number.
        special: bool [T], tokens with a control meaning, not written by the reader.
        exact: False when the tokens do not spell ``text``, because the tokenizer normalises it
            or lacks a character; offsets still refer to ``text``.
    """

    text: str
    tokens: list[str]
    token_ids: np.ndarray = array("int32", "T")
    offsets: np.ndarray = array("int32", "T", 2)
    groups: np.ndarray = array("int32", "T")
    special: np.ndarray = array("bool", "T")
    exact: bool = True

    def __len__(self) -> int:
        return len(self.tokens)

    def tables(self) -> dict[str, Table]:
        return declared_tables(self, {"tokens": token_table(self)})

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "T": len(self.tokens)}

    def check(self) -> None:
        super().check()
        start, end = self.offsets.T
        if not len(self):
            raise ValueError("there are no tokens")
        if start.min() < 0 or (end < start).any() or end.max() > len(self.text):
            raise ValueError("offsets leave the text")
        if (np.diff(start) < 0).any() or (np.diff(self.groups) < 0).any():
            raise ValueError("offsets and groups must not go back")
        if self.token_ids.min() < 0:
            raise ValueError("token_ids must not be negative")
