"""Difficulty of questions by accuracy and entropy, and a probe that tells it beforehand.

After DiffAdapt (arXiv 2510.19669), of which a digest was read and no code was found; its values of
α, β and γ are not known. "Normal" is where a model is right and sure, which need not be the middle
of a scale of difficulty.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LABELS = ("Easy", "Normal", "Hard")


@dataclass(frozen=True)
class Strategy:
    """How a question is answered: at which temperature, and with which share of all tokens."""

    temperature: float
    share: float


STRATEGIES = {"Easy": Strategy(0.5, 0.4), "Normal": Strategy(0.8, 1.0), "Hard": Strategy(0.4, 0.5)}
"""As the paper has them."""

POLICIES = (
    "always Easy", "always Normal", "always Hard", "by the probe", "by lot, as often", "by label",
    "best in hindsight",
)  # fmt: skip
"""Ways to choose a strategy for each question; see ``policies``."""

SLACK = 1e-6
"""Of comparisons: 7 of 10 as float32 is a hair below .7."""


def trace_entropy(entropies: Tensor) -> Tensor:
    """Return the mean over the tokens of every text, [...]; NaN of one without tokens.

    Args:
        entropies: [..., N] in nats, NaN where there is no token.
    """
    return entropies.double().nanmean(-1)


def labelled(accuracy: Tensor, entropy: Tensor, alpha: float, beta: float, gamma: float) -> Tensor:
    """Return the place of each question's label in ``LABELS``, int64 [Q].

    The rules are asked in this order: right and sure is Normal, seldom right is Hard, all else is
    Easy. So with γ > α a question that is right and sure is Normal.

    Args:
        accuracy: [Q], the share of samples that is right.
        entropy: [Q], in nats, the mean of the samples'.
        alpha: the least accuracy of Normal.
        beta: the greatest entropy of Normal, in nats.
        gamma: the accuracy under which a question is Hard.
    """
    accuracy, entropy = accuracy.double(), entropy.double()
    found = torch.where(accuracy < gamma - SLACK, LABELS.index("Hard"), LABELS.index("Easy"))
    normal = (accuracy >= alpha - SLACK) & (entropy <= beta + SLACK)
    return torch.where(normal, LABELS.index("Normal"), found)


@dataclass(frozen=True)
class Probe:
    """softmax(W₂ ReLU(W₁ h + b₁) + b₂): [H, D], [H], [3, H] and [3]."""

    first: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor

    def __call__(self, states: Tensor) -> Tensor:
        """Return the probability of every label, [..., 3], from states [..., D]."""
        return torch.softmax(self.logits(states), -1)

    def logits(self, states: Tensor) -> Tensor:
        """Return what the softmax is taken of, [..., 3]."""
        hidden = torch.relu(states @ self.first.T + self.first_bias)
        return hidden @ self.second.T + self.second_bias


def fit_probe(
    states: Tensor, labels: Tensor, width: int = 32, rounds: int = 100, seed: int = 0
) -> Probe:
    """Fit a probe by AdamW at a rate of 0.001, over all questions at once.

    Args:
        states: float [Q, D], of the last token of each question after the last layer.
        labels: int64 [Q], places in ``LABELS``.
        width: H, of the hidden layer.
        rounds: steps of the fit.
        seed: of the weights it begins with.
    """
    draw = torch.Generator().manual_seed(seed)
    states = states.detach()
    size = states.shape[-1]

    def begun(rows: int, columns: int) -> Tensor:
        values = torch.rand(rows, columns, generator=draw, dtype=torch.float64) * 2 - 1
        return (values / columns**0.5).to(states.dtype)

    parts = [
        begun(width, size),
        states.new_zeros(width),
        begun(len(LABELS), width),
        states.new_zeros(len(LABELS)),
    ]
    with torch.inference_mode(False), torch.enable_grad():
        parts = [each.clone().requires_grad_() for each in parts]
        states, probe = states.clone(), Probe(*parts)
        steps = torch.optim.AdamW(parts, lr=1e-3)
        for _ in range(rounds):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(probe.logits(states), labels).backward()
            steps.step()
    return Probe(*(each.detach() for each in parts))


def policies(right: Tensor, tokens: Tensor, chosen: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each of ``POLICIES`` reaches and spends on every question, float64 [Y, Q] each.

    "By lot" gives every strategy to as many questions as the probe does, whichever they are: what
    is left of the probe's lead over it is what the probe knows. "By label" uses the samples that
    it is judged by, and "best in hindsight" takes the most accurate strategy, the shortest of
    equal ones: both know what nobody knows beforehand.

    Args:
        right: [Z, Q], the share of samples that is right under each strategy.
        tokens: [Z, Q], their mean.
        chosen: int64 [Q], the strategy of the likeliest label.
        label: int64 [Q].
    """
    right, tokens = right.double(), tokens.double()
    every = torch.arange(right.shape[1])
    shares = torch.bincount(chosen, minlength=len(right)).double() / len(chosen)
    # Accuracies are shares of few samples: a token more never outweighs one of them.
    best = (right - 1e-3 * tokens / tokens.max().clamp_min(1)).argmax(0)
    found = []
    for values in (right, tokens):
        own = [values[each, every] for each in (chosen, label, best)]
        found.append(torch.stack([*values, own[0], shares @ values, *own[1:]]))
    return found[0], found[1]


def middle_drop(entropy: Tensor) -> float:
    """Return by which share the entropy is lower in the middle of the levels than at the first.

    The middle is the lowest of all levels but the ends: positive is a dip, as in the paper's U.
    NaN where there are fewer than three levels, or the first has no entropy.

    Args:
        entropy: [L], the mean of every level in nats, from easy to hard.
    """
    entropy = entropy.double()
    if len(entropy) < 3 or not entropy[0] > 0:
        return float("nan")
    return float(1 - entropy[1:-1].min() / entropy[0])
