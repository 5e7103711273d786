"""What small networks learn from: digits and letters, shipped as small arrays.

digits: 1,797 images of 8 × 8 pixels, from "Optical Recognition of Handwritten Digits" by
E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, doi 10.24432/C50P49. Licence:
Creative Commons Attribution 4.0 International (CC BY 4.0).

letters: 300,000 characters of Shakespeare's Coriolanus and Richard III in the text of Project
Gutenberg, stage directions left out. Public domain.

digit_marginals: weights that ``scripts/train_marginals.py`` learned from these digits, float16; see
``trainings.engine.any_order``.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Digits:
    """Images float32 [n, 64] from 0 to 1, and labels int64 [n] from 0 to 9."""

    images: Tensor
    labels: Tensor

    def __getitem__(self, part: slice | Tensor) -> Digits:
        return Digits(self.images[part], self.labels[part])

    def __len__(self) -> int:
        return len(self.labels)


@cache
def digits() -> tuple[Digits, Digits]:
    """Return 1,297 digits to learn from and 500 to test with, always in the same order."""
    stored = np.load(_FOLDER / "digits.npz", allow_pickle=False)
    order = np.random.default_rng(0).permutation(len(stored["labels"]))
    images = torch.from_numpy(stored["images"][order].astype(np.float32) / 16)
    labels = torch.from_numpy(stored["labels"][order].astype(np.int64))
    return Digits(images[:1297], labels[:1297]), Digits(images[1297:], labels[1297:])


@cache
def letters() -> tuple[Tensor, str]:
    """Return the text as places in its alphabet, int64 [300000], and the alphabet of 62 signs."""
    text = zlib.decompress((_FOLDER / "letters.zlib").read_bytes())
    codes, places = np.unique(np.frombuffer(text, np.uint8), return_inverse=True)
    return torch.from_numpy(places.astype(np.int64)), bytes(codes).decode("ascii")


@cache
def checksum(name: str) -> str:
    """Return the SHA-256 of what is shipped as "digits" or "letters", 16 hex digits."""
    path = next(_FOLDER.glob(f"{name}.[nz]*"))
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
