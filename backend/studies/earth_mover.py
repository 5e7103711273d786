"""The study of moved earth: one reading, and a product with the rows of the model's head."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, ModelError, NotDefinedError
from ..measures.earth_mover import mover_cost, unit_rows
from ..reading.encoding import encode_in_context, token_fields
from ..runs.earth_mover import EarthMoverRequest, EarthMoverRun
from ..taps.logits import LogitsTap
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

_FLOATS = ("cost", "surprisal", "miss", "chance")
_KEPT = ("other_logprobs", "other_costs")


class EarthMoverTap(LogitsTap):
    """Measures what every prediction would cost to move, and drops it.

    Attributes:
        arrays: those of the run; NaN and −1 for token 0.
    """

    def __init__(self, tokens: int, others: int) -> None:
        self._others = others
        self.arrays: dict[str, Any] = {
            **{name: np.full(tokens, np.nan, np.float32) for name in _FLOATS},
            **{name: np.full((tokens, others), np.nan, np.float32) for name in _KEPT},
            "other_ids": np.full((tokens, others), -1, np.int32),
        }

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        head: Any = model.torch_model.get_output_embeddings()
        if head is None:
            raise NotDefinedError(f"{model.facts.name} has no head whose rows stand for tokens.")
        self._ids = ids[0]
        self._rows = unit_rows(head.weight.detach().float())
        self._mean = self._rows.mean(0)

    def on_logits(self, first: int, logits: Tensor) -> None:
        place = slice(first, first + len(logits))
        came = self._ids[place].to(logits.device)
        logs = logits.float().log_softmax(-1)
        # Without what came, whose own cost is 0: nothing is lost where it is nearly certain.
        wrong = logs.scatter(1, came[:, None], -torch.inf)
        missed = wrong.logsumexp(-1)
        rows, target = self._rows, self._rows[came]
        miss = mover_cost((wrong - missed[:, None]).exp(), rows[: wrong.shape[1]], came)
        top = wrong.topk(self._others, dim=-1)
        found = {
            "cost": torch.where(missed.isneginf(), 0, missed.exp() * miss),
            "surprisal": -logs.gather(1, came[:, None])[:, 0],
            "miss": miss,
            "chance": 1 - target @ self._mean,
            "other_ids": top.indices,
            "other_logprobs": top.values,
            "other_costs": 1 - (rows[top.indices] * target[:, None]).sum(-1),
        }
        for name, values in found.items():
            self.arrays[name][place] = values.cpu().numpy()

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        table = 4 * model.facts.vocab_size * model.facts.hidden_size
        return table + tokens * (16 + 12 * self._others)

    def work(self, model: LanguageModel, tokens: int) -> float:
        return float(tokens * model.facts.vocab_size * model.facts.hidden_size)


class EarthMoverStudy(ReadingStudy):
    """Reads a text once; the cost is taken over the full vocabulary."""

    kind = "earth_mover"

    def encode(self, model: LanguageModel, request: EarthMoverRequest) -> Encoding:
        size = model.facts.vocab_size
        if not 1 <= request.others < size:
            raise InputError(f"Misses kept are 1 to {size - 1:,}; here {request.others:,}.")
        found = encode_in_context(model, request)
        if len(found) < 2:
            raise InputError("One token is no text to measure: nothing predicts the first one.")
        return found

    def taps(
        self, model: LanguageModel, request: EarthMoverRequest, encoding: Encoding
    ) -> list[EarthMoverTap]:
        return [EarthMoverTap(len(encoding), request.others)]

    def finish(
        self,
        model: LanguageModel,
        request: EarthMoverRequest,
        encoding: Encoding,
        taps: Sequence[EarthMoverTap],
        started: float,
    ) -> EarthMoverRun:
        arrays = taps[0].arrays
        if np.isnan(arrays["cost"][1:]).any():
            raise ModelError(
                f"{model.facts.name} gave no usable numbers in {model.facts.dtype}; load it as "
                "float32 or bfloat16."
            )
        used = np.unique(arrays["other_ids"][1:]).tolist()
        return EarthMoverRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            vocabulary={str(each): model.tokenizer.token_text(each) for each in used},
            **arrays,
        )


STUDIES.register(EarthMoverStudy.kind)(EarthMoverStudy())
