"""The study of routers: which experts a mixture of experts gives each token to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ..errors import NotDefinedError
from ..measures.router import (
    Weighing,
    balancing_loss,
    expert_information,
    expert_load,
    router_entropy,
    router_probabilities,
)
from ..reading.encoding import token_fields
from ..runs.router import RouterRequest, RouterRun
from ..taps.router import RouterTap, routers
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

# What configurations call the number of experts, of those a token goes to, and their weighing.
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_CHOSEN = ("num_experts_per_tok", "moe_top_k", "moe_k", "top_k_experts", "num_experts_per_token")
_TOP_FIRST, _SIGMOID = ("gpt_oss",), ("llama4_text",)
# What is added to the scores of a sigmoid before the choice (DeepSeek-V3 and its like).
_BIAS = "e_score_correction_bias"


class _Routers(RouterTap):
    """Measures the scores of each router."""

    def __init__(self, model: LanguageModel) -> None:
        config = model.torch_model.config.get_text_config(decoder=True)
        self._experts = _first(config, _EXPERTS)
        self._chosen = min(_first(config, _CHOSEN) or 1, max(self._experts, 1))
        self._bias = {
            layer: getattr(router, _BIAS, None) for layer, (router, _) in routers(model).items()
        }
        self.weighing: Weighing = "softmax"
        if any(each is not None for each in self._bias.values()) or config.model_type in _SIGMOID:
            self.weighing = "sigmoid"
        elif config.model_type in _TOP_FIRST:
            self.weighing = "top_softmax"

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        layers, tokens = model.facts.layers, ids.shape[1]
        shapes = {
            "router_entropy": (layers, tokens),
            "load": (layers, self._experts),
            "probability": (layers, self._experts),
            "information": (layers,),
            "balance": (layers,),
        }
        self.arrays: dict[str, Any] = {
            name: np.full(shape, np.nan, np.float32) for name, shape in shapes.items()
        }
        self.arrays["experts"] = np.full((layers, tokens, self._chosen), -1, np.int32)

    def on_router(self, layer: int, logits: Tensor) -> None:
        if logits.shape[-1] != self._experts:
            return
        weights = router_probabilities(logits, self.weighing, self._chosen)
        bias = self._bias[layer]
        scores = logits.float() if bias is None else logits.float().sigmoid() + bias
        chosen = scores.topk(self._chosen, -1).indices
        load = expert_load(chosen, self._experts)
        found = {
            "router_entropy": router_entropy(weights),
            "load": load,
            "probability": weights.mean(0),
            "information": expert_information(weights),
            "balance": balancing_loss(load, weights) / self._chosen,
            "experts": chosen,
        }
        for name, values in found.items():
            self.arrays[name][layer] = values.cpu().numpy()


class RouterStudy(ReadingStudy):
    """Reads a text once and measures every router on its way."""

    kind = "router"

    def taps(
        self, model: LanguageModel, request: RouterRequest, encoding: Encoding
    ) -> list[_Routers]:
        config = model.torch_model.config.get_text_config(decoder=True)
        name = model.facts.name
        if not _first(config, _EXPERTS):
            raise NotDefinedError(
                f"{name} has no experts to choose among: every token goes through the same "
                "weights. Load a mixture of experts, such as Mixtral, Qwen-MoE or OLMoE."
            )
        if not routers(model):
            raise NotDefinedError(f"The family of {name} does not say which part is its router.")
        if (getattr(config, "n_group", 1) or 1) > 1:
            raise NotDefinedError(f"{name} chooses groups of experts first; this is not followed.")
        return [_Routers(model)]

    def finish(
        self,
        model: LanguageModel,
        request: RouterRequest,
        encoding: Encoding,
        taps: Sequence[_Routers],
        started: float,
    ) -> RouterRun:
        return RouterRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            weighing=taps[0].weighing,
            **taps[0].arrays,
        )


STUDIES.register(RouterStudy.kind)(RouterStudy())


def _first(config: Any, names: Sequence[str]) -> int:
    return next((getattr(config, each) for each in names if getattr(config, each, None)), 0)
