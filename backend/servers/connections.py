"""Which servers there are: those of the settings, and those a program connects to by itself.

A request names a server; its address and key stay here, so that they get into no link, no run and
no log.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..errors import InputError
from ..settings import settings

LONGEST_NAME = 40
_BEHIND = re.compile(r" #[0-9a-f]{16}$")
"""What stands behind the name of a server that somebody typed."""

Check = Callable[[str], None]

_own: dict[str, Connection] = {}
_typed: dict[str, tuple[str, Connection]] = {}
"""Those of readers: who typed it, by the name in requests, which nobody can guess."""


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


def connect_typed(
    owner: str, name: str, address: str, *, key: str = "", model: str = "", vocabulary: int = 0
) -> str:
    """Make a server known that a reader typed, until it is forgotten.

    Args:
        owner: the reader; nobody else may ask it.
        name: for people.
        address: as in ``connect``, and so the others.
        key: of the server.
        model: which of its models.
        vocabulary: how many tokens it knows.

    Returns:
        The name for requests: ``name`` and letters that nobody can guess.

    Raises:
        InputError: as ``connect``; among readers only listed addresses are allowed.
    """
    name = " ".join(name.split())[:LONGEST_NAME] or "my server"
    said = settings()
    if said.mode != "local" and not said.server_addresses:
        raise InputError("This server's administrator allows no addresses that readers type.")
    check_address(address)
    handle = f"{name} #{secrets.token_hex(8)}"
    _typed[handle] = owner, Connection(name, _whole(address), key, model, vocabulary)
    return handle


def forget(handle: str) -> None:
    """Let go of a server that a reader typed, with its key."""
    _typed.pop(handle, None)


def check_owner(name: str, owner: str) -> None:
    """Refuse a server that another reader typed, as if there were none.

    Raises:
        InputError: it is not one of this reader's.
    """
    if name in _typed and _typed[name][0] != owner:
        raise _unknown(name)


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
    if name in _typed:
        return _typed[name][1]
    if _BEHIND.search(name):
        raise _unknown(name)
    known = names()
    if not known:
        raise InputError(
            "No server is known here. Connect to one under Options, name it in ENTROSCOPE_SERVERS, "
            "or, in a program, call backend.servers.connect(name, address)."
        )
    name = name or known[0]
    if name in _own:
        return _own[name]
    if name not in settings().servers:
        raise _unknown(name)
    said = settings().servers[name]
    return Connection(
        name, _whole(said.address), said.key.get_secret_value(), said.model, said.vocabulary
    )


def _unknown(name: str) -> InputError:
    known = names()
    name = _BEHIND.sub("", name)
    others = f"; known: {', '.join(known)}" if known else ""
    return InputError(f"There is no server {name!r} in this session{others}. Connect to it again.")


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
