"""A small transformer over letters, K of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import letters
from .layers import Activation, normal
from .optimisers import Parameters

CONTEXT = 32
Weight = Callable[[str], Tensor]


@dataclass(frozen=True)
class Shape:
    """What a transformer looks like.

    Attributes:
        norm: "before" each part, "after" each residual sum, or "none".
        activation: of the MLP.
    """

    layers: int
    heads: int
    width: int = 32
    norm: str = "before"
    activation: Activation = F.gelu

    @property
    def matrices(self) -> list[str]:
        """The names of all projections and of the head; q and k of a layer are one matrix."""
        parts = [
            f"{part}{layer}"
            for layer in range(self.layers)
            for part in ("qk", "v", "o", "up", "down")
        ]
        return [*parts, "head"]


@dataclass(frozen=True)
class Look:
    """What was seen of attention.

    Attributes:
        rows: entropy of every row, nats [K, L, B, H, T].
        largest: largest |score|, [K].
    """

    rows: Tensor
    largest: Tensor


def init(shape: Shape) -> Callable[[torch.Generator], Parameters]:
    """Return what initialises one network."""

    def make(generator: torch.Generator) -> Parameters:
        symbols, width, inner = len(letters()[1]), shape.width, 4 * shape.width
        scale = 1 / math.sqrt(width)
        out = scale / math.sqrt(2 * shape.layers)
        made = {
            "embedding": normal(generator, symbols, width),
            "position": normal(generator, CONTEXT, width, scale=0.3),
            "head": normal(generator, width, symbols, scale=0.02),
        }
        for layer in range(shape.layers):
            made[f"qk{layer}"] = normal(generator, width, 2 * width, scale=scale)
            made[f"v{layer}"] = normal(generator, width, width, scale=scale)
            made[f"o{layer}"] = normal(generator, width, width, scale=out)
            made[f"up{layer}"] = normal(generator, width, inner, scale=scale)
            made[f"down{layer}"] = normal(generator, inner, width, scale=out / 2)
            if shape.norm != "none":
                made |= {f"gain{layer}a": torch.ones(width), f"gain{layer}b": torch.ones(width)}
        if shape.norm != "none":
            made["gain"] = torch.ones(width)
        return made

    return make


def forward(
    shape: Shape,
    parameters: Parameters,
    ids: Tensor,
    weight: Weight | None = None,
    *,
    look: bool = False,
) -> tuple[Tensor, Look | None]:
    """Return logits [K, B · T, V] for ids [B, T], and what was seen of attention.

    Args:
        shape: of the networks.
        parameters: of K copies.
        ids: of letters, shared by all copies.
        weight: returns a matrix by its name; the parameter itself by default.
        look: whether to see attention, which costs about half as much again.
    """
    weight = weight or parameters.__getitem__
    copies, symbols, width = parameters["embedding"].shape
    batch, tokens = ids.shape
    rows = ids.reshape(-1) + torch.arange(copies)[:, None] * symbols
    hidden = F.embedding(rows, parameters["embedding"].reshape(-1, width))
    hidden = hidden.view(copies, batch, tokens, width) + parameters["position"][:, None, :tokens]
    hidden = hidden.view(copies, batch * tokens, width)
    seen = []
    for layer in range(shape.layers):
        gains = [parameters.get(f"gain{layer}{part}") for part in "ab"]
        inner = _before(shape, hidden, gains[0])
        mixed, found = _attend(shape, inner, weight, layer, (copies, batch, tokens), look)
        seen.append(found)
        hidden = _after(shape, hidden + torch.bmm(mixed, weight(f"o{layer}")), gains[0])
        inner = _before(shape, hidden, gains[1])
        inner = shape.activation(torch.bmm(inner, weight(f"up{layer}")))
        hidden = _after(shape, hidden + torch.bmm(inner, weight(f"down{layer}")), gains[1])
    if shape.norm != "none":
        hidden = _normed(hidden, parameters["gain"])
    looked = [each for each in seen if each is not None]
    whole = None
    if looked:
        entropies, largest = zip(*looked, strict=True)
        whole = Look(torch.stack(entropies, 1), torch.stack(largest, 1).amax(1))
    return torch.bmm(hidden, weight("head")), whole


def next_letter_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return mean surprisal, nats [K], of logits [K, B · T, V] and targets [B, T]."""
    copies = len(logits)
    flat = targets.reshape(-1).expand(copies, -1).reshape(-1)
    each = F.cross_entropy(logits.reshape(len(flat), -1), flat, reduction="none")
    return each.view(copies, -1).mean(1)


def draw(generator: torch.Generator, sequences: int) -> Tensor:
    """Return random stretches of the letters, int64 [sequences, CONTEXT + 1]."""
    ids = letters()[0]
    starts = torch.randint(0, len(ids) - CONTEXT - 1, (sequences, 1), generator=generator)
    return ids[starts + torch.arange(CONTEXT + 1)]


@cache
def validation(sequences: int) -> Tensor:
    """Return the stretches that measuring reads, always the same."""
    return draw(torch.Generator().manual_seed(99), 32)[:sequences]


@cache
def _hidden_keys(tokens: int) -> Tensor:
    return torch.full((tokens, tokens), -torch.inf).triu(1)


def _attend(
    shape: Shape,
    inner: Tensor,
    weight: Weight,
    layer: int,
    sizes: tuple[int, int, int],
    look: bool,
) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
    copies, batch, tokens = sizes
    width, size = shape.width, shape.width // shape.heads
    both = torch.bmm(inner, weight(f"qk{layer}")).view(-1, tokens, 2, shape.heads, size)
    query, key = both.permute(2, 0, 3, 1, 4)
    value = torch.bmm(inner, weight(f"v{layer}"))
    value = value.view(-1, tokens, shape.heads, size).transpose(1, 2)
    hidden = _hidden_keys(tokens)
    found = None
    if look:
        scores = query @ key.transpose(-1, -2) / math.sqrt(size)
        logs = torch.log_softmax(scores + hidden, -1)
        attention = logs.exp()
        rows = -(attention * logs.masked_fill(hidden < 0, 0)).sum(-1)
        rows = rows.view(copies, batch, shape.heads, tokens)
        largest = scores.masked_fill(hidden < 0, 0).abs().view(copies, -1).amax(1)
        found = rows, largest
        mixed = attention @ value
    else:
        flat = (each.reshape(-1, tokens, size) for each in (query, key, value))
        query, key, value = flat
        scores = torch.baddbmm(
            hidden.expand(len(query), tokens, tokens),
            query,
            key.transpose(1, 2),
            alpha=1 / math.sqrt(size),
        )
        mixed = torch.softmax(scores, -1) @ value
        mixed = mixed.view(copies * batch, shape.heads, tokens, size)
    return mixed.transpose(1, 2).reshape(copies, batch * tokens, width), found


def _normed(hidden: Tensor, gain: Tensor | None) -> Tensor:
    normed = F.rms_norm(hidden, (hidden.shape[-1],), eps=1e-6)
    return normed if gain is None else normed * gain[:, None]


def _before(shape: Shape, hidden: Tensor, gain: Tensor | None) -> Tensor:
    return _normed(hidden, gain) if shape.norm == "before" else hidden


def _after(shape: Shape, hidden: Tensor, gain: Tensor | None) -> Tensor:
    return _normed(hidden, gain) if shape.norm == "after" else hidden
