"""Which servers there are: those of the settings, and those a program connects to by itself.

A request names a server; its address and key stay here, so that they get into no link, no run and
no log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..errors import InputError
from ..settings import settings

Check = Callable[[str], None]

_own: dict[str, Connection] = {}


@dataclass(frozen=True)
class Connection:
    """A server.

    Attributes:
        name: by which requests name it.
        address: up to and with ``/v1``; not shown.
        key: sent as a bearer token; empty for none; not shown.
        model: which of its models; empty for its first.
        vocabulary: how many tokens the model knows; 0 where the server has to say.
    """

    name: str
    address: str = field(repr=False)
    key: str = field(default="", repr=False)
    model: str = ""
    vocabulary: int = 0


def connect(
    name: str,
    address: str,
    *,
    key: str = "",
    model: str = "",
    vocabulary: int = 0,
    check: Check | None = None,
) -> Connection:
    """Make a server known under ``name`` for as long as this program runs.

    Args:
        name: for requests.
        address: up to ``/v1``.
        key: of the server, where it wants one.
        model: which of its models; its first when left out.
        vocabulary: how many tokens the model knows, where the server does not say.
        check: raises ``InputError`` for an address that may not be used; the settings' list of
            addresses when left out. Whoever lets readers type an address hands one in.

    Raises:
        InputError: the name is empty, or the address may not be used.
    """
    name = " ".join(name.split())
    if not name:
        raise InputError("A server needs a name.")
    (check or check_address)(address)
    made = Connection(name, _whole(address), key, model, vocabulary)
    _own[name] = made
    return made


def check_address(address: str) -> None:
    """Refuse an address that the administrator does not allow; without a list, all are allowed.

    Raises:
        InputError: it is none of the allowed ones; scheme, host and port have to be the same.
    """
    allowed = settings().server_addresses
    origin = _origin(address)
    if allowed and origin not in {_origin(each) for each in allowed}:
        raise InputError("This server's administrator does not allow that address.")


def names() -> list[str]:
    """Return the names of all servers, those of this program first."""
    return list(dict.fromkeys([*_own, *settings().servers]))


def connection(name: str) -> Connection:
    """Return a server by its name; the first one for an empty name.

    Raises:
        InputError: there is no such server, or none at all.
    """
    known = names()
    if not known:
        raise InputError(
            "No server is known here. Name one in ENTROSCOPE_SERVERS, or connect to it with "
            "backend.servers.connect(name, address)."
        )
    name = name or known[0]
    if name in _own:
        return _own[name]
    if name not in settings().servers:
        raise InputError(f"There is no server {name!r}; known: {', '.join(known)}.")
    said = settings().servers[name]
    return Connection(
        name, _whole(said.address), said.key.get_secret_value(), said.model, said.vocabulary
    )


def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    try:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError) as error:
        raise InputError("An address begins with http:// or https:// and a host.") from error
    if not parts.hostname or parts.username or parts.password:
        raise InputError("An address has a host and no password; give the key by itself.")
    return parts.scheme, parts.hostname.lower(), port


def _whole(address: str) -> str:
    _origin(address)
    address = address.rstrip("/")
    return address if address.endswith("/v1") else f"{address}/v1"
