"""Entropy Adaptive Decoding (Simonds 2025, arXiv 2502.06833): who writes the next token.

The sources leave open what happens before a window is full, at equality and at the start. Here a
window averages what there is, a mean at the threshold goes to the large model, and what is decided
after a token holds for the next one.
"""

from __future__ import annotations

import torch
from torch import Tensor


def rolling_mean(entropy: Tensor, window: int) -> Tensor:
    """Return the mean of the last ``window`` numbers at every place, of fewer at the start.

    Args:
        entropy: [..., N].
        window: at least 1.
    """
    last = torch.arange(entropy.shape[-1])
    first = (last - window + 1).clamp(min=0)
    found = [entropy[..., i : j + 1].mean(-1) for i, j in zip(first, last, strict=True)]
    return torch.stack(found, -1) if found else entropy


def next_writer(
    mean: Tensor, threshold: Tensor, large: Tensor, written: Tensor, least: int
) -> Tensor:
    """Return whether the large model writes next, bool [R].

    Args:
        mean: rolling entropy of who wrote, [R].
        threshold: in the same unit, [R].
        large: bool [R], whether the large model wrote the last token.
        written: tokens since the last switch, that one included, [R].
        least: so many are written before the next switch.
    """
    return torch.where(written >= least, mean >= threshold, large)


def replay(entropy: Tensor, threshold: float, window: int, least: int) -> Tensor:
    """Return who writes each of N tokens whose entropies [N] are known, bool; the small one begins.

    The rule alone, on a recorded trace: a real text would go another way after a switch.
    """
    mean = rolling_mean(entropy, window)
    bound = entropy.new_tensor(threshold)
    writer, since = torch.tensor(False), torch.tensor(0)
    found = []
    for each in mean:
        found.append(writer)
        since = since + 1
        after = next_writer(each, bound, writer, since, least)
        since = torch.where(after == writer, since, 0)
        writer = after
    return torch.stack(found) if found else torch.zeros(0, dtype=torch.bool)
