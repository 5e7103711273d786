"""A norm with the length of every state held as it is: then it is linear, and can be split."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

# So long that the ε under the root of a norm is nothing beside it.
_LONG = 4096.0


class HeldNorm(NamedTuple):
    """norm(h) = ``matrix`` · h / ``length`` + ``constant``, exact for the states it was made of.

    Attributes:
        matrix: [D′, D].
        constant: [D′].
        length: of every state, [..., 1].
    """

    matrix: Tensor
    constant: Tensor
    length: Tensor

    def pull_back(self, direction: Tensor) -> Tensor:
        """Return w′ [..., D] with w · norm(h) = w′ · h + w · constant, for w [..., D′]."""
        return direction @ self.matrix / self.length


def hold(norm: Callable[[Tensor], Tensor], states: Tensor) -> HeldNorm:
    """Return ``norm`` held at the lengths of ``states`` [..., D], float32.

    Families write their norms in several ways (a gain of w or of 1 + w, a bias, a mean taken off, a
    projection behind): what this one does is measured, one direction of the state at a time.

    Raises:
        ValueError: it is no linear map over one length of the state.
    """
    size = states.shape[-1]
    unit = torch.eye(size, device=states.device, dtype=states.dtype)
    constant = norm(states.new_zeros(1, size))[0].float()
    matrix = (norm(_LONG * unit).float() - constant).T
    mapped, normed = states.float() @ matrix.T, norm(states).float() - constant
    # Every direction was measured at one length: only the ratio of the two is known, and needed.
    length = mapped.norm(dim=-1, keepdim=True) / normed.norm(dim=-1, keepdim=True)
    rest = (mapped / length - normed).abs().amax()
    if not rest <= 0.02 * normed.abs().amax():
        raise ValueError("this is not a linear map over one length of the state")
    return HeldNorm(matrix, constant, length)
