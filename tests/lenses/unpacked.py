"""Parcels as a browser reads them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def unpacked(parcel: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return header and arrays of a parcel, by the layout of ``backend.lenses.parcel``."""
    size = int.from_bytes(parcel[:4], "little")
    header = json.loads(parcel[4 : 4 + size].decode("ascii"))
    start = 4 + size
    arrays = {}
    for name, place in header.pop("arrays").items():
        assert (start + place["start"]) % 4 == 0, "a browser reads arrays in place"
        flat = np.frombuffer(
            parcel, np.dtype(place["type"]).newbyteorder("<"), place["length"],
            start + place["start"],
        )  # fmt: skip
        arrays[name] = flat.reshape(place["shape"])
    return header, arrays
