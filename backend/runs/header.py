"""How long the words and how large the sizes of a run's header may be: a file may be anybody's.

What a list shows is cut; whatever else is beyond all measure is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

MAX_TITLE = 200
MAX_NOTE = 2_000
MAX_NAME = 1_000
"""Characters of a name: of a model, a number, a library."""

MAX_PATH = 4_096
MAX_WORDS = 10_000
"""Characters of a sentence that explains something."""

MAX_VERSIONS = 100

MAX_SIZES = {
    "parameters": 10**15,
    "layers": 10**5,
    "heads": 10**5,
    "kv_heads": 10**5,
    "hidden_size": 10**8,
    "vocab_size": 10**8,
    "context": 10**12,
    "memory_bytes": 10**17,
}


def cut(text: str, most: int) -> str:
    """Return the beginning of a text, with "…" where something is left out."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def check_facts(facts: Any) -> None:
    """Check the words and sizes of a model's facts.

    Raises:
        ValueError: one is beyond all measure; the message names it.
    """
    for name, most in MAX_SIZES.items():
        size = getattr(facts, name)
        if size is not None and not 0 <= size <= most:
            raise ValueError(f"{name} of the model is not from 0 to {most:,}")
    for each in fields(facts):
        value = getattr(facts, each.name)
        most = MAX_PATH if each.name == "source" else MAX_NAME
        if isinstance(value, str) and len(value) > most:
            raise ValueError(f"{each.name} of the model has more than {most:,} characters")


def check_words(run: Any) -> None:
    """Check the names and sentences of a run; its texts may be as long as a file allows.

    Raises:
        ValueError: there are too many, or one is too long; the message names the field.
    """
    if len(run.versions) > MAX_VERSIONS:
        raise ValueError(f"versions has more than {MAX_VERSIONS} names")
    for each in fields(run):
        if each.name == "request":
            continue
        value = getattr(run, each.name)
        names = [(MAX_NAME, label) for label in value] if each.name == "labels" else []
        if each.name in ("created", "versions"):
            names = [(MAX_NAME, value)] if isinstance(value, str) else [*_each(value.values())]
        for most, words in (*names, *_words(value)):
            if isinstance(words, str) and len(words) > most:
                raise ValueError(f"{each.name} has words of more than {most:,} characters")


def _each(words: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((MAX_NAME, each) for each in words)


def _words(value: Any) -> Iterator[tuple[int, str]]:
    """Yield the names in a value and what explains them, with how long each may be."""
    if isinstance(value, dict):
        yield from _each(map(str, value))
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _words(each) if is_dataclass(each) else ()
    elif is_dataclass(value):
        for each in fields(value):
            inside = getattr(value, each.name)
            if isinstance(inside, str):
                yield (MAX_PATH if each.name == "source" else MAX_WORDS), inside
            else:
                yield from _words(inside)
