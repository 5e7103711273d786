"""Learning a teacher's order: the list-wise loss PLD, and distillation by divergence."""

from __future__ import annotations

import torch
from torch import Tensor


def teacher_order(teacher: Tensor, labels: Tensor) -> Tensor:
    """Return the label first, then the other classes by the teacher's logits, int64 [n, C]."""
    lifted = teacher.scatter(-1, labels[:, None], torch.inf)
    return torch.argsort(lifted, dim=-1, descending=True, stable=True)


def remaining_surprisals(student: Tensor, order: Tensor) -> Tensor:
    """Return −s_k + LSE(s_k, …, s_C) in ``order``, nats, of ``student`` logits [..., n, C].

    Each is the surprisal of a choice among those that remain; the last is 0, the first that of
    the label among all.
    """
    sorted_ = student.gather(-1, order.expand(student.shape))
    rest = torch.logcumsumexp(sorted_.flip(-1), -1).flip(-1)
    return rest - sorted_


def list_wise_loss(
    student: Tensor, teacher: Tensor, labels: Tensor, temperature: float = 1.0
) -> Tensor:
    """Return PLD of every row, nats [..., n]: remaining surprisals weighted by the teacher.

    Bassam et al. 2025, arXiv 2506.12542. Convex and blind to a shift of the logits. A confident
    teacher puts all weight on the first choice: it is then cross-entropy.

    Args:
        student: logits [..., n, C].
        teacher: logits [n, C].
        labels: [n].
        temperature: of the teacher's weights.
    """
    order = teacher_order(teacher, labels)
    weights = torch.softmax(teacher / temperature, -1).gather(-1, order)
    return (weights * remaining_surprisals(student, order)).sum(-1)


def distillation_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Return τ² KL(teacher ‖ student) at temperature τ, nats [..., n] (Hinton et al. 2015)."""
    told = torch.log_softmax(teacher / temperature, -1)
    said = torch.log_softmax(student / temperature, -1)
    return (told.exp() * (told - said)).sum(-1) * temperature**2
