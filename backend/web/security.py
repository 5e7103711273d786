"""What a browser may do with our pages, and which names the server answers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..settings import settings
from .allowance import limits
from .limits import AddressLimits
from .readers import Identity, Readers, over_tls
from .traffic import Traffic

# Components are loaded as blob: modules, and Vega compiles expressions.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",  # Streamlit's websocket too, and no other host's
        "frame-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"SAMEORIGIN",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Browsers heed it on connections that they trust, and complain of it on others.
_IF_TRUSTED = b"cross-origin-opener-policy"
_ALWAYS_TRUSTED = {"localhost", "127.0.0.1", "::1"}
# Figures about the process and its readers, open to everybody who reaches the port.
_REFUSED = "/_stcore/metrics"


class SecurityHeaders:
    """Adds headers to every answer, and refuses Streamlit's open page of metrics."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = {**_HEADERS}
        if not _trusted(scope):
            del wanted[_IF_TRUSTED]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                headers += [each for each in wanted.items() if each[0] not in there]
                message = {**message, "headers": headers}
            await send(message)

        app = self._app
        if scope["path"].rstrip("/").endswith(_REFUSED):
            app = PlainTextResponse("Not here.", 404)
        await app(scope, receive, with_headers)


def _trusted(scope: Scope) -> bool:
    """Tell whether a browser takes the connection of a request for a secure one."""
    return over_tls(scope) or Request(scope).url.hostname in _ALWAYS_TRUSTED


def middleware(
    allowed_hosts: Sequence[str], prefix: str = "", identity: Identity | None = None
) -> list[Middleware]:
    """Return what stands in front of every route, Streamlit's own included.

    Args:
        allowed_hosts: as in ``server.allowedHosts``, which by itself guards the websocket alone;
            empty for any.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
        identity: who signed in; None where nobody can.
    """
    own = limits()
    return [
        Middleware(SecurityHeaders),
        Middleware(Traffic),
        Middleware(
            TrustedHostMiddleware, allowed_hosts=host_patterns(allowed_hosts), www_redirect=False
        ),
        # Whose request it is: that of the browser, not of the proxy that passes it on.
        *_for_proxies(settings().proxies),
        Middleware(Readers, prefix=prefix, identity=identity),
        *([Middleware(AddressLimits, limits=own)] if own else ()),
    ]


def _for_proxies(named: Iterable[str]) -> Iterator[Middleware]:
    networks = [ip_network(each, strict=False) for each in named]
    trusted = [str(each) for each in networks]
    # As a server that listens on IPv6 too sees an IPv4 address.
    trusted += [
        f"::ffff:{each.network_address}/{96 + each.prefixlen}"
        for each in networks
        if each.version == 4
    ]
    if trusted:
        yield Middleware(ProxyHeadersMiddleware, trusted_hosts=trusted)


def host_patterns(allowed: Sequence[str]) -> list[str]:
    """Return the hosts as ``TrustedHostMiddleware`` wants them; no host at all means any."""
    found = []
    for each in allowed:
        host = each.strip().lower().rstrip(".")
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        if "*" not in host.removeprefix("*.") or host == "*":  # others match nothing
            found.append(host)
    return found if allowed else ["*"]
