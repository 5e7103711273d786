"""How a sampler declares its parameters: what is refused and what the page offers, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import InputError


@dataclass(frozen=True)
class Number:
    """A numeric parameter.

    Attributes:
        name: as passed to ``make``.
        label: for people.
        default: the source's value.
        low, high: the allowed range, ends included unless ``open_low`` or ``open_high``.
        step: of a slider.
        help: one sentence.
        unit: "bits", "nats", "tokens" or empty.
        integer: whole numbers only.
        usual: the range a slider covers, where the allowed one is too wide for it.
        aliases: other names it is known by.
    """

    name: str
    label: str
    default: float
    low: float
    high: float
    step: float
    help: str
    unit: str = ""
    integer: bool = False
    open_low: bool = False
    open_high: bool = False
    usual: tuple[float, float] | None = None
    aliases: tuple[str, ...] = ()

    def check(self, value: Any) -> float | int:
        """Return ``value`` as a plain number.

        Raises:
            InputError: not a number, or out of range; the message has the range.
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{self.name} must be a number, not {value!r}.")
        inside = (self.low < value if self.open_low else self.low <= value) and (
            value < self.high if self.open_high else value <= self.high
        )
        if not inside or (self.integer and value != int(value)):
            raise InputError(f"{self.name} must be {self.range_text}; it is {value}.")
        return int(value) if self.integer else float(value)

    @property
    def range_text(self) -> str:
        """The allowed range in words: "above 0 and at most 1"."""
        low = f"above {self.low:,g}" if self.open_low else f"at least {self.low:,g}"
        high = f"below {self.high:,.9g}" if self.open_high else f"at most {self.high:,.9g}"
        return f"{'a whole number, ' if self.integer else ''}{low} and {high}"


@dataclass(frozen=True)
class Choice:
    """A parameter that is one of a few words; the first option is the default."""

    name: str
    label: str
    options: tuple[str, ...]
    help: str
    aliases: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        return self.options[0]

    def check(self, value: Any) -> str:
        """Return ``value``.

        Raises:
            InputError: it is not one of the options.
        """
        if value not in self.options:
            known = ", ".join(self.options)
            raise InputError(f"{self.name} must be one of {known}; it is {value!r}.")
        return value


Parameter = Number | Choice


TEMPERATURE = Number(
    "temperature",
    "Temperature",
    default=1.0,
    low=0.01,
    high=10.0,
    step=0.05,
    usual=(0.05, 3.0),
    help="Logits are divided by it: below 1 sharpens the distribution, above 1 flattens it.",
    aliases=("T",),
)

ORDER = Choice(
    "temperature_order",
    "Temperature comes",
    options=("first", "last"),
    help="First: the rule judges the tempered distribution (transformers). "
    "Last: it judges the model's own, and what it keeps is tempered (llama.cpp).",
)


def check_values(
    sampler: str, parameters: tuple[Parameter, ...], given: dict[str, Any]
) -> dict[str, Any]:
    """Return a value for every parameter of ``sampler``: checked where given, else the default.

    The sampler's own name stands for its first parameter: ``top_k=50`` for ``k=50``.

    Raises:
        InputError: an unknown name, a name given twice, or a value out of range.
    """
    names = {alias: each.name for each in parameters for alias in (each.name, *each.aliases)}
    if parameters:
        names.setdefault(sampler, parameters[0].name)
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in names:
            known = ", ".join(each.name for each in parameters)
            raise InputError(f"{sampler} has no parameter {name!r}. It has: {known}.")
        if names[name] in found:
            raise InputError(f"{sampler} got {names[name]} twice.")
        found[names[name]] = value
    return {each.name: each.check(found.get(each.name, each.default)) for each in parameters}
