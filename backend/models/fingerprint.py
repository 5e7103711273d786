"""Whether two loaded models hold the same weights, whatever files they came from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from .language import LanguageModel

_VALUES = 256
"""Values looked at of every tensor: training changes them all, reading them all takes seconds."""


def fingerprint(model: LanguageModel) -> str:
    """Return a hash of the tokenizer and of values spread over every weight, 16 hex digits."""
    digest = hashlib.sha256(model.tokenizer.definition.encode())
    for name, weight in model.torch_model.state_dict().items():
        digest.update(f"{name} {weight.dtype} {tuple(weight.shape)} ".encode())
        if weight.is_meta:  # kept on the disk until a layer needs it
            continue
        flat = weight.detach().flatten()
        places = torch.linspace(
            0, max(len(flat) - 1, 0), min(_VALUES, len(flat)), dtype=torch.float64
        )
        digest.update(flat[places.long().to(flat.device)].double().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
