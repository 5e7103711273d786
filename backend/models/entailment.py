"""A model of entailment that the reader names: does one sentence follow from another?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from ..errors import ModelError, OverBudgetError
from ..runs.model import ModelSpec
from .offers import check_model
from .sources.base import FolderSource, source_for

_AT_ONCE = 16


class EntailmentModel:
    """Judges pairs of sentences, on the CPU.

    Attributes:
        name: for people.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        """Wrap a classifier of transformers.

        Raises:
            ModelError: its classes are none of entailment and contradiction.
        """
        self.name = name
        self._model, self._tokenizer = model.eval(), tokenizer
        labels = {int(place): str(label).lower() for place, label in model.config.id2label.items()}
        self._entails = _class_of(labels, "entail", name)
        self._contradicts = _class_of(labels, "contra", name)

    @torch.inference_mode()
    def judge(self, pairs: Sequence[tuple[str, str]]) -> tuple[Tensor, Tensor]:
        """Return P(entailment) and P(contradiction) of the second by the first, float32 [N] each.

        Raises:
            OverBudgetError: a pair is longer than the model reads; with both numbers.
        """
        found = []
        for start in range(0, len(pairs), _AT_ONCE):
            first, second = zip(*pairs[start : start + _AT_ONCE], strict=True)
            batch = self._tokenizer(list(first), list(second), padding=True, return_tensors="pt")
            self._check(batch["input_ids"].shape[1])
            found.append(functional.softmax(self._model(**batch).logits.float(), -1))
        probs = torch.cat(found) if found else torch.zeros(0, self._model.config.num_labels)
        return probs[:, self._entails], probs[:, self._contradicts]

    def _check(self, tokens: int) -> None:
        limit = getattr(self._model.config, "max_position_embeddings", None)
        if limit is not None and tokens > limit:
            raise OverBudgetError(f"A pair has {tokens:,} tokens; {self.name} reads {limit:,}.")


def _class_of(labels: dict[int, str], beginning: str, name: str) -> int:
    for place, label in labels.items():
        if label.startswith(beginning):
            return place
    raise ModelError(
        f"{name} is no model of entailment: its classes are {', '.join(labels.values())}."
    )


@lru_cache(maxsize=1)
def entailment_model(name: str) -> EntailmentModel:
    """Return the model in a folder or on the hub; the last one stays loaded.

    Raises:
        InputError: this server offers no other models, or there is no such name.
        ModelError: it cannot be read, has no safetensors, or judges something else.
    """
    spec = ModelSpec(source=name)
    check_model(spec)
    source = source_for(spec)
    if not isinstance(source, FolderSource):
        raise ModelError(f"{name} has no files here; name a folder or an id of the hub.")
    folder = source.locate(spec, weights=True).folder
    try:
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # transformers raises what it likes
        raise ModelError(f"{name} cannot be read as a model of entailment: {error}") from error
    return EntailmentModel(model, tokenizer, name)
