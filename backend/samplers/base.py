"""What a sampler is: logits in, the distribution to draw from out.

    state = sampler.start(rows)
    step = sampler.filter(logits, state)
    chosen = ...                            # draw from step.probs
    state = sampler.observe(state, step, chosen)

Everything works on a batch of rows at once and changes none of its arguments.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from ..quantities import Quantity
from ..registry import Registry
from .parameters import ORDER, TEMPERATURE, Parameter, check_values

# Beyond it float32 may overflow in a rule.
_LARGE = 1e15

State = dict[str, Tensor]
"""What a sampler remembers from step to step: tensors [B] by name, so that rows can be picked."""


class Distribution:
    """The next-token distributions of B rows, each view of them computed once when asked for.

    Attributes:
        logits: float32 or float64 [B, V]; −inf marks tokens that cannot come.
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def tempered(self, temperature: float) -> Distribution:
        """Return the distribution of these logits divided by ``temperature``."""
        return self if temperature == 1 else Distribution(self.logits / temperature)

    def only(self, kept: Tensor) -> Distribution:
        """Return the distribution over the tokens of ``kept``, bool [B, V], alone."""
        return Distribution(self.logits.masked_fill(~kept, -torch.inf))  # thrice as fast as where

    def computed(self) -> Distribution:
        """Compute all views now, for all rows at once; ``rows`` then shares them out."""
        for name in _VIEWS:
            getattr(self, name)
        return self

    def rows(self, rows: slice) -> Distribution:
        """Return some of the rows, with those views of them that are there already."""
        part = Distribution(self.logits[rows])
        known = {name: value for name, value in vars(self).items() if name in _VIEWS}
        vars(part).update(
            {name: None if value is None else value[rows] for name, value in known.items()}
        )
        return part

    @cached_property
    def impossible(self) -> Tensor | None:
        """Tokens that cannot come, bool [B, V]; None where all can, which saves looking at them."""
        lowest = bool((self.logits.amin(-1) == -torch.inf).any())
        return self.logits == -torch.inf if lowest else None

    @cached_property
    def log_probs(self) -> Tensor:
        """Natural logarithm of the probabilities, [B, V]."""
        return torch.log_softmax(self.logits, -1)

    @cached_property
    def probs(self) -> Tensor:
        """Probabilities [B, V]."""
        return torch.softmax(self.logits, -1)

    @cached_property
    def entropy(self) -> Tensor:
        """Shannon entropy in nats, [B]."""
        return -torch.linalg.vecdot(self.probs, self.finite_log_probs).clamp(max=0)

    @cached_property
    def varentropy(self) -> Tensor:
        """Variance of the surprisal in nats², [B]."""
        centred = self.finite_log_probs + self.entropy[:, None]
        return torch.linalg.vecdot(self.probs, centred.square_())

    @cached_property
    def finite_log_probs(self) -> Tensor:
        """The same with a finite number for tokens that cannot come, [B, V]."""
        # 0 · −inf is not a number; exp(−10,000) is 0 in every precision.
        return self.log_probs if self.impossible is None else self.log_probs.clamp(min=-1e4)


_VIEWS = {name for name, view in vars(Distribution).items() if isinstance(view, cached_property)}


@dataclass(frozen=True)
class Step:
    """What a sampler made of one step of B rows.

    Attributes:
        drawn: the distribution to draw from. Its logits are those the rule left, tempered, and
            −inf for tokens that it does not keep; the next sampler of a chain starts from them.
        kept: bool [B, V], the tokens that can be drawn.
        judged: the distribution the rule looked at.
        details: float [B] by name; see ``Sampler.details``.
        links: the steps of a chain's samplers.
    """

    drawn: Distribution
    kept: Tensor
    judged: Distribution
    details: dict[str, Tensor] = field(default_factory=dict)
    links: tuple[Step, ...] = ()

    @property
    def probs(self) -> Tensor:
        """What to draw from, [B, V]; rows sum to 1."""
        return self.drawn.probs


class SupportsSampling(Protocol):
    """What a study needs of a sampler or of a chain of them."""

    def start(self, batch_size: int) -> State: ...
    def filter(self, logits: Tensor, state: State) -> Step: ...
    def judge(self, raw: Distribution, state: State) -> Step: ...
    def outcome(self, step: Step, chosen: Tensor) -> dict[str, Tensor]: ...
    def observe(self, state: State, step: Step, chosen: Tensor) -> State: ...


class Sampler(ABC):
    """One rule. Subclasses declare what the page shows and refuse nothing by themselves.

    Attributes:
        name: filled in by ``sampler``.
        label: for people.
        group: "basic", "truncation", "entropy-aware" or "feedback".
        formula: LaTeX.
        explanation: what the rule does and how it reacts to confidence and temperature.
        source: where the rule and its defaults come from.
        parameters: every parameter, the most important one first.
        knob: whether its row shows the first parameter; False where that changes no text.
        details: the numbers it tells about each step, by name; each says its unit as told.
        values: the parameters of this sampler, by name.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str]
    group: ClassVar[str]
    formula: ClassVar[str]
    explanation: ClassVar[str]
    source: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    knob: ClassVar[bool] = True
    details: ClassVar[dict[str, Quantity]] = {}

    def __init__(self, **values: Any) -> None:
        """Take parameters by name.

        Raises:
            InputError: one of them is unknown or out of range.
        """
        self.values = check_values(self.name, self.parameters, values)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.name}({given})"

    def start(self, batch_size: int) -> State:
        """Return the state of ``batch_size`` rows before their first step."""
        return {}

    def filter(self, logits: Tensor, state: State) -> Step:
        """Turn raw logits [B, V] into what to draw from. At least one token is kept."""
        return self.judge(Distribution(wide_enough(logits)), state)

    @abstractmethod
    def judge(self, raw: Distribution, state: State) -> Step:
        """Do what ``filter`` does with a distribution that may have been looked at already."""

    def outcome(self, step: Step, chosen: Tensor) -> dict[str, Tensor]:
        """Return details [B] that are known only once ids ``chosen`` [B] have been drawn."""
        return {}

    def observe(self, state: State, step: Step, chosen: Tensor) -> State:
        """Return the state after ``chosen`` [B] was drawn from ``step``."""
        return state


class Truncation(Sampler):
    """A sampler that keeps some tokens and draws among them in proportion to their probability.

    Subclasses write ``keep``; temperature, before or after it, is dealt with here.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.parameters = (*cls.parameters, TEMPERATURE, ORDER)

    @abstractmethod
    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the kept tokens, bool [B, V], and the details."""

    def judge(self, raw: Distribution, state: State) -> Step:
        tempered = raw.tempered(self.values["temperature"])
        judged = tempered if self.values["temperature_order"] == "first" else raw
        kept, details = self.keep(judged, state)
        if raw.impossible is not None:
            kept = kept & ~raw.impossible
        return Step(tempered.only(kept), kept, judged, details)


SAMPLERS: Registry[type[Sampler]] = Registry("sampler")


def sampler(name: str) -> Any:
    """Return a decorator that files a sampler class under ``name``."""

    def file(part: type[Sampler]) -> type[Sampler]:
        part.name = name
        return SAMPLERS.register(name)(part)

    return file


def wide_enough(logits: Tensor) -> Tensor:
    """Return ``logits`` in float32, or in float64 where they are that or too large for float32.

    Rules divide by a temperature of at least 0.01, and add squares up.
    """
    if logits.dtype == torch.float64:
        return logits
    logits = logits.float()
    low, high = logits.aminmax()
    if max(-low.item(), high.item()) < _LARGE:
        return logits
    too_large = (logits.abs() > _LARGE) & logits.isfinite()
    return logits.double() if bool(too_large.any()) else logits


def rounding(values: Tensor) -> float:
    """Return how far a sum of probabilities of this precision may be off."""
    return 4 * torch.finfo(values.dtype).eps
