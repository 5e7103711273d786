"""Haystacks as records: prose with facts in it, look-alike sentences, pairs of identifiers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from ..errors import InputError
from ..measures.needles import Pair, pairs_of
from ..runs.threads import ThreadsRequest

_LIST = (
    "amber anchor apple arrow autumn basket bottle branch bridge bronze butter button candle "
    "canyon carbon carpet castle cherry circle copper cotton crystal desert dragon eagle "
    "engine feather flint forest garden ginger glacier hammer harbor honey island jungle "
    "kettle ladder lantern lemon magnet maple marble meadow mirror mosaic needle nickel olive "
    "orchid palace pebble pepper pillow planet pocket prairie rabbit raven ribbon river "
    "rocket saddle sailor salmon shadow silver sparrow spider stable summer sunset tablet "
    "temple thunder timber tunnel turtle valley velvet violet walnut willow winter"
)
WORDS = tuple(_LIST.split())
FACTS = (
    "The password of the library is walnut.",
    "Maria always keeps her bicycle in the cellar.",
    "The favourite fruit of the emperor was the plum.",
    "Doctor Keller was born in the city of Prague.",
    "The lost key was finally found under the carpet.",
    "Our new cat is called Pepper.",
    "The secret meeting will take place in the chapel.",
    "The treasure is buried beneath the old windmill.",
    "The name of the ship was the Falcon.",
    "The choir will sing on the evening of Thursday.",
    "The museum bought a painting of a zebra.",
    "The spare batteries are stored behind the piano.",
    "My uncle plays the trumpet.",
    "The parcel from abroad contained a compass.",
    "The winner of the race came from Norway.",
    "The colour of the new curtains is turquoise.",
    "The first word on the stone was mercy.",
)
_WHO = (
    "The baker",
    "A tall student",
    "The old captain",
    "My neighbour",
    "The quiet clerk",
    "A young painter",
    "The mayor",
    "The gardener",
    "A patient nurse",
    "The postman",
)
_DID = (
    "walked past the market",
    "opened the window",
    "counted the chairs",
    "waited for the bus",
    "read a long letter",
    "cleaned the small kitchen",
    "talked about the weather",
    "watered the plants",
    "fixed the wooden gate",
    "looked at the clouds",
)
_WHEN = (
    "before lunch.",
    "while it was raining.",
    "without saying a word.",
    "as the bells rang.",
    "and went home.",
    "because the day was warm.",
    "until the evening came.",
    "and smiled.",
    "for almost an hour.",
    "once again.",
)
_SENTENCE = re.compile(r"\S.*?(?:[.!?…。！？]+(?=\s|$)|$)", re.MULTILINE)
_LAST = re.compile(r"^(.*\S)\s+(\S+?)([.!?…]*)$")


@dataclass(frozen=True)
class Record:
    """One record of a haystack.

    Attributes:
        before: its beginning.
        value: what can be asked for; empty for filling.
        after: its end.
        question: what is asked for the value, ending where the value begins.
        answer: the value behind the question.
    """

    before: str
    value: str = ""
    after: str = ""
    question: str = ""
    answer: str = ""


def records(request: ThreadsRequest) -> Iterator[Record]:
    """Yield the records of a haystack without end; facts of prose are put in elsewhere."""
    luck = random.Random(request.seed)  # noqa: S311
    if request.task == "facts in prose":
        yield from (Record(f" {each}") for each in _filling(request, luck))
    elif request.task == "look-alike records":
        keys = [f"{a} {b}" for a in WORDS for b in WORDS if a != b]
        luck.shuffle(keys)
        for key in keys:
            beginning, value = f" The secret word of the {key} is", f" {luck.choice(WORDS)}"
            yield Record(beginning, value, ".", f"\n{beginning}", value)
    else:
        yield from written(pairs_of(request.seed, 4_000))


def written(pairs: Sequence[Pair]) -> Iterator[Record]:
    """Yield the lines of pairs as a JSON object, which is left open."""
    for number, (key, value) in enumerate(pairs):
        question = f'"{key}": "'
        yield Record(f"{'' if number else '{'}{question}", value, '",\n', question, value)


def facts_of(request: ThreadsRequest) -> list[Record]:
    """Return the needles of prose, each with its last word as the value.

    Raises:
        InputError: one has a single word, two ask the same, or there is only one.
    """
    found = []
    for each in [each.strip() for each in request.facts or FACTS if each.strip()]:
        match = _LAST.match(each)
        if match is None:
            raise InputError(f"{each!r} has one word; a fact needs another to ask by.")
        beginning, value, after = match.groups()
        question = f"\n\nQuestion: complete the sentence. {beginning}"
        found.append(Record(f" {beginning}", f" {value}", after or ".", question, f" {value}"))
    if len(found) < 2:
        raise InputError("Give two own facts at least, one a row.")
    if len({each.question for each in found}) < len(found):
        raise InputError("Two facts are the same but for their last word; each needs its own.")
    return found


def values_of(request: ThreadsRequest) -> int:
    """Return among how many values an answer is one, where it is from a list; 0 for digits."""
    if request.task == "facts in prose":
        return len({each.value for each in facts_of(request)})
    return len(WORDS) if request.task == "look-alike records" else 0


def _filling(request: ThreadsRequest, luck: random.Random) -> Iterator[str]:
    own = _SENTENCE.findall(request.text)
    if own:
        yield from cycle(own)
    while True:
        yield f"{luck.choice(_WHO)} {luck.choice(_DID)} {luck.choice(_WHEN)}"
