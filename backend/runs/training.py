"""A training: networks trained side by side, and what was measured of them while they learned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec
from .tables import Table, add_column, indexed

Value = float | int | str

_FOLDER = Path(__file__).parents[1] / "trainings"


def experiment_names() -> tuple[str, ...]:
    """Return the names of all experiments: those of their files, which need no torch to list."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("[a-z]*.py")))


RECORDS = Axis("I", "record", "step", lambda run, i: f"step {run.step[i]}")
COPIES = Axis("C", "copy", None, lambda run, i: run.copies[i].title)


@dataclass(frozen=True)
class Copy:
    """One network.

    Attributes:
        variant: what it is a copy of, for people.
        seed: of its first weights.
        group: copies of one structure share a number.
        numbers: what sets the variant apart, such as its learning rate, by name.
    """

    variant: str
    seed: int
    group: int = 0
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """A name of this one network."""
        return f"{self.variant}, seed {self.seed}"


@dataclass(frozen=True)
class Line:
    """A value that a number is to be compared with, such as a limit known from theory."""

    label: str
    value: float


@dataclass(frozen=True)
class Measured:
    """What an experiment measures under one name.

    Attributes:
        quantity: what it is.
        axes: beyond record and copy; their places are named in ``TrainingRun.labels``.
        final: measured once, after the training, and not of every copy.
        lines: to compare it with.
    """

    quantity: Quantity
    axes: tuple[str, ...] = ()
    final: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Figure:
    """What is expected of a training, and what was found.

    Attributes:
        name: short, unique in its run.
        claim: one sentence.
        found: as the experiment computes it from the measured numbers; None while it cannot.
        low, high: the range that is expected.
    """

    name: str
    claim: str
    found: float | None
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the figure lies where it is expected."""
        return self.found is not None and self.low <= self.found <= self.high


@dataclass(frozen=True)
class Choice:
    """Something that an experiment leaves open.

    Attributes:
        name: of the argument of ``trainings.run``.
        label, help: for people; one sentence.
        default: also says whether it is a whole number, a number or a word.
        low, high: ends of a number.
        options: of a word.
    """

    name: str
    label: str
    help: str
    default: Value
    low: float = 0.0
    high: float = 1.0
    options: tuple[str, ...] = ()

    def read(self, given: Any) -> Value:
        """Return a value as it is used.

        Raises:
            InputError: it is of no use.
        """
        if self.options:
            if given not in self.options:
                raise InputError(f"{self.label} is one of {', '.join(self.options)}.")
            return str(given)
        whole = isinstance(self.default, int)
        try:
            value = int(given) if whole else float(given)
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.label} is a number, not {given!r}.") from error
        if not self.low <= value <= self.high or value != float(given):
            kind = "a whole number" if whole else "a number"
            raise InputError(f"{self.label} is {kind} from {self.low:g} to {self.high:g}.")
        return value


@dataclass(frozen=True, kw_only=True)
class TrainingRequest(Request):
    """Ask for a training of small networks.

    Attributes:
        model: none, unless the experiment trains a language model; then the one to train.
        experiment: its name; ``backend.trainings.names()`` lists them.
        seeds: of the first weights, one network of every variant for each; () for the default.
        choices: what the experiment leaves open, by name; what is left out has its default.
    """

    kind: ClassVar[str] = "training"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    experiment: str = asked(label="Experiment", help="What is trained.", choices=experiment_names())
    seeds: tuple[int, ...] = asked(
        (), label="Seeds", help="One network of every variant for each.", own=True
    )
    choices: tuple[tuple[str, Value], ...] = asked(
        (), label="Choices", help="What the experiment leaves open.", own=True
    )


@RUN_KINDS.register("training")
@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingRun(Run):
    """Records of I steps of C networks; the whole set of them belongs to the run's identity.

    Attributes:
        experiment: its title.
        story: what to look for, in sentences.
        choices: what the experiment leaves open; the request says what was chosen.
        copies: the networks, seeds of one variant side by side.
        measured: what the numbers are, by name.
        telling: of ``measured``, what shows most beside its first number.
        labels: the places of each further axis, by the axis's name.
        figures: what was expected and what was found.
        texts: written by a trained model, by the name of what wrote them.
        data: checksums of what was learned from, by name.
        steps: how many were asked for; fewer are there of a training that was stopped.
        step: int32 [I], the steps that the records are of.
        elapsed: float32 [I], seconds since the start.
        diverged: int32 [C], the step at which a network's loss was no number; −1 for never. It
            was left as it was then, and has no numbers from there on.
        numbers: float32 [I, C, ...] by name.
        results: float32 [...] by name, measured once after the training.
    """

    kind: ClassVar[str] = "training"
    request: TrainingRequest
    experiment: str
    story: str = ""
    choices: list[Choice] = field(default_factory=list)
    copies: list[Copy]
    measured: dict[str, Measured]
    telling: str = ""
    labels: dict[str, list[str]] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    steps: int
    step: np.ndarray = array("int32", RECORDS)
    elapsed: np.ndarray = array("float32", RECORDS)
    diverged: np.ndarray = array("int32", COPIES)
    numbers: dict[str, np.ndarray] = array(
        "float32", RECORDS, COPIES, more=True, many=True, nan="anywhere", infinite=True
    )
    results: dict[str, np.ndarray] = array(
        "float32", more=True, many=True, nan="anywhere", infinite=True
    )

    @property
    def finished(self) -> bool:
        """Whether all steps were done."""
        return bool(len(self.step)) and int(self.step[-1]) >= self.steps

    @property
    def variants(self) -> list[str]:
        """The variants in their order."""
        return list(dict.fromkeys(each.variant for each in self.copies))

    def places(self, variant: str) -> list[int]:
        """Return which copies are of a variant.

        Raises:
            InputError: there is no such variant.
        """
        found = [i for i, each in enumerate(self.copies) if each.variant == variant]
        if not found:
            raise InputError(f"There is no {variant!r}; there are {', '.join(self.variants)}.")
        return found

    def of(self, name: str, variant: str) -> np.ndarray:
        """Return a number of all copies of a variant, float32 [I, seeds, ...]."""
        return self.numbers[name][:, self.places(variant)]

    def figure(self, name: str) -> float:
        """Return what was found under the name of a figure; NaN where it could not be."""
        found = next(each.found for each in self.figures if each.name == name)
        return float("nan") if found is None else found

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "C": len(self.copies)}

    def check(self) -> None:
        super().check()
        if not self.copies:
            raise ValueError("there are no networks")
        if (np.diff(self.step) <= 0).any() or (self.step < 0).any():
            raise ValueError("steps must grow")
        for name, about in self.measured.items():
            _check_words(name, about)
        for final, values in ((False, self.numbers), (True, self.results)):
            for name, value in values.items():
                self._check(name, value.shape if final else value.shape[2:], final)

    def _check(self, name: str, shape: Sequence[int], final: bool) -> None:
        about = self.measured.get(name)
        if about is None or about.final != final:
            raise ValueError(f"nothing says what {name} is")
        sizes = tuple(len(self.labels.get(axis, ())) for axis in about.axes)
        if sizes != tuple(shape):
            raise ValueError(f"{name} has the axes {about.axes}, not {tuple(shape)}")

    def tables(self) -> dict[str, Table]:
        """Return a table of the records, and one of every further set of axes."""
        found: dict[str, Table] = {"records": self._table(())}
        for name, about in self.measured.items():
            values = self.results if about.final else self.numbers
            if name not in values:
                continue
            parts = [*(["final"] if about.final else []), *about.axes]
            key = "_".join(parts).replace(" ", "_") or "records"
            table = found.setdefault(key, self._table(about.axes, final=about.final))
            add_column(table, about.quantity.column(name), values[name].ravel())
        return found

    def _table(self, axes: tuple[str, ...], *, final: bool = False) -> Table:
        own = {axis: len(self.labels[axis]) for axis in axes}
        sizes = own if final else {"record": len(self.step), "copy": len(self.copies), **own}
        places = indexed(sizes)
        table: Table = {
            name: np.asarray(self.labels[name])[at] if name in own else at
            for name, at in places.items()
        }
        if not final:
            step, copy = self.step[places["record"]], places["copy"]
            of: dict[str, Any] = {
                "variant": np.array([each.variant for each in self.copies])[copy],
                "seed": np.array([each.seed for each in self.copies])[copy],
            }
            table = {"record": table.pop("record"), "step": step, **table, **of}
        return table


_NAME = re.compile(r"[a-z][a-z0-9_ ]*")
_MARKUP = re.compile(r"[<>{}\"\\\x00-\x1f]")


def _check_words(name: str, about: Measured) -> None:
    """Check that what titles of pictures are made of can stand in one: a file may be anybody's.

    Raises:
        ValueError: a name or a word of a quantity is written like markup or an expression.
    """
    words = [value for value in asdict(about.quantity).values() if isinstance(value, str)]
    if any(_MARKUP.search(each) for each in words):
        raise ValueError(f"what {name} is called cannot stand in a title")
    if not all(_NAME.fullmatch(each) for each in (name, *about.axes)):
        raise ValueError(f"{name} and its axes are not written like names")
