"""Text to token ids and back, with the characters every token stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from threading import Lock
from typing import Any, Literal

import numpy as np
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from ..errors import InputError, ModelError
from .alignment import align_bytes, align_spans
from .chat import split_chat
from .spelling import Spelling

SpecialTokens = Literal["text", "special"]


@dataclass(frozen=True, eq=False)
class Encoding:
    """A text of T tokens.

    Attributes:
        text: exactly what is read, a beginning-of-sequence token included.
        ids: int32 [T].
        tokens: display text of each token.
        offsets: int32 [T, 2], characters of ``text``; see ``Alignment``.
        groups: int32 [T], tokens that only together make whole characters share a number.
        special: bool [T], control tokens.
        exact: False when the tokens do not spell the text: the tokenizer normalises it (NFC,
            lower case) or has no token for a character. Offsets still refer to ``text``.
    """

    text: str
    ids: np.ndarray
    tokens: list[str]
    offsets: np.ndarray
    groups: np.ndarray
    special: np.ndarray
    exact: bool

    def __len__(self) -> int:
        return len(self.ids)


class TextTokenizer:
    """A model's tokenizer. May be used from several threads.

    Attributes:
        vocab_size: number of tokens, added ones included.
        bos_token: text of the beginning-of-sequence token, None where there is none.
        has_chat_template: whether ``render_chat`` works.
    """

    def __init__(self, backend: PreTrainedTokenizerBase, name: str) -> None:
        """Wrap a tokenizer of transformers.

        Raises:
            ModelError: it is a slow one, which cannot say what characters a token stands for.
        """
        if not backend.is_fast:
            raise ModelError(
                f"The tokenizer of {name} runs in plain Python ({type(backend).__name__}) and does "
                "not say which characters a token stands for. Convert it to tokenizer.json."
            )
        self._chat = backend
        self._tokenizer: Any = backend.backend_tokenizer  # type: ignore[reportAttributeAccessIssue]
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._lock = Lock()
        self._name = name
        self._spelling = Spelling(self._tokenizer)
        added = self._tokenizer.get_added_tokens_decoder()
        self._control = {number for number, token in added.items() if token.special}
        self._control_texts = [added[number].content for number in sorted(self._control)]
        self._display: dict[int, str] = {}
        self.vocab_size: int = self._tokenizer.get_vocab_size(with_added_tokens=True)
        self.bos_token: str | None = str(backend.bos_token) if backend.bos_token else None
        self.has_chat_template = bool(backend.chat_template)

    @property
    def definition(self) -> str:
        """The whole tokenizer as JSON: equal ones cut every text alike."""
        return self._tokenizer.to_str()

    def encode(
        self,
        text: str,
        *,
        special_tokens: SpecialTokens = "text",
        add_bos: bool = False,
        chat: bool = False,
    ) -> Encoding:
        """Read ``text``.

        Args:
            text: any Unicode text.
            special_tokens: "text" reads look-alikes such as ``<|im_start|>`` as the characters
                they are, "special" as the control tokens they name.
            add_bos: put the beginning-of-sequence token in front, unless the text begins with it;
                it is then part of the text.
            chat: put the text into the chat template first, as a user's message. Control tokens
                of the template are always read as such.

        Raises:
            InputError: a lone surrogate, a character the vocabulary would drop, no such token to
                put in front, or no template that takes the text.
        """
        parts = self._parts(text, special_tokens, chat)
        text = "".join(each for each, _ in parts)
        ids, spans = self._read_all(parts)
        aligned = None
        if self._spelling.known:
            aligned = align_bytes([self._spelling.bytes_of(each) for each in ids], text)
        if aligned is None:
            self._refuse_dropped(text)
        exact = aligned is not None or (not self._spelling.known and self.decode(ids) == text)
        aligned = aligned or align_spans(spans, len(text))
        control = self._control - ({self._unknown} if special_tokens == "text" else set())
        encoding = Encoding(
            text=text,
            ids=np.array(ids, np.int32),
            tokens=[self.token_text(each) for each in ids],
            offsets=aligned.offsets,
            groups=aligned.groups,
            special=np.array([each in control for each in ids], bool),
            exact=exact,
        )
        return self._with_bos(encoding) if add_bos else encoding

    def count(
        self,
        text: str,
        *,
        special_tokens: SpecialTokens = "text",
        add_bos: bool = False,
        chat: bool = False,
    ) -> int:
        """Return how many tokens ``encode`` would give, faster."""
        read = [self._read(*part) for part in self._parts(text, special_tokens, chat)]
        first = next((each.ids[:1] for each in read if len(each)), [])
        return sum(map(len, read)) + int(add_bos and not self._begins_with_bos(first))

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the text of ``ids``, control tokens included.

        Bytes that make no character become U+FFFD. A space that ``encode`` puts in front of
        every text is taken off again.
        """
        ids = [int(each) for each in ids]
        if not self._spelling.known:
            return self._tokenizer.decode(ids, skip_special_tokens=False)
        joined = b"".join(self._spelling.bytes_of(each) for each in ids)
        if self._adds_space:
            joined = joined.removeprefix(b" ")
        return joined.decode("utf-8", "replace")

    def spell(self, ids: Sequence[int] | np.ndarray) -> Encoding:
        """Return the text that ``ids`` spell, and what each of them stands for in it.

        Where their bytes make no valid text, it is the display texts put together.
        """
        ids = [int(each) for each in ids]
        tokens = [self.token_text(each) for each in ids]
        text, aligned = self.decode(ids), None
        if self._spelling.known:
            aligned = align_bytes([self._spelling.bytes_of(each) for each in ids], text)
        if exact := aligned is not None:
            spans = aligned
        else:
            shown = list(tokens)
            if ids and self._adds_space:
                shown[0] = shown[0].removeprefix(" ")
            text, ends = "".join(shown), np.cumsum([0, *map(len, shown)]).tolist()
            spans = align_spans(list(pairwise(ends)), len(text))
        return Encoding(
            text=text,
            ids=np.array(ids, np.int32),
            tokens=tokens,
            offsets=spans.offsets,
            groups=spans.groups,
            special=np.array([self.is_control(each) for each in ids], bool),
            exact=exact,
        )

    def is_control(self, token_id: int) -> bool:
        """Tell whether a token has a control meaning, such as the end of a text."""
        return int(token_id) in self._control

    def token_text(self, token_id: int) -> str:
        """Return the text of one token for display: no Ġ, no ▁, U+FFFD for parts of characters.

        Rows of the vocabulary that no token uses are shown as ``<id 50000>``.
        """
        token_id = int(token_id)
        if token_id not in self._display:
            self._display[token_id] = self._text_of(token_id)
        return self._display[token_id]

    def piece_bytes(self, token_id: int) -> bytes:
        """Return the bytes of a token that is a part of a character; none for any other.

        None also where the tokenizer does not say what bytes its tokens stand for.
        """
        token_id = int(token_id)
        part = "\ufffd" in self.token_text(token_id) and self._spelling.known
        return self._spelling.bytes_of(token_id) if part else b""

    def render_chat(self, messages: Sequence[dict[str, str]]) -> str:
        """Return ``messages`` ({"role", "content"}) in the model's chat template, ready to answer.

        Raises:
            InputError: the model has no template, or the template refuses the messages.
        """
        if not self.has_chat_template:
            raise InputError(f"{self._name} has no chat template; give plain text instead.")
        try:
            text = self._chat.apply_chat_template(
                [dict(each) for each in messages], tokenize=False, add_generation_prompt=True
            )
        except Exception as error:  # a template is a program of the model's author
            raise InputError(f"The chat template of {self._name} refuses this: {error}") from error
        return str(text)

    @cached_property
    def _adds_space(self) -> bool:
        pieces = [self._spelling.bytes_of(each) for each in self._read("a", "text").ids]
        return b"".join(pieces) == b" a"

    @cached_property
    def _unknown(self) -> int | None:
        return self._chat.unk_token_id  # type: ignore[reportReturnType]

    def _begins_with_bos(self, ids: Sequence[int] | np.ndarray) -> bool:
        return len(ids) > 0 and ids[0] == self._chat.bos_token_id

    def _parts(
        self, text: str, special_tokens: SpecialTokens, chat: bool
    ) -> list[tuple[str, SpecialTokens]]:
        """Return the pieces of what is read, each with how its control tokens are taken."""
        if not chat:
            return [(text, special_tokens)]
        if special_tokens == "special" or not any(each in text for each in self._control_texts):
            return [(self._as_message(text), "special")]
        try:
            before, middle, after = split_chat(self._as_message, text, self._control_texts)
        except ValueError as error:
            raise InputError(
                f"The chat template of {self._name} rewrites the text, so that the control tokens "
                "typed in it cannot be kept as text. Remove them, or read them as control tokens."
            ) from error
        return [(before, "special"), (middle, "text"), (after, "special")]

    def _as_message(self, text: str) -> str:
        return self.render_chat([{"role": "user", "content": text}])

    def _read_all(
        self, parts: list[tuple[str, SpecialTokens]]
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ids of all parts, and the characters of the whole that each stands for."""
        ids: list[int] = []
        spans: list[tuple[int, int]] = []
        start = 0
        for text, special_tokens in parts:
            read = self._read(text, special_tokens)
            ids += read.ids
            spans += [(start + first, start + last) for first, last in read.offsets]
            start += len(text)
        return ids, spans

    def _read(self, text: str, special_tokens: SpecialTokens) -> Any:
        if special_tokens not in ("text", "special"):
            raise InputError(f"special_tokens is 'text' or 'special', not {special_tokens!r}.")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"The text has half of a character (a lone surrogate) at position {error.start}; "
                "remove it."
            ) from error
        with self._lock:  # the switch belongs to the tokenizer, not to the call
            self._tokenizer.encode_special_tokens = special_tokens == "text"
            # As a batch: only then other threads run meanwhile.
            return self._tokenizer.encode_batch([text], add_special_tokens=False)[0]

    def _refuse_dropped(self, text: str) -> None:
        position = self._spelling.first_absent(text)
        if position is not None:
            raise InputError(
                f"{self._name} has no tokens for the character U+{ord(text[position]):04X} at "
                f"position {position} and would leave it out; remove it."
            )

    def _text_of(self, token_id: int) -> str:
        if self._tokenizer.id_to_token(token_id) is None:
            return f"<id {token_id}>"
        if self._spelling.known:
            return self._spelling.bytes_of(token_id).decode("utf-8", "replace")
        return self._tokenizer.decode([token_id], skip_special_tokens=False)

    def _with_bos(self, rest: Encoding) -> Encoding:
        if self.bos_token is None:
            raise InputError(f"{self._name} has no beginning-of-sequence token; turn it off.")
        if self._begins_with_bos(rest.ids):
            return rest
        width = len(self.bos_token)
        return Encoding(
            text=self.bos_token + rest.text,
            ids=np.array([self._chat.bos_token_id, *rest.ids], np.int32),
            tokens=[self.bos_token, *rest.tokens],
            offsets=np.concatenate([[[0, width]], rest.offsets + width]).astype(np.int32),
            groups=np.concatenate([[0], rest.groups + 1]).astype(np.int32),
            special=np.concatenate([[True], rest.special]),
            exact=rest.exact,
        )
