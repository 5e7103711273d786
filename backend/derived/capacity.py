"""Text compression: how small models make texts, and how small programs made for that do."""

from __future__ import annotations

import bz2
import lzma
import math
import zlib
from collections.abc import Callable

import numpy as np

from ..quantities import Quantity
from ..runs.capacity import SOURCE, CapacityRun
from .base import derived

COMPRESSED = Quantity(
    "Compressed", "", low=0, high=8 * math.log(2), digits=2, missing="nothing was scored",
    help="Of one byte of text; 8 bits uncompressed. A coder that knows the predictions of a model "
    "needs as many bits as they surprise; the model itself is not counted.",
    formula=r"\frac{-\sum_i\ln p(x_i\mid x_{<i})}{\mathrm{bytes}}", source=SOURCE,
)  # fmt: skip
PROGRAMS: dict[str, Callable[[bytes], bytes]] = {
    "xz": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    "gzip": lambda data: zlib.compress(data, 9),
    "bzip2": bz2.compress,
}
"""Compressors by the names of the programs, at their best."""


@derived("capacity", "compressed", "V", quantity=COMPRESSED)
def compressed(run: CapacityRun) -> np.ndarray:
    """Return what every model makes of a byte, over all texts, float32 [V], nats."""
    octets = run.octets.astype(np.float64)
    with np.errstate(invalid="ignore"):  # of an infinite loss, or of no tokens
        loss = 8 * math.log(2) * octets - run.tokens * run.saved.astype(np.float64)
    total = octets.sum()
    return (loss.sum(1) / total if total else loss.sum(1) * np.nan).astype(np.float32)


def by_programs(run: CapacityRun) -> dict[str, float]:
    """Return what every program makes of a byte, nats.

    It gets all texts as one file, each as long as the models read it: it learns from one for the
    next, which the models may not.
    """
    pairs = zip(run.request.texts, run.octets.tolist(), strict=False)
    data = b"".join(text.encode()[: max(octets, 0)] for text, octets in pairs)
    if not data:
        return dict.fromkeys(PROGRAMS, math.nan)
    return {name: 8 * math.log(2) * len(pack(data)) / len(data) for name, pack in PROGRAMS.items()}


def beside_best_program(run: CapacityRun) -> float:
    """Return the size that the whole model makes, as a share of what the best program makes."""
    return float(compressed(run)[0]) / min(by_programs(run).values())
