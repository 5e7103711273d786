"""The attention of every layer: reduced to one row of numbers a query, and dropped.

The layers of a short text wait for each other: so small, they cost more in calls than in numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from ..errors import NotDefinedError
from ..measures.attention import AttentionRows, Scores, attend
from ..measures.fused import causal_rows, fused_bytes
from ..measures.tiles import HIDDEN, TASK_BYTES, TASK_SCORES, Plan, plan_causal, plan_masked
from .base import Tap
from .no_pattern import check_finite, reason, unlike_keys

if TYPE_CHECKING:
    from ..models.attention_call import AttentionCall
    from ..models.language import LanguageModel

# A layer of fewer scores waits, until so many are there. Measured on two cores: alone, a layer of
# 256 tokens takes twice as long.
_SMALL, _TOGETHER = 2 * TASK_SCORES, 4 * TASK_SCORES
_NUMBERS = len(fields(AttentionRows))
# What a multiplication inside attention costs beside one with a weight, for it has exponentials and
# sums in its wake. Measured from 1,024 to 8,192 tokens with the bundled model.
_ATTENTION_COST = 1.2
# What AttentionRows calls a number, and what an AttentionRun does.
_NAMES = {
    "entropy": "entropy",
    "first": "first_mass",
    "itself": "self_mass",
    "previous": "previous_mass",
    "marked": "induction_mass",
    "distance": "distance",
    "spread": "score_spread",
    "outside": "outside_mass",
}


class AttentionTap(Tap):
    """Sees what each layer hands to its attention kernel."""

    def on_attention(self, call: AttentionCall) -> Tensor | None:
        """Look at a layer; return its output [B, Q, H, E], or None to let its kernel run."""

    def pair_bytes(self, model: LanguageModel, tokens: int) -> int:
        from ..models.taps import attention_bytes

        return attention_bytes(model, tokens)

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[AttentionTap]) -> Iterator[None]:
        from ..models.taps import attention_tap

        with attention_tap(model, _All(taps)):
            yield


class _All:
    """Shows a layer to several taps; the first output that one of them has is the layer's."""

    def __init__(self, taps: Sequence[AttentionTap]) -> None:
        self._taps = taps

    def call(self, call: AttentionCall) -> Tensor | None:
        outputs = [tap.on_attention(call) for tap in self._taps]
        return next((each for each in outputs if each is not None), None)


class AttentionRowsTap(AttentionTap):
    """Reduces each layer to ``AttentionRows`` and keeps only these.

    ``method`` is as in ``AttentionRequest``.
    """

    def __init__(self, method: Literal["exact", "fast"] = "exact") -> None:
        self._fast = method == "fast"

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        """Prepare for ``ids`` [B, T]; the numbers of the first text are kept."""
        tokens = ids.shape[1]
        self._marked = after_last_occurrence(ids[0])
        layers, heads = model.facts.layers, model.facts.heads
        self._rows = {
            each.name: np.full((layers, heads, tokens), np.nan, np.float32)
            for each in fields(AttentionRows)
        }
        self._max_entropy = np.full((layers, tokens), np.nan, np.float32)
        self._sinks = False
        self._plans: list[tuple[object, Tensor | None, Plan]] = []
        self._waiting: list[tuple[AttentionCall, Plan]] = []
        self._measured: set[int] = set()
        self._refused: dict[int, str] = {}
        self.scales: dict[int, float] = {}

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        return 4 * _NUMBERS * model.facts.layers * model.facts.heads * tokens

    def peak_bytes(self, model: LanguageModel, tokens: int) -> int:
        facts = model.facts
        width = facts.hidden_size // max(facts.heads, 1)
        fused = fused_bytes(facts.heads, tokens, width)
        tiles = torch.get_num_threads() * TASK_BYTES
        return max(fused, tiles) if self._fast or model.device.type == "cuda" else tiles

    def work(self, model: LanguageModel, tokens: int) -> float:
        facts = model.facts
        return _ATTENTION_COST * facts.layers * facts.hidden_size * tokens**2

    def on_attention(self, call: AttentionCall) -> Tensor | None:
        """Measure a layer, or keep a small one until a few can be measured together.

        Where precision allows, one pass gives the numbers and the output of the layer.
        """
        unlike = unlike_keys(call)
        if unlike is not None:
            self._refused[call.layer] = unlike
            return None
        if self._can_fuse(call):
            rows = causal_rows(call.query, call.key, call.scaling, self._marked, fast=self._fast)
            self._keep(call, rows, torch.arange(1, call.query.shape[2] + 1))
            return None
        plan = self._plan(call)
        self._sinks |= call.sinks is not None
        if _may_wait(call):
            self._waiting.append((call, plan))
            if sum(_size(each) for each, _ in self._waiting) >= _TOGETHER:
                self._measure_waiting()
            return None
        # In half precision, and on accelerators, the layer keeps its kernel: the rounding of its
        # output is part of the model. In float32 ours differs by the order of the sums only.
        ours = (
            call.query.dtype in (torch.float32, torch.float64) and call.query.device.type == "cpu"
        )
        rows, output = attend(scores_of(call), plan, call.value if ours else None)
        self._keep(call, rows, plan.visible[0])
        return output

    def _can_fuse(self, call: AttentionCall) -> bool:
        """Tell whether a fused kernel measures this layer.

        Tiles cost less on a processor, where the exact way is the faster one.
        """
        if call.visible is not None or not _is_plain(call):
            return False
        query = call.query
        if self._fast and query.dtype in (torch.bfloat16, torch.float16):
            return query.device.type in ("cpu", "cuda")
        return query.device.type == "cuda" and query.dtype != torch.float64

    def arrays(self) -> dict[str, Any]:
        """Return the arrays of an AttentionRun by name."""
        self._measure_waiting()
        found: dict[str, Any] = {name: self._rows[field] for field, name in _NAMES.items()}
        if not self._sinks:
            found["outside_mass"] = None
        return {**found, "max_entropy": self._max_entropy}

    def reasons(self, model: LanguageModel) -> dict[str, str]:
        """Return why layers have no pattern, by number.

        Raises:
            NotDefinedError: none has one.
            ModelError: a layer gave something that is not a number, as some do in float16.
        """
        self._measure_waiting()
        reasons = {
            str(layer): self._refused.get(layer) or reason(model, layer)
            for layer in range(model.facts.layers)
            if layer not in self._measured
        }
        if len(reasons) == model.facts.layers:
            raise NotDefinedError(
                f"{model.facts.name} has no attention pattern to measure. {reasons['0']}"
            )
        for layer in self._measured:
            sees = ~np.isnan(self._max_entropy[layer])
            check_finite(model, self._rows["entropy"][layer][:, sees])
        return reasons

    @torch.inference_mode()
    def _measure_waiting(self) -> None:
        """Measure the layers that wait; those alike in one go, with their heads side by side."""
        alike = defaultdict(list)
        for call, plan in self._waiting:
            alike[id(plan), call.scaling, call.query.shape[-1]].append((call, plan))
        self._waiting.clear()
        for layers in alike.values():
            calls, plan = [call for call, _ in layers], layers[0][1]
            query = torch.cat([call.query for call in calls], 1)
            key = torch.cat([call.key for call in calls], 1)
            rows, _ = attend(Scores(query, key, calls[0].scaling), plan)
            heads = [call.query.shape[1] for call in calls]
            parts = {each.name: getattr(rows, each.name).split(heads, 1) for each in fields(rows)}
            for number, call in enumerate(calls):
                own = {name: part[number] for name, part in parts.items()}
                self._keep(call, AttentionRows(**own), plan.visible[0])

    def _keep(self, call: AttentionCall, rows: AttentionRows, visible: Tensor) -> None:
        heads, expected = rows.entropy.shape[1], self._rows["entropy"].shape[1]
        if heads != expected:
            self._refused[call.layer] = (
                f"This layer has {heads} heads, another number of heads than {expected}, which the "
                "model says it has."
            )
            return
        for name, array in self._rows.items():
            array[call.layer] = getattr(rows, name)[0].cpu().numpy()
        highest = visible.cpu().float().log()
        self._max_entropy[call.layer] = highest.masked_fill(highest < 0, torch.nan).numpy()
        self._measured.add(call.layer)
        if call.value is not None:
            self.scales[call.layer] = call.scaling

    def _plan(self, call: AttentionCall) -> Plan:
        """Return the plan for a call; layers with the same mask share one."""
        sizes = (call.query.shape[:3], call.key.shape[1:3], call.query.device)
        for known, seen, plan in self._plans:
            if known == sizes and _same(seen, call.visible):
                return plan
        plan = plan_of(call, self._marked)
        # A model has one mask or two; every other one would hold on to T × T values.
        self._plans = [*self._plans[-1:], (sizes, call.visible, plan)]
        return plan


def _may_wait(call: AttentionCall) -> bool:
    """Tell whether a layer is small and plain, so that others like it can join it."""
    one_mask = call.visible is None or call.visible.shape[1] == 1
    return one_mask and _is_plain(call) and _size(call) < _SMALL


def _is_plain(call: AttentionCall) -> bool:
    """Tell whether the scores of a layer are products of query and key and nothing else."""
    extras = (call.bias, call.softcap, call.sinks)
    return all(each is None for each in extras) and call.value is not None


def _size(call: AttentionCall) -> int:
    """Return how many scores a layer has."""
    return call.query.shape[:3].numel() * call.key.shape[2]


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    """Tell whether two masks show the same."""
    if one is None or other is None or one is other:
        return one is other
    return torch.equal(one, other)


def plan_of(call: AttentionCall, marked: Tensor) -> Plan:
    """Return which query of a layer sees which key; ``marked`` is as in ``plan_causal``."""
    batch, heads, _, _ = call.query.shape
    group, marked = heads // call.key.shape[1], marked.to(call.query.device)
    if call.visible is None:
        return plan_causal(batch, group, marked)
    shown = call.visible[:, 0] if call.visible.shape[1] == 1 else call.visible.any(1)
    return plan_masked(shown.expand(batch, -1, -1), group, marked)


def after_last_occurrence(ids: Tensor) -> Tensor:
    """Return, for every token, the place after the last earlier token of its id; -1 for none.

    There an induction head looks: what came next the last time (Olsson et al., 2022,
    arXiv 2209.11895). An occurrence just before leads to the token itself and does not count.
    """
    latest: dict[int, int] = {}
    places = []
    for place, token in enumerate(ids.tolist()):
        after = latest.get(token, -2) + 1
        places.append(after if 0 <= after < place else -1)
        latest[token] = place
    return torch.tensor(places)


def scores_of(call: AttentionCall) -> Scores:
    """Return what a layer does before its softmax; without the mask all heads share."""
    bias = call.bias
    if call.visible is not None and call.visible.shape[1] > 1:
        hidden = torch.where(call.visible, 0.0, HIDDEN)
        bias = hidden if bias is None else bias + hidden
    return Scores(call.query, call.key, call.scaling, call.softcap, bias, call.sinks)
