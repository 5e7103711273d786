"""Several texts in one forward pass, padded on the right.

A causal model never looks ahead, so what stands behind a text cannot change its numbers: padding
needs no mask, and the forward pass is the same as for one text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..measures.distribution import in_parts, log_probabilities, moments
from .footprint import forward_bytes

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.language import OnLayer
    from ..models.tokenizer import Encoding

BATCH_TOKENS = 2_048
"""Tokens of a batch, padding included; a longer text is a batch by itself."""

# A batch more costs as much time as this many tokens: all weights are read once more. Measured on a
# processor: 48 ms for one token, 3 ms for each further one.
BATCH_COST = 32
BATCH_COST_ACCELERATED = 512

# Logits of one call of the head.
_HEAD_BYTES = 30 * 2**20

Row = dict[str, Any]


def batch_bytes(model: LanguageModel, longest: int) -> int:
    """Return the memory a batch needs whose longest text has ``longest`` tokens."""
    activations = forward_bytes(model, max(BATCH_TOKENS, longest), longest)
    return activations + 3 * max(_HEAD_BYTES, 4 * model.facts.vocab_size)


def batch_cost(model: LanguageModel) -> int:
    """Return for how many tokens of padding it pays to begin another batch."""
    return BATCH_COST if model.device.type == "cpu" else BATCH_COST_ACCELERATED


def plan_batches(lengths: Mapping[int, int], padding: int) -> list[list[int]]:
    """Put rows of like length together, longest first, so that too little memory shows at once.

    Args:
        lengths: tokens by row.
        padding: the most tokens of padding in a batch.
    """
    batches: list[list[int]] = [[]]
    wasted = 0
    for row in sorted(lengths, key=lengths.__getitem__, reverse=True):
        last = batches[-1]
        longest = lengths[last[0]] if last else lengths[row]
        wasted += longest - lengths[row]
        if last and ((len(last) + 1) * longest > BATCH_TOKENS or wasted > padding):
            batches.append([row])
            wasted = 0
        else:
            last.append(row)
    return batches if lengths else []


def measure_batch(
    model: LanguageModel, encodings: Sequence[Encoding], on_layer: OnLayer
) -> list[Row]:
    """Return the figures of every text; those of a text without a scored token are None."""
    lengths = [len(each) for each in encodings]
    ids = torch.zeros(len(encodings), max(lengths), dtype=torch.long)
    for row, each in enumerate(encodings):
        ids[row, : len(each)] = torch.from_numpy(each.ids)
    hidden = model.hidden_states(ids, on_layer=on_layer)
    # The row before a token predicts it; nothing predicts the first.
    scored = torch.arange(1, ids.shape[1])[None] < torch.tensor(lengths)[:, None]
    entropy, surprisal = _measure(
        model, hidden[:, :-1][scored.to(hidden.device)], ids[:, 1:][scored]
    )
    ends = np.cumsum([length - 1 for length in lengths])[:-1]
    parts = zip(encodings, np.split(entropy, ends), np.split(surprisal, ends), strict=True)
    return [_figures(*part) for part in parts]


def _measure(
    model: LanguageModel, hidden: Tensor, targets: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Return entropy and surprisal of R predictions, float32 [R] each, nats."""
    size = 4 * model.facts.vocab_size
    rows = max(1, _HEAD_BYTES // size)
    found = torch.empty(2, len(targets))
    for first in range(0, len(targets), rows):
        logits = model.unembed(hidden[first : first + rows])
        wanted = targets[first : first + rows].to(logits.device)[:, None]
        for part, room in in_parts(logits):
            whole = moments(logits[part], room)
            place = slice(first + part.start, first + part.stop)
            found[0, place] = whole.entropy
            found[1, place] = -log_probabilities(logits[part], wanted[part], whole)[:, 0]
    return found[0].numpy(), found[1].numpy()


def _figures(encoding: Encoding, entropy: np.ndarray, surprisal: np.ndarray) -> Row:
    row: Row = {"tokens": len(encoding)}
    if len(entropy):
        row["mean_entropy"] = float(entropy.mean(dtype=np.float64))
        row["max_entropy"] = float(entropy.max())
        row["mean_surprisal"] = float(surprisal.mean(dtype=np.float64))
    # Pieces of the first character do not make it whole: its bits are not all there.
    whole = encoding.groups[1:] != encoding.groups[0]
    if whole.any():
        spans = encoding.offsets[1:][whole]
        text = encoding.text[int(spans[:, 0].min()) : int(spans[:, 1].max())]
        bits = float(surprisal[whole].sum(dtype=np.float64)) / math.log(2)
        if text:
            row["bits_per_byte"] = bits / len(text.encode())
    return row
