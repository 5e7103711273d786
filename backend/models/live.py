"""A transformers model that is in memory already, such as one in the middle of its training."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from transformers import PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from ..errors import InputError, ModelError
from ..runs.model import LIVE, ModelSpec
from .body import family_failures
from .facts import describe
from .fingerprint import fingerprint
from .head import check_head
from .language import LanguageModel
from .placement import dtype_name
from .self_test import note_decoding
from .tokenizer import TextTokenizer


def wrap(torch_model: Any, tokenizer: Any, name: str) -> LiveModel:
    """Return a live model; see ``LiveModel``.

    Args:
        torch_model: a causal language model of transformers; also one inside ``torch.compile``,
            ``DistributedDataParallel`` or a ``PeftModel``, which is then read with its adapter.
        tokenizer: its tokenizer, or a ``TextTokenizer``. It is copied: padding and truncation that
            the caller has set on it stay.
        name: for people, such as "step 4000".

    Raises:
        InputError: there is no tokenizer or no name.
        ModelError: it is no such model.
    """
    inner = _unwrapped(torch_model)
    if not isinstance(inner, PreTrainedModel):
        raise ModelError(
            f"A {type(torch_model).__name__} is not a model of transformers (PreTrainedModel)."
        )
    if tokenizer is None:
        raise InputError("A model in memory needs its tokenizer: load_model(model, tokenizer=…).")
    name = " ".join(name.split())
    if not name:
        raise InputError('A model in memory needs a name, such as name="step 4000".')
    if isinstance(tokenizer, PreTrainedTokenizerBase):
        tokenizer = TextTokenizer(copy.deepcopy(tokenizer), name)
    return LiveModel(inner, tokenizer, name)


class LiveModel(LanguageModel):
    """A model that somebody else owns, and may train between two studies.

    It is neither moved nor cast. A study reads it in evaluation mode and leaves every part in the
    mode it was in; hooks are those of before. What it is, its weights' fingerprint included, is
    looked up anew for every study.
    """

    def __init__(self, torch_model: PreTrainedModel, tokenizer: TextTokenizer, name: str) -> None:
        self._name = name
        with _evaluated(torch_model), family_failures(name):
            check_head(torch_model, name)
            facts = _facts(torch_model, tokenizer, name, "in memory")
            super().__init__(torch_model, tokenizer, _spec(torch_model, name), facts)
            note_decoding(self)

    @contextmanager
    def studied(self) -> Iterator[None]:
        """Put the model into evaluation mode inside the block, and look up what it is now."""
        with _evaluated(self.torch_model):
            weights = f"in memory, fingerprint {fingerprint(self)}"
            self.facts = _facts(self.torch_model, self.tokenizer, self._name, weights)
            self.spec = _spec(self.torch_model, self._name)
            yield


def _spec(torch_model: PreTrainedModel, name: str) -> ModelSpec:
    device = torch_model.get_input_embeddings().weight.device  # type: ignore[reportAttributeAccessIssue]
    return ModelSpec(f"{LIVE}{name}", device=str(device), dtype=dtype_name(torch_model.dtype))


def _facts(torch_model: PreTrainedModel, tokenizer: TextTokenizer, name: str, weights: str) -> Any:
    spec = _spec(torch_model, name)
    return describe(torch_model, tokenizer, spec, name=name, revision=None, weights=weights)


def _unwrapped(model: Any) -> Any:
    """Return the model inside the wrappers of training: compiled, distributed or with adapters."""
    while isinstance(model, nn.Module) and not isinstance(model, PreTrainedModel):
        if callable(getattr(model, "get_base_model", None)):
            model = model.get_base_model()  # type: ignore[reportCallIssue]
            continue
        inner = getattr(model, "_orig_mod", None) or getattr(model, "module", None)
        if inner is None:
            break
        model = inner
    return model


@contextmanager
def _evaluated(model: nn.Module) -> Iterator[None]:
    """Put every part of a model into evaluation mode inside the block, and back as it was."""
    before = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training
