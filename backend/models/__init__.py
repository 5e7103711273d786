"""Where models come from, and what one can do: tokens in, hidden states and logits out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..runs.model import ModelFacts, ModelSpec

if TYPE_CHECKING:
    from .language import LanguageModel
    from .tokenizer import TextTokenizer

__all__ = [
    "ModelFacts",
    "ModelSpec",
    "is_here",
    "load_model",
    "load_tokenizer",
    "read_context",
    "weight_bytes",
]


def load_model(
    source: str | ModelSpec | Any = "bundled",
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    tokenizer: Any = None,
    name: str = "",
) -> LanguageModel:
    """Load a causal language model.

    Args:
        source: "bundled", a hub id, a folder, the path of a ``.gguf`` file, or a whole
            ``ModelSpec``, which then says everything; or a transformers model in memory, see
            ``models.live``.
        revision: branch, tag or commit of a hub id.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        dtype: "auto", "float32", "bfloat16" or "float16".
        tokenizer: of a model in memory.
        name: of a model in memory, for people.

    Raises:
        InputError: ``source`` is not written like a model, or has no revisions; or what only
            belongs to the other way was given.
        ModelError: it cannot be found, read or run, with the reason.
    """
    if not isinstance(source, str | ModelSpec):
        if revision is not None or (device, dtype) != ("auto", "auto"):
            raise InputError("A model in memory stays as it is: no revision, device or dtype.")
        from .live import wrap

        return wrap(source, tokenizer, name)
    if tokenizer is not None or name:
        raise InputError("Only a model in memory is given a tokenizer and a name.")
    from .sources import source_for

    if not isinstance(source, ModelSpec):
        source = ModelSpec(source=source, revision=revision, device=device, dtype=dtype)
    return source_for(source).load_model(source)


def load_tokenizer(spec: ModelSpec) -> TextTokenizer:
    """Load only the tokenizer of a model; the weights stay where they are.

    Raises:
        InputError: ``spec.source`` is not written like a model, or has no revisions.
        ModelError: it cannot be found or read, with the reason.
    """
    from .sources import source_for

    return source_for(spec).load_tokenizer(spec)


def is_here(spec: ModelSpec) -> bool:
    """Tell whether ``load_tokenizer`` and ``read_context`` need no network.

    Raises:
        InputError: ``spec.source`` is not written like a model, or has no revisions.
    """
    from .sources import source_for

    return source_for(spec).is_here(spec)


def read_context(spec: ModelSpec) -> int | None:
    """Return how many tokens a model reads at most, without its weights; None: no fixed limit.

    Raises:
        InputError, ModelError: as ``load_tokenizer``.
    """
    from .sources import source_for

    return source_for(spec).context(spec)


def weight_bytes(spec: ModelSpec) -> int:
    """Return the bytes the weights of a model will take in memory, without loading them.

    Raises:
        InputError, ModelError: as ``load_tokenizer``.
    """
    from .sources import source_for

    return source_for(spec).weight_bytes(spec)
