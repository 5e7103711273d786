"""A study as a piece of an address, so that a link reproduces what was not saved.

The code is the request as JSON, deflated and in the alphabet of addresses. A link comes from
anybody: its length, its size once inflated and every field are checked before it is used.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import asdict, replace
from typing import Any, get_type_hints

from backend.errors import InputError
from backend.runs.base import RUN_KINDS, Request, Run
from backend.runs.files import adapter

MAX_CODE = 6_000
"""Characters of a code. Chat programs and proxies cut addresses from about 8,000 on."""

MAX_INFLATED = 200_000


def request_type(kind: str) -> type[Request]:
    """Return the type of the requests of a kind of run."""
    return get_type_hints(RUN_KINDS[kind])["request"]


def exact_request(run: Run) -> Request:
    """Return the run's request with the revision and number type that were really used."""
    model = replace(run.request.model, revision=run.model.revision, dtype=run.model.dtype)
    return replace(run.request, model=model)


def encode(request: Request) -> str | None:
    """Return the code of a request, or None when it does not fit into an address."""
    fields = _without_defaults(request)
    plain = json.dumps([request.kind, fields], separators=(",", ":"), ensure_ascii=False)
    if len(plain) > MAX_INFLATED:
        return None
    code = base64.urlsafe_b64encode(zlib.compress(plain.encode(), 9)).rstrip(b"=").decode()
    return code if len(code) <= MAX_CODE else None


def decode(code: str) -> Request:
    """Return the request of a code.

    Raises:
        InputError: the code is damaged, hostile, or of a study this version does not know.
    """
    try:
        if len(code) > MAX_CODE:
            raise ValueError("too long")
        packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        plain = inflate.decompress(packed, MAX_INFLATED)
        if not inflate.eof:
            raise ValueError("cut off, or larger than it may be")
        kind, fields = json.loads(plain)
        return adapter(request_type(kind)).validate_python(fields)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
            binascii.Error, zlib.error) as error:  # fmt: skip
        raise InputError(
            "The link cannot be read: it was cut off, or belongs to another version of Entroscope."
        ) from error


def _without_defaults(request: Request) -> dict[str, Any]:
    """Return the fields that differ from a plain request's: most links stay short."""
    fields = asdict(request)
    model = type(request.model)()
    fields["model"] = {
        name: value for name, value in fields["model"].items() if value != getattr(model, name)
    }
    return {
        name: value
        for name, value in fields.items()
        if name == "model" or value != type(request).__dict__.get(name, ...)
    }
