"""Which bytes every token of a vocabulary stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tokenizers import Tokenizer

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


class Spelling:
    """Token id to bytes, for byte-level BPE and for SentencePiece with or without byte fallback.

    ``known`` is False for other tokenizers (WordPiece, say), which cannot be spelled one token
    at a time; ``bytes_of`` must then not be asked.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        decoders = list(_parts(_plain(tokenizer.decoder)))
        kinds = {each["type"] for each in decoders}
        self._replace = _replacements(decoders)
        self._byte_level = "ByteLevel" in kinds
        self._byte_fallback = "ByteFallback" in kinds
        self.known = self._byte_level or bool(self._replace)
        self._tokenizer = tokenizer
        base = tokenizer.get_vocab(with_added_tokens=False)
        # Added tokens are matched in the text as they are written, so that is how they are spelled.
        self._literal = {
            number: token.content
            for number, token in tokenizer.get_added_tokens_decoder().items()
            if token.special or token.content not in base
        }
        # Byte-level vocabularies need not have every byte; SmolLM2 lacks some control characters.
        self._absent = (
            {byte for written, byte in _BYTE_OF.items() if written not in base}
            if self._byte_level
            else set()
        )

    def first_absent(self, text: str) -> int | None:
        """Return the position of the first character no tokens can spell: it would be dropped."""
        if self._absent.isdisjoint(text.encode()):
            return None
        spelled = (self._absent.isdisjoint(each.encode()) for each in text)
        return next((number for number, fine in enumerate(spelled) if not fine), None)

    def bytes_of(self, token_id: int) -> bytes:
        """Return the bytes of one token; none for an id without a token."""
        if token_id in self._literal:
            return self._literal[token_id].encode()
        piece = self._tokenizer.id_to_token(token_id)
        if piece is None:
            return b""
        if self._byte_level:
            return _from_byte_level(piece)
        if self._byte_fallback and (match := _BYTE_TOKEN.fullmatch(piece)):
            return bytes([int(match[1], 16)])
        for written, meant in self._replace:
            piece = piece.replace(written, meant)
        return piece.encode()


def _from_byte_level(piece: str) -> bytes:
    try:
        return bytes(_BYTE_OF[each] for each in piece)
    except KeyError:  # a piece outside the alphabet stands for itself
        return piece.encode()


def _byte_alphabet() -> dict[str, int]:
    """Return the character that GPT-2's byte-level BPE writes for each byte, inverted.

    Printable Latin-1 stands for itself; the other 68 bytes, in order, for U+0100 onwards.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    shifted = {chr(0x100 + number): byte for number, byte in enumerate(others)}
    return {chr(byte): byte for byte in printable} | shifted


_BYTE_OF = _byte_alphabet()


def _plain(decoder: Any) -> dict[str, Any] | None:
    """Return a decoder as it is written in ``tokenizer.json``."""
    return None if decoder is None else json.loads(decoder.__getstate__())


def _parts(component: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Yield a decoder, or the members of a sequence of them."""
    if component is None:
        return
    if component["type"] == "Sequence":
        for each in component["decoders"]:
            yield from _parts(each)
    else:
        yield component


def _replacements(decoders: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return what decoding replaces: "▁" by a space, as a rule."""
    found = []
    for each in decoders:
        if each["type"] == "Metaspace":
            found.append((each["replacement"], " "))
        if each["type"] == "Replace" and "String" in each["pattern"]:
            found.append((each["pattern"]["String"], each["content"]))
    return found
