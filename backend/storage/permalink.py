"""A study as a piece of an address, so that a link reproduces what was not saved.

The code is ``[version, kind, fields]`` as JSON, deflated and in the alphabet of addresses. A link
comes from anybody: its length, its size once inflated and every field are checked before use.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import asdict, replace
from typing import Any

from ..errors import InputError
from ..runs.asking import request_type
from ..runs.base import Request, Run
from ..runs.checkpoints import CheckpointsRequest, CheckpointsRun
from ..runs.divergence import DivergenceRequest, DivergenceRun
from ..runs.model import NO_MODEL, ModelFacts, ModelSpec
from . import strict_json
from .files import adapter

MAX_CODE = 6_000
"""Characters of a code. Chat programs and proxies cut addresses from about 8,000 on."""

MAX_INFLATED = 200_000
"""Bytes of the JSON."""

VERSION = 1
"""Of codes; a changed meaning of a field needs the next one."""


def exact_request(run: Run) -> Request:
    """Return the run's request with the revisions and number types that were really used.

    The device stays open: the link may be followed on a machine without it.
    """
    request = replace(run.request, model=_exact(run.request.model, run.model))
    if isinstance(request, DivergenceRequest) and isinstance(run, DivergenceRun):
        request = replace(request, other=_exact(request.other, run.other_model))
    if isinstance(request, CheckpointsRequest) and isinstance(run, CheckpointsRun):
        named = zip(request.checkpoints, map(run.models.get, run.names), strict=True)
        exact = (spec if facts is None else _exact(spec, facts) for spec, facts in named)
        request = replace(request, checkpoints=tuple(exact))
    return request


def _exact(spec: ModelSpec, facts: ModelFacts) -> ModelSpec:
    if spec == NO_MODEL:
        return spec
    return replace(spec, revision=facts.revision, dtype=facts.dtype, device="auto")


def encode(request: Request) -> str | None:
    """Return the code of a request, or None when it does not fit into an address."""
    content = [VERSION, request.kind, _without_defaults(request)]
    try:
        plain = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a character has no place in an address
        return None
    if len(plain) > MAX_INFLATED:
        return None
    code = base64.urlsafe_b64encode(zlib.compress(plain, 9)).rstrip(b"=").decode()
    return code if len(code) <= MAX_CODE else None


def decode(code: str) -> Request:
    """Return the request of a code.

    Raises:
        InputError: the code is damaged, hostile, or of a newer version.
    """
    try:
        version, *content = _unpack(code)
        newer = type(version) is int and version > VERSION
        if not newer:
            return _read(version, *content)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
            binascii.Error, zlib.error) as error:  # fmt: skip
        raise InputError(
            "The link cannot be read: it was cut off, or belongs to another version of Entroscope."
        ) from error
    raise InputError("The link was made by a newer version of Entroscope; update this one.")


def _unpack(code: str) -> Any:
    if len(code) > MAX_CODE:
        raise ValueError("too long")
    packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    inflate = zlib.decompressobj()
    plain = inflate.decompress(packed, MAX_INFLATED)
    if not inflate.eof:
        raise ValueError("cut off, or larger than it may be")
    return strict_json.parse(plain)


def _read(version: Any, kind: Any, fields: Any) -> Request:
    if type(version) is not int or version != VERSION:
        raise ValueError(f"{version!r} is not a version")
    return adapter(request_type(kind)).validate_python(fields)


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
