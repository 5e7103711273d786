"""The study of direct attribution: the lead of the token that came, split into what wrote it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from transformers.pytorch_utils import Conv1D

from ..errors import NotDefinedError
from ..measures.distribution import top
from ..measures.held_norm import HeldNorm, hold
from ..measures.pattern import causal_patterns, pattern
from ..reading.encoding import token_fields
from ..runs.attribution import AttributionRequest, AttributionRun
from ..taps.attention import AttentionTap, scores_of
from ..taps.logits import LogitsTap
from ..taps.states import StatesTap
from ..taps.writing import WritingTap, output_map
from .base import STUDIES, ReadingStudy, provenance

if TYPE_CHECKING:
    from ..models.attention_call import AttentionCall
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding
    from ..taps.writing import Parts

SOURCES = 4
"""Tokens kept of those that a head took from."""
_ROWS = 128

Place = tuple[int, slice, slice]
"""A layer, its heads and some tokens."""


class _Calls(AttentionTap):
    """Keeps queries, keys and values of every layer: which way to look at them, the end tells."""

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        self.calls: dict[int, AttentionCall] = {}

    def on_attention(self, call: AttentionCall) -> Tensor | None:
        if call.value is not None:
            self.calls[call.layer] = call
        return None

    def held_bytes(self, model: LanguageModel, tokens: int) -> int:
        facts = model.facts
        width = facts.hidden_size * (1 + 2 * facts.kv_heads / max(facts.heads, 1))
        kept = facts.layers * tokens * (width * model.dtype.itemsize + 12 * SOURCES * facts.heads)
        return int(kept)

    def work(self, model: LanguageModel, tokens: int) -> float:
        facts = model.facts
        return 2.0 * facts.layers * facts.hidden_size * tokens * (facts.hidden_size + tokens)


class _Leads(LogitsTap):
    """Keeps the runner-up of every token that came, and how far it led."""

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        tokens = ids.shape[1]
        self._ids = ids[0]
        self.runner_up = np.full(tokens, -1, np.int32)
        self.difference = np.full(tokens, np.nan, np.float32)
        self.largest = 0.0

    def on_logits(self, first: int, logits: Tensor) -> None:
        came = self._ids[first : first + len(logits)].to(logits.device)[:, None]
        best = top(logits, 2)
        runner_up = torch.where(best[:, :1] == came, best[:, 1:], best[:, :1])
        lead = logits.gather(1, came).float() - logits.gather(1, runner_up).float()
        stop = first + len(logits)
        self.runner_up[first:stop] = runner_up[:, 0].cpu().numpy()
        self.difference[first:stop] = lead[:, 0].cpu().numpy()
        self.largest = max(self.largest, float(logits.gather(1, best).abs().max()))


class _Checks(WritingTap):
    """Makes sure that a layer adds what its two parts write, and nothing else.

    Attributes:
        scale: what a family multiplies with before it adds (Granite).
        found: what the heads found for the last token, by layer, [H · E].
        unlike: the first layer that does otherwise.
    """

    def start(self, model: LanguageModel, ids: Tensor) -> None:
        config = model.torch_model.config.get_text_config(decoder=True)
        self.scale = float(getattr(config, "residual_multiplier", 1.0))
        self._tolerance = 50 * torch.finfo(model.dtype).eps
        self.found: dict[int, Tensor] = {}
        self.unlike: int | None = None

    def on_written(self, layer: int, before: Tensor, after: Tensor, parts: Parts) -> None:
        if parts.heads is not None and parts.attention is not None and parts.mlp is not None:
            self.found[layer] = parts.heads[-1].float()
            written = self.scale * (parts.attention.float() + parts.mlp.float())
            rest = (after.float() - before.float() - written).norm(dim=-1)
            size = after.float().norm(dim=-1) + before.float().norm(dim=-1)
            if bool((rest <= self._tolerance * size + 1e-3 * written.norm(dim=-1)).all()):
                return
        self.unlike = layer if self.unlike is None else self.unlike


class AttributionStudy(ReadingStudy):
    """Reads a text once; then every part is looked at along one direction a token.

    The direction is that of the token that came minus the runner-up, drawn back through the final
    norm with the length of the state held as it is. Along it, what all parts wrote sums exactly to
    the lead of the token that came.
    """

    kind = "attribution"

    def taps(
        self, model: LanguageModel, request: AttributionRequest, encoding: Encoding
    ) -> Sequence[Any]:
        return [StatesTap(), _Calls(), _Leads(), _Checks()]

    @torch.inference_mode()
    def finish(
        self,
        model: LanguageModel,
        request: AttributionRequest,
        encoding: Encoding,
        taps: Sequence[Any],
        started: float,
    ) -> AttributionRun:
        kept, calls, leads, checks = taps
        _check_layers(model, calls.calls, checks)
        arrays = _empty(model, len(encoding))
        error = 0.0
        if len(encoding) > 1:
            ends = kept.states[-1][:-1]
            held = _held(model, ends)
            came = torch.from_numpy(encoding.ids[1:]).long()
            directions, constant = _directions(model, held, ends, came, leads.runner_up[1:])
            layers = range(model.facts.layers)
            for layer in layers:
                written, biases = _layer(
                    model, calls.calls[layer], directions, checks, arrays, layer
                )
                before, after = (kept.states[layer + each][:-1].float() for each in (0, 1))
                whole = ((after - before) * directions).sum(-1)
                arrays["mlps"][layer, 1:] = (whole - written - biases).cpu().numpy()
                constant = constant + biases
            embedding = (kept.states[0][:-1].float() * directions).sum(-1)
            arrays["embedding"][1:] = embedding.cpu().numpy()
            arrays["constant"][1:] = constant.cpu().numpy()
            error = _error(model, arrays, leads)
        return AttributionRun(
            **provenance(model),
            **token_fields(encoding),
            request=request,
            seconds=time.perf_counter() - started,
            difference=leads.difference,
            runner_up=leads.runner_up,
            vocabulary={
                str(each): model.tokenizer.token_text(each)
                for each in np.unique(leads.runner_up[1:])
            },
            largest_error=error,
            **arrays,
        )


STUDIES.register(AttributionStudy.kind)(AttributionStudy())


def _empty(model: LanguageModel, tokens: int) -> dict[str, Any]:
    layers, heads = model.facts.layers, model.facts.heads
    shapes = {
        "embedding": (tokens,),
        "constant": (tokens,),
        "heads": (layers, heads, tokens),
        "mlps": (layers, tokens),
        "from_sources": (layers, heads, tokens, SOURCES),
    }
    found: dict[str, Any] = {
        name: np.full(shape, np.nan, np.float32) for name, shape in shapes.items()
    }
    found["sources"] = np.full((layers, heads, tokens, SOURCES), -1, np.int32)
    return found


def _check_layers(model: LanguageModel, calls: dict[int, Any], checks: _Checks) -> None:
    name = model.facts.name
    for layer in range(model.facts.layers):
        if layer not in calls or calls[layer].query.shape[1] != model.facts.heads:
            raise NotDefinedError(
                f"Layer {layer} of {name} has no attention that can be split by heads."
            )
    if checks.unlike is not None:
        raise NotDefinedError(
            f"Layer {checks.unlike} of {name} adds more than its heads and its MLP write: its "
            "family normalises or weighs what they write first. It cannot be split exactly."
        )


def _held(model: LanguageModel, ends: Tensor) -> HeldNorm:
    try:
        return hold(model.final_norm, ends)
    except ValueError:
        raise NotDefinedError(f"{model.facts.name} ends in no norm of one length.") from None


def _directions(
    model: LanguageModel, held: HeldNorm, ends: Tensor, came: Tensor, runner_up: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Return the direction of every row [R, D] along which parts add up, and a constant [R]."""
    head = model.torch_model.get_output_embeddings()
    weight, bias = head.weight, getattr(head, "bias", None)  # type: ignore[reportAttributeAccessIssue]
    other = torch.from_numpy(runner_up).long().to(weight.device)
    came = came.to(weight.device)
    wanted = weight[came].float() - weight[other].float()
    wanted = wanted * _logit_scale(model, ends)
    constant = wanted @ held.constant
    if bias is not None:
        constant = constant + bias[came].float() - bias[other].float()
    return held.pull_back(wanted), constant


def _logit_scale(model: LanguageModel, ends: Tensor) -> float:
    """Return what a family multiplies its logits with (Cohere, Granite), measured on one state."""
    state = model.final_norm(ends[:1])
    weight = model.torch_model.get_output_embeddings().weight  # type: ignore[reportOptionalMemberAccess]
    plain = torch.nn.functional.linear(state, weight).float()[0]
    whole = (model.unembed(state) - model.unembed(torch.zeros_like(state))).float()[0]
    scale = float(whole.dot(plain) / plain.dot(plain))
    return 1.0 if abs(scale - 1) < 0.01 else scale


def _layer(
    model: LanguageModel,
    call: AttentionCall,
    directions: Tensor,
    checks: _Checks,
    arrays: dict[str, Any],
    layer: int,
) -> tuple[Tensor, Tensor]:
    """Fill in the heads of one layer; return what they wrote together, and its biases, [R] each."""
    output: Any = output_map(model.layers[layer])
    # Conv1D of GPT-2 stores its weight inputs first.
    weight = (output.weight.T if isinstance(output, Conv1D) else output.weight).float()
    heads, rows = call.query.shape[1], len(directions)
    along = (directions @ weight * checks.scale).unflatten(1, (heads, -1))  # [R, H, E]
    values, group = call.value[0].float(), heads // call.key.shape[1]  # type: ignore[reportOptionalSubscript]
    together = directions.new_zeros(rows)
    for start in range(0, rows, _ROWS):
        part = slice(start, min(start + _ROWS, rows))
        weights = _weights(call, part)
        seen = values[:, : weights.shape[-1]].repeat_interleave(group, 0)
        taken = weights * (along[part].transpose(0, 1) @ seen.mT)
        whole = taken.sum(-1)
        together[part] = whole.sum(0)
        place = (layer, slice(None), slice(part.start + 1, part.stop + 1))
        arrays["heads"][place] = whole.cpu().numpy()
        _keep_sources(arrays, place, taken)
    last = _weights(call, slice(rows, rows + 1)) @ values.repeat_interleave(group, 0)
    found = checks.found[layer]
    if not torch.allclose(last.flatten(), found, rtol=0.02, atol=0.02 * float(found.std())):
        raise NotDefinedError(
            f"Layer {layer} of {model.facts.name} does more with what its heads find than add it."
        )
    bias = getattr(output, "bias", None)
    biases = together.new_zeros(rows) if bias is None else directions @ bias.float() * checks.scale
    return together, biases


def _weights(call: AttentionCall, rows: slice) -> Tensor:
    """Return the weights of all heads for some queries, [H, rows, keys]; later keys may be left."""
    scores = scores_of(call)
    if (call.visible, call.bias, call.softcap, call.sinks) == (None,) * 4:
        return causal_patterns(call.query[0], call.key[0], call.scaling, rows.start, rows.stop)
    heads = range(call.query.shape[1])
    return torch.stack(
        [pattern(scores, call.visible, head, rows.start, rows.stop) for head in heads]
    )


def _keep_sources(arrays: dict[str, Any], place: Place, taken: Tensor) -> None:
    """Keep the tokens that a head took most from; those it does not see gave it nothing."""
    count = min(SOURCES, taken.shape[-1])
    strongest = taken.abs().topk(count, -1)
    there = strongest.values > 0
    sources = torch.where(there, strongest.indices, -1)
    shares = torch.where(there, taken.gather(-1, strongest.indices), torch.nan)
    arrays["sources"][(*place, slice(count))] = sources.cpu().numpy()
    arrays["from_sources"][(*place, slice(count))] = shares.cpu().numpy()


def _error(model: LanguageModel, arrays: dict[str, Any], leads: _Leads) -> float:
    """Return how far the sum of all parts misses the lead of the logits, at most.

    Raises:
        NotDefinedError: it misses by more than rounding.
    """
    total = arrays["embedding"] + arrays["constant"]
    total = total + arrays["mlps"].sum(0) + arrays["heads"].sum((0, 1))
    error = float(np.abs(total - leads.difference)[1:].max())
    allowed = 1e-3 + 8 * torch.finfo(model.dtype).eps * leads.largest
    if not error <= allowed:
        raise NotDefinedError(
            f"The logits of {model.facts.name} are no linear map of its last state: what its parts "
            f"wrote misses them by up to {error:.2g}."
        )
    return error
