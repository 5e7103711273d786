"""Which model was asked for, and what it turned out to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath

from ..errors import InputError
from .header import check_facts


@dataclass(frozen=True)
class ModelSpec:
    """A request for a model; hashable, so that it can key caches and engines.

    Attributes:
        source: "bundled", a hub id, a local folder, or the path of a ``.gguf`` file; ``LIVE`` and a
            name for one that was in memory.
        revision: branch, tag or commit of a hub id; None for the default branch.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        dtype: "auto" (bfloat16 on cuda, float32 elsewhere), "float32", "bfloat16" or "float16".
    """

    source: str = "bundled"
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"


NO_MODEL = ModelSpec(source="")
"""Of requests that read no language model, such as trainings of small networks."""


LIVE = "live:"
"""Before the name of a model that was in the memory of the program that made a run."""


def names_hub(source: str) -> bool:
    """Tell whether a source is written like a hub id; only those have revisions."""
    written_as_path = source.startswith((".", "/", "~", "\\", LIVE)) or ":\\" in source
    return not (source == "bundled" or source.lower().endswith(".gguf") or written_as_path)


_DTYPES = ("float32", "bfloat16", "float16")
_IN = " in "


def read_spec(text: str) -> ModelSpec:
    """Return the model of a line such as "owner/name@step1000 in float16".

    What stands behind @ is the revision of a hub id, what stands behind " in " the number type;
    both may be left out.

    Raises:
        InputError: the line names no model.
    """
    source, has_dtype, dtype = text.strip().rpartition(_IN)
    if not has_dtype or dtype not in _DTYPES:
        source, dtype = text.strip(), "auto"
    name, at, revision = source.strip().partition("@")
    if not names_hub(source) or not at:
        name, revision = source.strip(), ""
    if not name or (at and names_hub(source) and not revision):
        raise InputError(f"{text!r} names no model: write owner/name@revision, or a folder.")
    return ModelSpec(source=name, revision=revision or None, dtype=dtype)


def written_spec(spec: ModelSpec) -> str:
    """Return the line that ``read_spec`` reads; the device is left out."""
    at = f"@{spec.revision}" if spec.revision is not None else ""
    return f"{spec.source}{at}{'' if spec.dtype == 'auto' else _IN + spec.dtype}"


def short_name(spec: ModelSpec) -> str:
    """Return the same with the last part of a path or hub id only, for people."""
    return written_spec(replace(spec, source=PurePath(spec.source).name or spec.source))


ROUNDED = "; rounded again to "
"""Part of ``ModelFacts.weights`` where a model was changed after it was loaded."""


@dataclass(frozen=True)
class ModelFacts:
    """What the interface and every run tell about a loaded model.

    ``context`` is None where the model has no fixed limit; ``weights`` says how they were
    stored, for example "Q4_1 GGUF, dequantised to float32".
    """

    source: str
    name: str
    revision: str | None
    architecture: str
    parameters: int
    layers: int
    heads: int
    kv_heads: int
    hidden_size: int
    vocab_size: int
    context: int | None
    dtype: str
    device: str
    memory_bytes: int
    weights: str
    bos_token: str | None = None
    has_chat_template: bool = False

    @property
    def kv_width(self) -> int:
        """Numbers that one layer keeps of a token as keys; as many again as values."""
        return self.hidden_size // max(self.heads, 1) * self.kv_heads

    def check(self) -> None:
        """Check the sizes and how long the words are.

        Raises:
            ValueError: one of them is beyond all measure, or there is no vocabulary.
        """
        check_facts(self)
        if self.vocab_size < 1:
            raise ValueError("there is no vocabulary")
