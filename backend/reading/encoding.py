"""From the text of a request to tokens, with the refusals that all studies share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypedDict

import numpy as np

from ..errors import InputError, OverBudgetError
from ..settings import settings

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding


class ReadsText(Protocol):
    """The fields of a request that say what to read."""

    @property
    def text(self) -> str: ...
    @property
    def add_bos(self) -> bool: ...
    @property
    def special_tokens(self) -> str: ...


class TokenFields(TypedDict):
    """The fields of a ``TokenizedRun`` that say how its text was read."""

    text: str
    tokens: list[str]
    token_ids: np.ndarray
    offsets: np.ndarray
    groups: np.ndarray
    special: np.ndarray
    exact: bool


def token_fields(encoding: Encoding) -> TokenFields:
    """Return what every run over a text keeps of it: ``TextRun(**token_fields(…), …)``."""
    return TokenFields(
        text=encoding.text,
        tokens=encoding.tokens,
        token_ids=encoding.ids,
        offsets=encoding.offsets,
        groups=encoding.groups,
        special=encoding.special,
        exact=encoding.exact,
    )


def check_text(text: str) -> None:
    """Refuse a text that no study reads.

    Raises:
        InputError: the text is empty.
        OverBudgetError: it is longer than the settings allow.
    """
    if not text:
        raise InputError("The text is empty; give at least one character.")
    limit = settings().max_text_bytes
    length = len(text.encode("utf-8", "surrogatepass"))
    if length > limit:
        raise OverBudgetError(f"The text has {length:,} bytes; at most {limit:,} are read.")


def encode(model: LanguageModel, request: ReadsText, *, chat: bool = False) -> Encoding:
    """Return the tokens of the request's text, with ``chat`` as a message in the chat template.

    Raises:
        InputError: the text is empty or cannot be encoded.
        OverBudgetError: it is longer than the settings allow.
    """
    check_text(request.text)
    return model.tokenizer.encode(
        request.text,
        special_tokens=request.special_tokens,  # type: ignore[reportArgumentType]
        add_bos=request.add_bos,
        chat=chat,
    )


def encode_in_context(model: LanguageModel, request: ReadsText) -> Encoding:
    """Return the tokens, all of which one forward pass can read.

    Raises:
        InputError, OverBudgetError: as ``encode``; or there are more tokens than the context.
    """
    encoding = encode(model, request)
    context = model.facts.context
    if context is not None and len(encoding) > context:
        raise OverBudgetError(
            f"{len(encoding):,} tokens; this model reads {context:,} ({model.facts.name}). "
            "Shorten the text."
        )
    return encoding
