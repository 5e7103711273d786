"""Questions to one server; errors tell neither its address nor its key.

Answers are bounded in size and time, redirects are not followed, and a server that is busy (429,
503) is asked again a few times.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from ..characters import one_printable_line
from ..errors import ModelError
from ..progress import Progress, Report
from .connections import Connection

MOST_BYTES = 64_000_000
SECONDS = 120.0
"""How long an answer, or the next piece of one, may take."""
_TRIES, _LONGEST_WAIT = 4, 20.0
_BUSY = {429, 503}

# The library notes the address of every question.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Refused(ModelError):
    """The server does not answer such a question; another way of asking may work."""


class Client:
    """Asks one server. Use as a context manager.

    Args:
        to: the server.
        report: told of what is waited for; what it raises ends the waiting.
        seconds: that an answer may take.
    """

    def __init__(self, to: Connection, report: Report, seconds: float = SECONDS) -> None:
        try:
            import httpx2
        except ImportError as error:
            raise ModelError("Servers need the package httpx2: pip install httpx2.") from error
        self._library = httpx2
        self._to, self._report = to, report
        self.requests = 0
        headers = {"Authorization": f"Bearer {to.key}"} if to.key else {}
        self._http = httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(seconds, connect=10.0),
            follow_redirects=False,
            trust_env=not _is_local(to.address),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """Return the answer to a question without content, read as JSON. Raises as ``post``."""
        return self._whole("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the answer to ``body``, read as JSON.

        Args:
            path: behind the address, such as "/completions"; from the host with "//".
            body: of the question.

        Raises:
            Refused: the server knows no such question.
            ModelError: it cannot be reached, is too slow or too busy, wants another key, or its
                answer is no JSON.
        """
        return self._whole("POST", path, body)

    def stream(self, path: str, body: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the pieces of an answer that comes as server-sent events. Raises as ``post``."""
        with self._answer("POST", path, {**body, "stream": True}) as answer:
            size = 0
            for line in answer.iter_lines():
                size += len(line)
                self._check_size(size)
                content = line.removeprefix("data:").strip()
                if not line.startswith("data:") or not content:
                    continue
                if content == "[DONE]":
                    return
                piece = self._read(content)
                if isinstance(piece, dict) and "error" in piece:
                    raise ModelError(self._says(f"stopped: {_reason(piece)}"))
                yield piece

    def _whole(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        with self._answer(method, path, body) as answer:
            found = bytearray()
            for part in answer.iter_bytes():
                found += part
                self._check_size(len(found))
        return self._read(bytes(found))

    @contextmanager
    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None) -> Iterator[Any]:
        errors = self._library
        try:
            for attempt in range(1, _TRIES + 1):
                self.requests += 1
                with self._http.stream(method, self._url(path), json=body) as answer:
                    if answer.status_code in _BUSY and attempt < _TRIES:
                        wait = _seconds(answer.headers.get("retry-after"), 0.5 * 2**attempt)
                    else:
                        self._check(answer)
                        yield answer
                        return
                self._wait(wait)
        # Without a cause: messages of the library may hold the address.
        except errors.TimeoutException:
            raise ModelError(self._says("took too long to answer.")) from None
        except (errors.HTTPError, errors.StreamError):
            raise ModelError(self._says("cannot be reached, or broke off. Is it on?")) from None

    def _check(self, answer: Any) -> None:
        status = answer.status_code
        if status == 200:
            return
        if status in (401, 403):
            raise ModelError(self._says("wants another key."))
        if status in _BUSY:
            raise ModelError(self._says(f"is too busy ({status}). Try again later."))
        if 300 <= status < 400:
            raise ModelError(self._says("leads elsewhere, which is not followed."))
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) > 20_000:
                break
        try:
            reason = _reason(json.loads(body))
        except ValueError:
            reason = ""
        raise Refused(self._says(f"refused ({status}). {reason}"))

    def _url(self, path: str) -> str:
        if path.startswith("//"):
            return self._to.address.removesuffix("/v1") + path[1:]
        return self._to.address + path

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._report(Progress(0, 0, f"{self._to.name} is busy; asking again in {left:.0f} s"))
            time.sleep(min(0.2, left))

    def _check_size(self, size: int) -> None:
        if size > MOST_BYTES:
            raise ModelError(self._says(f"answered with more than {MOST_BYTES:,} bytes."))

    def _read(self, content: str | bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ModelError(self._says("answered with something that is not JSON.")) from error

    def _says(self, what: str) -> str:
        """Return a sentence about the server, without its key and address, whatever it said."""
        for secret in filter(None, (self._to.key, self._to.address, _host(self._to.address))):
            what = what.replace(secret, "…")
        return one_printable_line(f"The server {self._to.name!r} {what.strip()}")


def _reason(answer: Any) -> str:
    """Return what a server says of an error, in one of the ways they have."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or ""
    return str(error)[:200]


def _seconds(said: str | None, otherwise: float) -> float:
    try:
        return min(max(float(said or otherwise), 0.0), _LONGEST_WAIT)
    except ValueError:
        return otherwise


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
