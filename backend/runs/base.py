"""What every run has in common: what was asked, of which model, with what, and how long it took."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import ConfigDict

from backend.registry import Registry
from backend.runs.model import ModelFacts, ModelSpec

RUN_KINDS: Registry[type[Run]] = Registry("kind of run")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a study is asked to do: plain, hashable and picklable.

    Subclasses add the text or prompt and their parameters. Equal requests have equal ``key``.
    """

    kind: ClassVar[str]
    model: ModelSpec = field(default_factory=ModelSpec)

    @property
    def key(self) -> str:
        """A content hash of the whole request, 16 hex digits."""
        plain = json.dumps([self.kind, asdict(self)], sort_keys=True)
        return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """The result of one study; immutable. Arrays are NumPy, everything else plain metadata.

    Attributes:
        request: what was asked.
        model: what the model turned out to be.
        versions: of the libraries that computed the numbers.
        created: UTC time, ISO 8601.
        seconds: time the study took, without loading the model.
        title: a name for people; empty until somebody gives one.
    """

    # Lets pydantic check a run read from a file; it passes NumPy arrays through as they are.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    kind: ClassVar[str]
    request: Request
    model: ModelFacts
    versions: dict[str, str]
    created: str
    seconds: float
    title: str = ""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the array fields by name, those that are None left out."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in values if isinstance(value, np.ndarray)}

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def save(self, path: str | Path) -> Path:
        """Write the run as one ``.safetensors`` file, atomically, and return its path."""
        from backend.runs.files import save_run

        return save_run(self, Path(path))


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenizedRun(Run):
    """A run over one given text of T tokens.

    Attributes:
        text: exactly what was read, special tokens included.
        tokens: display text of each token (length T). Bytes that do not make a character by
            themselves show as the replacement character; ``groups`` ties them together.
        token_ids: int32 [T].
        offsets: int32 [T, 2], start and end of each token in ``text``, in characters. Pieces of
            one character all carry that character's span.
        groups: int32 [T], non-decreasing; tokens that together make one character share a number.
        special: bool [T], tokens with a control meaning, not written by the reader.
    """

    text: str
    tokens: list[str]
    token_ids: np.ndarray
    offsets: np.ndarray
    groups: np.ndarray
    special: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)
