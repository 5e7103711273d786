"""Arrays for the browser as bytes: compact, exact, and with NaN, which JSON does not have.

A parcel is named by its content. Streamlit sends a message that it has sent before as a reference,
so a parcel whose bytes stay the same crosses the network once.

Layout: 16 bytes name, 4 bytes length of the header (little-endian), the header as ASCII JSON, then
the arrays one after another, little-endian.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

NAME_BYTES = 16


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a parcel: a plain header and arrays (uint8, uint16, uint32, int32, float32)."""
    places: dict[str, dict[str, Any]] = {}
    parts: list[bytes] = []
    start = 0
    for name, array in arrays.items():
        part = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        places[name] = {"type": array.dtype.name, "start": start, "length": int(array.size)}
        parts.append(part)
        start += len(part)
    text = json.dumps({**header, "arrays": places}, allow_nan=False).encode("ascii")
    body = b"".join([len(text).to_bytes(4, "little"), text, *parts])
    name = hashlib.blake2b(body, digest_size=NAME_BYTES // 2).hexdigest()
    return name.encode("ascii") + body


def name_of(parcel: bytes) -> str:
    """Return the name of a parcel: equal names mean equal content."""
    return parcel[:NAME_BYTES].decode("ascii")
