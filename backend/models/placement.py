"""Which device and which number type a model gets."""

from __future__ import annotations

import torch

from ..errors import ModelError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def resolve_device(name: str) -> torch.device:
    """Return the device called ``name``; "auto" is cuda, else mps, else cpu.

    Raises:
        ModelError: there is no such kind of device, or not on this machine.
    """
    if name == "auto":
        return torch.device(_best())
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    numbered = device is not None and device.type != "cuda" and device.index is not None
    if device is None or numbered or device.type not in ("cpu", "cuda", "mps"):
        raise ModelError(f"There is no device {name!r}. Use auto, cpu, cuda, cuda:1 or mps.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ModelError(
            f"The device {name!r} is not there: torch sees {count} CUDA GPU(s). Use device='auto'."
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ModelError("The device 'mps' is not there (Apple GPUs only). Use device='auto'.")
    return device


def resolve_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the number type called ``name``; "auto" is bfloat16 on cuda and float32 elsewhere.

    Raises:
        ModelError: the name is not one of ``DTYPES``.
    """
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if name not in DTYPES:
        raise ModelError(f"There is no dtype {name!r}. Use auto, {', '.join(DTYPES)}.")
    return DTYPES[name]


def device_map(name: str, device: torch.device) -> str | dict[str, torch.device]:
    """Return what ``from_pretrained`` wants: spread over all GPUs when there are several."""
    if name == "auto" and device.type == "cuda" and torch.cuda.device_count() > 1:
        return "auto"
    return {"": device}


def devices_of(where: str | dict[str, torch.device]) -> list[torch.device]:
    """Return the devices that the weights go to, given what ``device_map`` returned."""
    if isinstance(where, str):
        return [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return list(where.values())


def dtype_name(dtype: torch.dtype) -> str:
    """Return "float32" for ``torch.float32``."""
    return str(dtype).removeprefix("torch.")


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
