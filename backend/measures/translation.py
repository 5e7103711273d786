"""The scaling law of translation: loss by the sizes of encoder and decoder, and its fit to points.

L = α (Ne0/Ne)^pe (Nd0/Nd)^pd + L∞ (Ghorbani et al. 2021, arXiv 2109.07740). Their exponents depend
on the data and are not repeated here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TranslationLaw:
    """A law in units of its own reference sizes; see the module.

    Attributes:
        scale: α, the reducible loss at the reference sizes, nats.
        encoder, decoder: the powers pe and pd.
        floor: L∞, nats.
        sizes: the reference sizes Ne0 and Nd0, parameters without embeddings.
    """

    scale: float
    encoder: float
    decoder: float
    floor: float
    sizes: tuple[float, float] = (1e8, 1e8)

    def reducible(self, encoder: Tensor, decoder: Tensor) -> Tensor:
        """Return the part of the loss that larger sizes take away; sizes broadcast."""
        of_encoder = (self.sizes[0] / encoder.double()) ** self.encoder
        return self.scale * of_encoder * (self.sizes[1] / decoder.double()) ** self.decoder

    def loss(self, encoder: Tensor, decoder: Tensor) -> Tensor:
        """Return the whole loss."""
        return self.floor + self.reducible(encoder, decoder)

    def best_encoder(self, budget: float) -> float:
        """Return the encoder's size at which a budget of parameters has the least loss."""
        return budget * self.encoder / (self.encoder + self.decoder)


@dataclass(frozen=True)
class Fit:
    """A law fitted to points with a floor that is given.

    Attributes:
        rank: of the least squares: 3 where both powers are determined.
        error: root mean square of what is left of ln (L − L∞).
    """

    law: TranslationLaw
    rank: int
    error: float


def fit_law(points: Tensor, floor: float, sizes: tuple[float, float] = (1e8, 1e8)) -> Fit:
    """Return the law nearest to points [n, 3] of Ne, Nd and L in ln (L − L∞), by least squares.

    Where only one side was varied the other side's power is not determined: it is 0 then, and the
    rank 2.

    Raises:
        ValueError: a loss is not above the floor, or a size not above 0.
    """
    encoder, decoder, loss = points.double().T
    if not ((loss > floor).all() and (points[:, :2] > 0).all()):
        raise ValueError("losses lie above the floor, and sizes above 0")
    wanted = (loss - floor).log()
    columns = torch.stack(
        [torch.ones_like(loss), (sizes[0] / encoder).log(), (sizes[1] / decoder).log()], 1
    )
    found = torch.linalg.lstsq(columns, wanted[:, None], driver="gelsd")
    constant, of_encoder, of_decoder = found.solution[:, 0].tolist()
    rest = wanted - (columns @ found.solution)[:, 0]
    law = TranslationLaw(math.exp(constant), of_encoder, of_decoder, floor, sizes)
    return Fit(law, int(found.rank), float(rest.square().mean().sqrt()))


def profile(
    points: Tensor, floors: Sequence[float], sizes: tuple[float, float] = (1e8, 1e8)
) -> list[Fit]:
    """Return the fit at every floor: few points determine it badly, and the errors show how."""
    return [fit_law(points, each, sizes) for each in floors]
