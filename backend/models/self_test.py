"""A short test of every model that is loaded: does it decode what it reads?

Families keep what they have read in many ways, and some of them wrongly. Nothing says so: the
numbers are plausible and belong to another text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import EntroscopeError
from .body import family_failures

if TYPE_CHECKING:
    from .language import LanguageModel

_TEXT = "The quick brown fox jumps over the lazy dog by the sea."
_PROMPT, _STEPS = 5, 3
# What such a short text does not show.
_KNOWN_FAULTS = {
    "doge": "which keys a token sees depends on when they are looked at, once its window is full"
}
# How far decoded hidden states may be from those read at once, as a share of their length. Right
# families differ by the order of their sums only; wrong ones by several hundredths and more.
_FLOAT32, _HALF = 2e-3, 0.1


def note_decoding(model: LanguageModel) -> None:
    """Note on ``model`` what ``decoding_fault`` finds, and how it takes its positions."""
    model.decoding_fault = decoding_fault(model)
    if model.decoding_fault is None or not model.takes_positions:
        return
    # RoBERTa means something else by a position, and counts well by itself.
    model.takes_positions = False
    if decoding_fault(model) is None:
        model.decoding_fault = None
    else:
        model.takes_positions = True


def decoding_fault(model: LanguageModel) -> str | None:
    """Decode three tokens of two texts, and read them at once; return what is wrong, or None."""
    kind = model.torch_model.config.model_type
    if kind in _KNOWN_FAULTS:
        fault = _KNOWN_FAULTS[kind]
        return f"{model.facts.name} ({kind}) decodes other numbers than it reads: {fault}."
    context = model.facts.context
    if context is not None and context < _PROMPT + _STEPS:
        return None  # too short for anything else either
    try:
        with family_failures(model.facts.name):
            distance = _decoding_distance(model)
    except EntroscopeError as error:
        return f"A test of decoding failed when {model.facts.name} was loaded: {error}"
    if distance <= _tolerance(model):
        return None
    return (
        f"{model.facts.name} ({model.facts.architecture}) decodes other numbers than it reads: a "
        f"test of {_STEPS} tokens when it was loaded was off by {distance:.0%}."
    )


def reads_blocks(model: LanguageModel) -> bool:
    """Tell whether several tokens behind a past are read as they are at once; tried once a model.

    State space models (Mamba) take one token at a time behind a past, and count others wrongly.
    """
    if model.reads_blocks is None:
        model.reads_blocks = model.decoding_fault is None and _block_distance(model) <= _tolerance(
            model
        )
    return model.reads_blocks


def _block_distance(model: LanguageModel) -> float:
    """Return the median distance between hidden states of a block behind a past, and at once."""
    context = model.facts.context
    if context is not None and context < _PROMPT + _STEPS:
        return math.inf
    ids = _ids(model, 2, _PROMPT + _STEPS)
    ids[1, :_PROMPT] = ids[0, :_PROMPT]
    try:
        with family_failures(model.facts.name):
            past = model.new_past()
            model.hidden_states(ids[:1, :_PROMPT], past=past)
            with past.branched(torch.tensor([0, 0])):
                hidden = model.hidden_states(ids[:, _PROMPT:], past=past)
            return _distance(hidden, model.hidden_states(ids)[:, _PROMPT:])
    except EntroscopeError:
        return math.inf


def _decoding_distance(model: LanguageModel) -> float:
    """Return the median distance between hidden states decoded and read at once."""
    ids = _ids(model, 2, _PROMPT + _STEPS)
    ids[1, :_PROMPT] = ids[0, :_PROMPT]
    past = model.new_past()
    model.hidden_states(ids[:1, :_PROMPT], past=past)
    past.select(torch.tensor([0, 0]))
    decoded = []
    order = torch.tensor([0, 1])
    for step in range(_PROMPT, _PROMPT + _STEPS):
        hidden = model.hidden_states(ids[order, step, None], past=past)
        decoded.append(hidden[order])  # the order is its own inverse
        order = order.flip(0)
        past.select(torch.tensor([1, 0]))
    return _distance(torch.cat(decoded, 1), model.hidden_states(ids)[:, _PROMPT:])


def _distance(one: Tensor, other: Tensor) -> float:
    """Return how far states [B, T, D] are apart, as a share of their length: the median token."""
    apart = (one.float() - other.float()).norm(dim=-1) / other.float().norm(dim=-1)
    return apart.median().item()


def _tolerance(model: LanguageModel) -> float:
    return _FLOAT32 if model.dtype in (torch.float32, torch.float64) else _HALF


def _ids(model: LanguageModel, rows: int, tokens: int) -> Tensor:
    """Return so many different rows of ids, integers [rows, tokens]."""
    own = torch.from_numpy(model.tokenizer.encode(_TEXT).ids).long()
    own = own.repeat(-(-rows * tokens // len(own)))[: rows * tokens]
    return own.view(rows, tokens)
