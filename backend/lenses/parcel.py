"""Arrays for the browser as bytes: compact, exact, and with NaN, which JSON does not have.

Layout: 4 bytes length of the header (little-endian), the header as ASCII JSON, then the arrays one
after another, little-endian.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

VERSION = 1
"""Of what parcels hold; browsers keep them under a name that this is part of."""

MEDIA_TYPE = "application/octet-stream"


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a parcel: a plain header and arrays (uint8, uint16, uint32, int32, float32).

    Every array begins at a multiple of four bytes, so that a browser reads it in place.
    """
    places: dict[str, dict[str, Any]] = {}
    parts: list[bytes] = []
    start = 0
    for name, array in arrays.items():
        part = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        places[name] = {
            "type": array.dtype.name,
            "start": start,
            "length": int(array.size),
            "shape": list(array.shape),
        }
        padding = -len(part) % 4
        parts.append(part + b"\0" * padding)
        start += len(part) + padding
    text = json.dumps({**header, "arrays": places}, allow_nan=False).encode("ascii")
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])
