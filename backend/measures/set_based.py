"""Mask and positions with which the order of a set of options cannot matter.

Source: McIlroy-Young et al. 2024, "Set-Based Prompting", arXiv 2406.06581, whose two functions
these equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def set_mask(prefix: int, options: Sequence[int], suffix: int) -> Tensor:
    """Return which query (row) sees which key, bool [T, T]: causal, but no option another one.

    Args:
        prefix: tokens before the options.
        options: tokens of each.
        suffix: tokens behind them, which see everything.
    """
    part = torch.tensor(
        [0] * prefix
        + [place for place, length in enumerate(options, 1) for _ in range(length)]
        + [0] * suffix
    )
    other = (part[:, None] != part) & (part[:, None] > 0) & (part > 0)
    return torch.ones(len(part), len(part), dtype=torch.bool).tril() & ~other


def set_positions(prefix: int, options: Sequence[int], suffix: int) -> Tensor:
    """Return the positions of all tokens, int64 [T]: every option begins where the prefix ends."""
    after = prefix + max(options, default=0)
    parts = [
        torch.arange(prefix),
        *(torch.arange(prefix, prefix + each) for each in options),
        torch.arange(after, after + suffix),
    ]
    return torch.cat(parts)
