"""Inverse entropy: whether answers lie to each other as their questions do, by two random walks.

After Pan et al. 2025 (arXiv 2506.09684) and the code that they publish. The paper has (1 + cos) / 2
for similar and the code |cos|; both are here. P(X) follows the code, P(Y) Py Px, which total
probability asks for; the printed one, π Py Px, is ``printed_p_x``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Similarity = Literal["|cos|", "(1 + cos) / 2"]
FEWEST = 4
"""Variants of a question; with 2 the measure falls as answers get more different."""


def similarity(cosine: Tensor, rule: Similarity) -> Tensor:
    """Return similarities from 0 to 1 of cosines, float64, likewise [...]."""
    cosine = cosine.double().clamp(-1, 1)
    return cosine.abs() if rule == "|cos|" else (1 + cosine) / 2


def walk(similar: Tensor) -> Tensor:
    """Return the steps of a random walk, float64 [..., n, n]: rows of similarities, of sum 1."""
    return similar.double() / similar.double().sum(-1, keepdim=True)


@dataclass(frozen=True)
class Walks:
    """Both walks over n variants, the original first; float64.

    Attributes:
        px, py: [..., n, n], steps between questions and between answers.
    """

    px: Tensor
    py: Tensor

    @property
    def p_x_given_y(self) -> Tensor:
        """P(X = i | Y = j) at [..., j, i]: a step between answers, then one between questions."""
        return self.py @ self.px

    @property
    def diagonal(self) -> Tensor:
        """How often both steps come back to where they began, [..., n]; no distribution."""
        return self.p_x_given_y.diagonal(dim1=-2, dim2=-1)

    @property
    def entropy(self) -> Tensor:
        """−Σ d ln d over the diagonal, nats [...]: about ln n where all answers agree."""
        return torch.special.entr(self.diagonal).sum(-1)

    @property
    def p_y(self) -> Tensor:
        """P(Y), [..., n]: where a step from any answer ends."""
        return self.py.mean(-2)

    @property
    def p_x(self) -> Tensor:
        """P(X), [..., n], by total probability."""
        return (self.p_y[..., None, :] @ self.p_x_given_y)[..., 0, :]

    @property
    def printed_p_x(self) -> Tensor:
        """P(X) as the paper prints it, [..., n]."""
        return self.p_x_given_y.mean(-2)

    @property
    def forward_entropy(self) -> Tensor:
        """The authors' NI-Entropy, nats [...]: −Σ e ln e with e_i = P(Y = i | X = i), by Bayes."""
        return torch.special.entr(self.diagonal * self.p_y / self.p_x).sum(-1)


def drawn(answers: Tensor, selection: Tensor) -> Tensor:
    """Return the similarities of one answer a question, [B, n, n].

    Args:
        answers: [n r, n r], of all answers, those of one question behind each other.
        selection: integers [B, n], which of the r answers of each question.
    """
    size = answers.shape[0] // selection.shape[1]
    places = torch.arange(selection.shape[1]) * size + selection
    return answers[places[:, :, None], places[:, None, :]]


def selections(questions: int, answers: int, draws: int, seed: int) -> Tensor:
    """Return which answers are drawn, integers [B, n]; no draw comes twice.

    All of them in order where there are no more than ``draws``; the authors' package looks for a
    second one for ever where each question has one answer.
    """
    if answers**questions <= draws:
        return torch.cartesian_prod(*[torch.arange(answers)] * questions).view(-1, questions)
    chance = torch.Generator().manual_seed(seed)
    found: dict[tuple[int, ...], None] = {}
    while len(found) < draws:
        row = torch.randint(answers, (questions,), generator=chance)
        found[tuple(row.tolist())] = None
    return torch.tensor(list(found))


def bounds(variants: int) -> tuple[float, float]:
    """Return about the value where all answers agree, ln n, and the greatest there is, n / e."""
    return math.log(variants), variants / math.e


def temperature_sensitivity(uncertainty: Tensor) -> float:
    """Return the share of questions whose uncertainty rises at every step of the temperature, TSU.

    Args:
        uncertainty: [questions, temperatures], the temperatures rising.
    """
    return float((uncertainty.diff(dim=-1) > 0).all(-1).double().mean())
