"""Evidence: what several sources believe of a few options, fused by three rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

RULES = ("Dempster", "Yager", "Dubois–Prade")
TRUSTS = (None, 1.0, 0.95, 0.85, 0.75, 0.5)
"""In all sources alike; None for what was asked for."""
MOST_OPTIONS, MOST_SOURCES, LONGEST = 6, 12, 2_000
ANY = "any"
"""How the whole frame is written: not knowing."""

SHAFER = "Dempster 1967; Shafer 1976; as in arXiv 2502.14631."
PROBABILITY = Quantity(
    "Probability", "p", "%", digits=1, missing="its masses were given",
    help="Of an option among all options, by the model's own log-probability of its words behind "
    "the prompt.",
    formula=r"\mathrm{softmax}_x\,\log p(x\mid c)", source="The model's own, at temperature 1.",
)  # fmt: skip
MASS = Quantity(
    "Mass", "m", "%", digits=1, missing="undefined at full conflict",
    help="What speaks for a set of options and for none of its parts alone.",
    formula=r"m(A),\ \textstyle\sum_A m(A)=1", source=SHAFER,
)  # fmt: skip
BELIEF = replace(
    MASS, name="Belief", symbol="Bel", help="What surely belongs to an option alone.",
    formula=r"\sum_{B\subseteq A}m(B)",
)  # fmt: skip
PLAUSIBILITY = replace(
    MASS, name="Plausibility", symbol="Pl", help="All that does not speak against an option.",
    formula=r"\sum_{B\cap A\ne\emptyset}m(B)",
)  # fmt: skip
PIGNISTIC = replace(
    MASS, name="To bet on", symbol="Bet",
    help="The probability to act by: a set's mass in equal parts for its options.",
    formula=r"\sum_{A\ni x}m(A)/|A|", source="Smets and Kennes 1994.",
)  # fmt: skip
CONFLICT = Quantity(
    "Conflict", "K", "%", digits=2, missing="nothing came before, or it is undefined",
    help="How much of what a source says contradicts all before it.",
    formula=r"\sum_{A\cap B=\emptyset}m_1(A)m_2(B)", source=SHAFER,
)  # fmt: skip
DENG = Quantity(
    "Deng entropy", "E_d", "nats", high=4, digits=3, missing="undefined at full conflict",
    help="Doubt within sets and between them; it may exceed the logarithm of the options.",
    formula=r"-\sum_A m(A)\ln\frac{m(A)}{2^{|A|}-1}", source="Deng 2016.",
)  # fmt: skip
OPEN = replace(
    DENG, name="Nonspecificity", symbol="N", high=2, help="What is left open within the sets.",
    formula=r"\sum_A m(A)\ln|A|", source="Dubois and Prade 1985.",
)  # fmt: skip
UNSURE = replace(
    DENG, name="Entropy of the bet", symbol="H", high=2,
    help="How undecided the probabilities are that one would act by.",
    formula=r"-\sum_x\mathrm{Bet}(x)\ln\mathrm{Bet}(x)", source="Shannon 1948.",
)  # fmt: skip


def set_name(options: tuple[str, ...], members: int) -> str:
    """Return a set of options, bit i for option i, as people write it."""
    if members == (1 << len(options)) - 1:
        return ANY
    return " or ".join(each for i, each in enumerate(options) if members >> i & 1)


SOURCE = Axis("E", "source", None, lambda run, i: run.request.source_name(i))
OPTION = Axis("O", "option", None, lambda run, i: run.request.options[i])
RULE = Axis("F", "rule", None, lambda run, i: RULES[i])
TRUST = Axis("W", "trust")
SET = Axis("U", "set", None, lambda run, i: set_name(run.request.options, i + 1))


@dataclass(frozen=True, kw_only=True)
class EvidenceRequest(Request):
    """Ask what several sources believe together.

    Attributes:
        prompts: one a row; the model says how likely each option is behind it.
        options: one a row; one of them is right.
        trust: how much of a source's mass its probabilities share; the rest is not knowing.
        trusts: one a source, in place of ``trust``.
        masses: further sources, with masses of their own.
    """

    kind: ClassVar[str] = "evidence"
    prompts: tuple[str, ...] = asked(
        label="Prompts", lines=3,
        help=r"One a row, each a source; \n in it begins a new line.",
    )  # fmt: skip
    options: tuple[str, ...] = asked(
        label="Options", help=f"One a row, 2 to {MOST_OPTIONS}.", lines=4
    )
    trust: float = asked(
        0.9, label="Trust", low=0.0, high=1,
        help="The share of a source's mass that it may place; the rest is not knowing.",
    )  # fmt: skip
    trusts: tuple[str, ...] = asked(
        (), label="Trust in each", help="One a row, in the order of the sources; empty for one."
    )
    masses: tuple[str, ...] = asked(
        (), label="Sources by hand", lines=3,
        help="One a row, such as: witness: red 0.6; red|blue 0.3. What is left is not knowing.",
    )  # fmt: skip

    def source_name(self, place: int) -> str:
        """Return what a source is called."""
        if place < len(self.prompts):
            return self.prompts[place]
        return self.masses[place - len(self.prompts)].partition(":")[0].strip()

    def check(self) -> None:
        """Check all there is to read.

        Raises:
            InputError: there are too few or too many options or sources, or one is none.
        """
        if not 2 <= len(self.options) <= MOST_OPTIONS:
            raise InputError(f"There are {len(self.options)} options; give 2 to {MOST_OPTIONS}.")
        names = [each.strip() for each in self.options]
        if len(set(names)) < len(names) or not all(names):
            raise InputError("Two options are the same, or one is empty.")
        count = len(self.prompts) + len(self.masses)
        if not 2 <= count <= MOST_SOURCES:
            raise InputError(f"There are {count} sources; give 2 to {MOST_SOURCES}.")
        if max(map(len, (*self.prompts, *self.options, *self.masses))) > LONGEST:
            raise InputError(f"A row has more than {LONGEST:,} characters.")
        if not all(each.strip() for each in self.prompts):
            raise InputError("A prompt is empty.")
        self.reliability()
        self.given()

    def reliability(self) -> list[float]:
        """Return the trust in every source.

        Raises:
            InputError: one is no number from 0 to 1, or their count is not that of the sources.
        """
        count = len(self.prompts) + len(self.masses)
        if not self.trusts:
            return [self.trust] * count
        if len(self.trusts) != count:
            raise InputError(f"Trust is given for {len(self.trusts)} of {count} sources.")
        return [_share(each, "trust") for each in self.trusts]

    def given(self) -> list[dict[int, float]]:
        """Return the masses of the sources by hand, by set: bit i for option i.

        Raises:
            InputError: a row is none.
        """
        return [self._read(each) for each in self.masses]

    def _read(self, row: str) -> dict[int, float]:
        name, colon, rest = row.partition(":")
        names = [each.strip() for each in self.options]
        whole = (1 << len(names)) - 1
        found: dict[int, float] = {}
        for part in filter(None, (each.strip() for each in rest.split(";"))):
            words, _, number = part.rpartition(" ")
            members = [each.strip() for each in words.split("|")]
            if members != [ANY] and not set(members) <= set(names):
                raise InputError(f"{part[:60]!r} names no option; write options joined by |.")
            held = whole if members == [ANY] else sum(1 << names.index(each) for each in members)
            found[held] = found.get(held, 0.0) + _share(number, "mass")
        if not (name.strip() and colon and found) or sum(found.values()) > 1 + 1e-9:
            raise InputError(
                f"{row[:60]!r} is no source: write name: option 0.6; option|option 0.3, 1 at most."
            )
        found[whole] = found.get(whole, 0.0) + max(0.0, 1 - sum(found.values()))
        return found


def _share(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"{text[:60]!r} is no {name}: a number from 0 to 1.") from error
    if not 0 <= value <= 1:
        raise InputError(f"{text[:60]!r} is no {name}: a number from 0 to 1.")
    return value


@RUN_KINDS.register("evidence")
@dataclass(frozen=True, kw_only=True, eq=False)
class EvidenceRun(Run):
    """E sources on O options, fused by F rules under W trusts; U = 2^O − 1 sets.

    Set i has option j where bit j of i + 1 is set; the last one is the whole frame. NaN where
    Dempster's rule is undefined.

    Attributes:
        probabilities: float32 [E, O]; NaN of sources by hand.
        sources: float32 [E, U], masses of each source as asked for.
        mass: float32 [F, W, U].
        conflict: float32 [F, W, E], of each source with those before it; NaN of the first.
        belief, plausibility, pignistic: float32 [F, W, O].
        deng, nonspecificity, unsure: float32 [F, W], nats.
    """

    kind: ClassVar[str] = "evidence"
    request: EvidenceRequest
    probabilities: np.ndarray = array(
        "float32", SOURCE, OPTION, nan="anywhere", quantity=PROBABILITY
    )
    sources: np.ndarray = array("float32", SOURCE, SET, quantity=MASS)
    mass: np.ndarray = array("float32", RULE, TRUST, SET, nan="anywhere", quantity=MASS)
    conflict: np.ndarray = array("float32", RULE, TRUST, SOURCE, nan="anywhere", quantity=CONFLICT)
    belief: np.ndarray = array("float32", RULE, TRUST, OPTION, nan="anywhere", quantity=BELIEF)
    plausibility: np.ndarray = array(
        "float32", RULE, TRUST, OPTION, nan="anywhere", quantity=PLAUSIBILITY
    )
    pignistic: np.ndarray = array(
        "float32", RULE, TRUST, OPTION, nan="anywhere", quantity=PIGNISTIC
    )
    deng: np.ndarray = array("float32", RULE, TRUST, nan="anywhere", quantity=DENG)
    nonspecificity: np.ndarray = array("float32", RULE, TRUST, nan="anywhere", quantity=OPEN)
    unsure: np.ndarray = array("float32", RULE, TRUST, nan="anywhere", quantity=UNSURE)

    def axes(self) -> dict[str, int]:
        request: Any = self.request
        return {
            **super().axes(),
            "E": len(request.prompts) + len(request.masses),
            "O": len(request.options),
            "F": len(RULES),
            "W": len(TRUSTS),
            "U": (1 << min(len(request.options), MOST_OPTIONS + 1)) - 1,
        }
