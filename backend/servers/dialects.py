"""The ways in which servers tell tokens and their probabilities, read into one form.

vLLM answers ``prompt_logprobs`` (by id) and ``echo`` (by text); llama.cpp, and every server's chat,
list tokens with bytes. Whatever does not look as it should is an error, never a guess.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..errors import ModelError

_ESCAPED = re.compile(r"bytes:((?:\\x[0-9a-fA-F]{2})+)")
_SLACK = 1e-3  # nats; servers round


class Likely(NamedTuple):
    """One of the likeliest tokens: its logprob, and what is told of which token it is."""

    logprob: float
    piece: bytes | None = None
    id: int | None = None


@dataclass(frozen=True)
class Seen:
    """A token, and what was told of the distribution that it came from.

    Attributes:
        text: as the server shows it.
        piece: its bytes; None where the server only shows text.
        id: None where the server does not say.
        logprob: nats; None where it is not told.
        top: the likeliest tokens, the likeliest first; empty where nothing is told, as of a first
            token.
        ranked: whether no other token is likelier than the last of ``top``.
        after: whether these are probabilities after the server's sampling.
    """

    text: str
    piece: bytes | None = None
    id: int | None = None
    logprob: float | None = None
    top: tuple[Likely, ...] = ()
    ranked: bool = True
    after: bool = False


class NotThere(ModelError):
    """The answer has no such probabilities: another way of asking may work."""


def prompt_logprobs(answer: Any) -> list[Seen]:
    """Read vLLM's ``prompt_logprobs``: for every token a table by id, the real token first.

    The first token has no table. What it is, ``prompt_token_ids`` may tell.
    """
    choice = choice_of(answer)
    tables = choice.get("prompt_logprobs") or answer.get("prompt_logprobs")
    if not isinstance(tables, list) or not tables or not any(tables):
        raise NotThere("The server gives no prompt_logprobs.")
    ids = choice.get("prompt_token_ids") or answer.get("prompt_token_ids") or [None] * len(tables)
    if len(ids) != len(tables):
        raise _strange("prompt_token_ids")
    found = []
    for place, table in enumerate(tables):
        if not table:
            if place:
                raise _strange("prompt_logprobs")
            found.append(Seen("", id=ids[0]))
            continue
        entries = [(int(key), _entry(each)) for key, each in table.items()]
        real = next((each for each in entries if each[0] == ids[place]), entries[0])
        found.append(_by_id(real, entries))
    return found


def _by_id(
    real: tuple[int, tuple[str, float, int | None]],
    entries: Sequence[tuple[int, tuple[str, float, int | None]]],
) -> Seen:
    number, (text, logprob, rank) = real
    # A real token that is not among the likeliest comes on top of them.
    others = [each for each in entries if each[0] != number]
    outside = bool(others) and (rank or 0) > len(entries) - 1
    ranked = others if outside else list(entries)
    top = [Likely(each[1], None, key) for key, each in ranked]
    return Seen(text, id=number, logprob=logprob, top=_sorted(top))


def _sorted(top: list[Likely]) -> tuple[Likely, ...]:
    return tuple(sorted(top, key=lambda each: -each.logprob))


def _entry(value: Any) -> tuple[str, float, int | None]:
    if not isinstance(value, Mapping):
        raise _strange("prompt_logprobs")
    rank = value.get("rank")
    return (
        str(value.get("decoded_token") or ""),
        _logprob(value.get("logprob")),
        rank if isinstance(rank, int) else None,
    )


def echoed(answer: Any) -> list[Seen]:
    """Read the older API's ``logprobs`` of an echoed prompt."""
    return _by_text(choice_of(answer).get("logprobs"))


def _by_text(told: Any) -> list[Seen]:
    if not isinstance(told, Mapping) or not told.get("tokens") or not told.get("top_logprobs"):
        raise NotThere("The server gives no probabilities of the text it was given.")
    columns = [told["tokens"], told.get("token_logprobs") or [], told["top_logprobs"]]
    if not all(isinstance(each, list) for each in columns) or len({*map(len, columns)}) > 1:
        raise _strange("logprobs")
    found = []
    for text, logprob, table in zip(*columns, strict=True):
        top = [Likely(_logprob(each), _named(str(name))) for name, each in (table or {}).items()]
        # Tokens that look alike share a place in such a table, so that a likely one may be missing.
        found.append(
            Seen(
                _shown(str(text)),
                _bytes_of(str(text)),
                logprob=None if logprob is None else _logprob(logprob),
                top=_sorted(top),
                ranked=False,
            )
        )
    return found


def listed(logprobs: Any) -> list[Seen]:
    """Read ``logprobs.content``: a list of tokens, each with bytes and likeliest tokens."""
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(content, list):
        raise NotThere("The server gives no probabilities of its tokens.")
    return [_of_list(each) for each in content]


def next_token(answer: Any) -> Seen:
    """Return the one token that was written, in whichever of the two ways it is told."""
    told = choice_of(answer).get("logprobs")
    new = isinstance(told, Mapping) and "content" in told
    found = listed(told) if new else _by_text(told)
    if len(found) != 1 or not found[0].top:
        raise NotThere("The server gives no probabilities of the next token.")
    return found[0]


def _of_list(entry: Any) -> Seen:
    if not isinstance(entry, Mapping):
        raise _strange("logprobs")
    after = "top_probs" in entry
    top = entry.get("top_probs") if after else entry.get("top_logprobs")
    if not isinstance(top, list) or not top:
        raise NotThere("The server gives no likeliest tokens.")
    return Seen(
        _text(entry),
        _piece(entry),
        _id(entry),
        _value(entry),
        _sorted(
            [Likely(_value(each), _piece(each) or _named(_text(each)), _id(each)) for each in top]
        ),
        after=after,
    )


def _piece(entry: Mapping[str, Any]) -> bytes | None:
    piece = entry.get("bytes")
    return _raw(piece) if isinstance(piece, list) else None


def _id(entry: Mapping[str, Any]) -> int | None:
    number = entry.get("id")
    return number if isinstance(number, int) else None


def _text(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        raise _strange("logprobs")
    return str(entry.get("token", ""))


def _value(entry: Mapping[str, Any]) -> float:
    """Return the logprob of an entry; after sampling it is told as a probability."""
    if "prob" in entry:
        share = entry["prob"]
        if not isinstance(share, int | float) or not 0 <= share <= 1 + _SLACK:
            raise _strange("probabilities")
        return math.log(min(share, 1.0)) if share > 0 else -math.inf
    return _logprob(entry.get("logprob"))


def _logprob(value: Any) -> float:
    """Return a logprob; −9999 and the like stand for a probability of 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value > _SLACK:
        raise _strange("logprobs")
    if math.isnan(value):
        raise _strange("logprobs")
    return -math.inf if value <= -9999 else min(float(value), 0.0)


@dataclass(frozen=True)
class Pieces:
    """What a server cuts a text into.

    Attributes:
        ids: of the tokens.
        texts: of the tokens; empty where it is not told.
        pieces: bytes of the tokens; None where only text is told.
    """

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    pieces: tuple[bytes | None, ...]


def tokenized(answer: Any) -> Pieces:
    """Read the answer of ``/tokenize``, of llama.cpp or of vLLM."""
    tokens = answer.get("tokens") if isinstance(answer, Mapping) else None
    if not isinstance(tokens, list) or not tokens:
        raise NotThere("The server does not say how it cuts a text.")
    if all(isinstance(each, int) for each in tokens):
        texts = answer.get("token_strs") or [""] * len(tokens)
        if len(texts) != len(tokens):
            raise _strange("tokens")
        return Pieces(tuple(tokens), tuple(map(str, texts)), (None,) * len(tokens))
    ids, texts, pieces = [], [], []
    for each in tokens:
        if not isinstance(each, Mapping) or not isinstance(each.get("id"), int):
            raise _strange("tokens")
        piece = each.get("piece", "")
        raw = _raw(piece) if isinstance(piece, list) else str(piece).encode("utf-8", "replace")
        ids.append(each["id"])
        texts.append(raw.decode("utf-8", "replace"))
        pieces.append(raw)
    return Pieces(tuple(ids), tuple(texts), tuple(pieces))


def with_token(seen: Seen, number: int, text: str, piece: bytes | None) -> Seen:
    """Return what was told of a distribution, for the token that came next in a text.

    Its logprob is known where it is one of the likeliest.
    """
    piece = piece or _named(text)
    by_id = [each for each in seen.top if each.id == number]
    alike = [each for each in seen.top if each.id is None and piece and each.piece == piece]
    known = next((each.logprob for each in (*by_id, *alike)), None)
    return replace(seen, text=text, piece=piece, id=number, logprob=known)


def choice_of(answer: Any) -> Mapping[str, Any]:
    """Return the first choice of an answer."""
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise _strange("choices")
    return choices[0]


def _raw(values: Sequence[Any]) -> bytes:
    try:
        return bytes(values)
    except (TypeError, ValueError) as error:
        raise _strange("bytes") from error


def _bytes_of(text: str) -> bytes | None:
    """Return the bytes of a token that is written as escapes; None for plain text."""
    found = _ESCAPED.fullmatch(text)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else None


def _named(text: str) -> bytes | None:
    """Return the bytes of a token by its text; None where the text does not say."""
    if not text or "\N{REPLACEMENT CHARACTER}" in text:
        return None
    return _bytes_of(text) or text.encode("utf-8", "replace")


def _shown(text: str) -> str:
    piece = _bytes_of(text)
    return text if piece is None else piece.decode("utf-8", "replace")


def _strange(what: str) -> ModelError:
    return ModelError(f"The server answered with {what} of a form that is not known here.")
