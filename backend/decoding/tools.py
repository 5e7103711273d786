"""A calculator and a lookup, and how a text calls them: ``[calc: 12 * 7]``, ``[look: Peru]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..errors import InputError

LONGEST = 100
"""Characters of a call: bounds the depth of brackets and the digits of a result too."""

_CALL = re.compile(r"\[(calc|look): ([^\[\]\n]+)\]$")
_PART = re.compile(r"\s*(\d+\.\d+|\d+|\.\d+|[-+*/()])")
_SPELLED = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-"})


@dataclass(frozen=True)
class Call:
    """What a text asks for: "calc" or "look", and its words."""

    tool: str
    words: str


def call_at_end(text: str) -> Call | None:
    """Return the call that ``text`` ends with, if its last characters are one."""
    found = _CALL.search(text)
    return Call(found[1], found[2].strip()) if found else None


def answered(call: Call, facts: Mapping[str, str]) -> str:
    """Return what a tool says, in one line; of what it cannot do, that it cannot.

    Args:
        call: as a model wrote it: it may hold anything.
        facts: of the lookup, by name.
    """
    try:
        return calculate(call.words) if call.tool == "calc" else look_up(call.words, facts)
    except InputError as error:
        return f"error: {error}"


def look_up(name: str, facts: Mapping[str, str]) -> str:
    """Return what is known of a name; capitals and outer blanks do not matter.

    Raises:
        InputError: nothing is.
    """
    known = {each.strip().casefold(): value for each, value in facts.items()}
    try:
        return known[name.strip().casefold()]
    except KeyError:
        raise InputError("not found.") from None


def calculate(words: str) -> str:
    """Return the value of + − × ÷ and brackets over decimal numbers; exact, then six digits.

    Nothing is evaluated but these. A whole number is written out, all others in six digits.

    Raises:
        InputError: it is no such arithmetic, too long, or divides by 0.
    """
    if len(words) > LONGEST:
        raise InputError(f"more than {LONGEST} characters.")
    value = _Reader(_parts(words.translate(_SPELLED))).whole()
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}"


def _parts(words: str) -> list[str]:
    found, place = [], 0
    words = words.rstrip()
    while place < len(words):
        part = _PART.match(words, place)
        # \d has digits of all scripts, which Fraction reads; others were never meant here.
        if part is None or not part[1].isascii():
            raise InputError("no arithmetic.")
        found.append(part[1])
        place = part.end()
    return found


class _Reader:
    """Reads parts from the left: sums of products of signed numbers and brackets."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._place = 0

    def whole(self) -> Fraction:
        value = self._sum()
        if self._next() is not None:
            raise InputError("no arithmetic.")
        return value

    def _next(self) -> str | None:
        return self._parts[self._place] if self._place < len(self._parts) else None

    def _taken(self, *signs: str) -> str | None:
        part = self._next()
        if part not in signs:
            return None
        self._place += 1
        return part

    def _sum(self) -> Fraction:
        value = self._product()
        while sign := self._taken("+", "-"):
            other = self._product()
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while sign := self._taken("*", "/"):
            other = self._signed()
            if sign == "/" and other == 0:
                raise InputError("division by 0.")
            value = value * other if sign == "*" else value / other
        return value

    def _signed(self) -> Fraction:
        sign = 1
        while taken := self._taken("+", "-"):
            sign = -sign if taken == "-" else sign
        return sign * self._number()

    def _number(self) -> Fraction:
        if self._taken("("):
            value = self._sum()
            if self._taken(")") is None:
                raise InputError("no arithmetic.")
            return value
        part = self._next()
        if part is None or part in "+-*/()":
            raise InputError("no arithmetic.")
        self._place += 1
        return Fraction(part)
