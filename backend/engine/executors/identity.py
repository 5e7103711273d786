"""Which requests for a model mean one and the same model, so that it is loaded once."""

from __future__ import annotations

from dataclasses import replace

import torch

from ...errors import ModelError
from ...models.placement import dtype_name, resolve_device, resolve_dtype
from ...runs import ModelFacts, ModelSpec


def resolved(spec: ModelSpec) -> ModelSpec:
    """Return ``spec`` with the device and number type that it will get on this machine.

    A model that is spread over several GPUs keeps "auto", which is not one of them.
    """
    try:
        device = resolve_device(spec.device)
        dtype = dtype_name(resolve_dtype(spec.dtype, device))
    except ModelError:
        return spec  # loading it tells why
    if device.type != "cuda":
        return replace(spec, device=device.type, dtype=dtype)
    if spec.device == "auto" and torch.cuda.device_count() > 1:
        return replace(spec, dtype=dtype)
    return replace(spec, device=f"cuda:{device.index or 0}", dtype=dtype)


def is_revision(spec: ModelSpec, other: ModelSpec, facts: ModelFacts) -> bool:
    """Tell whether ``spec`` names the commit that ``other``, a loaded model, turned out to be.

    Args:
        spec: resolved.
        other: resolved.
        facts: of the loaded one.
    """
    return facts.revision is not None and spec == replace(other, revision=facts.revision)
