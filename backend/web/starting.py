"""What is checked before a server serves others, and the line that says how it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any

from ..errors import InputError
from ..readers import teacher_key
from ..settings import settings

_AUTH = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_SECRET_LENGTH = 32


def check_start(listens_on: str | None, allowed_hosts: Sequence[str]) -> None:
    """Refuse a mode that nobody could reach.

    Args:
        listens_on: ``server.address``; empty for every interface.
        allowed_hosts: ``server.allowedHosts``; empty for any.

    Raises:
        InputError: with the names of the variables to set.
    """
    mode, wrong = settings().mode, []
    if mode == "class" and _loopback(listens_on or ""):
        wrong.append(
            f"it listens on {listens_on} only: set STREAMLIT_SERVER_ADDRESS, such as to 0.0.0.0"
        )
    if mode != "local" and allowed_hosts and all(map(_loopback, allowed_hosts)):
        wrong.append(
            "it allows no other host: set STREAMLIT_SERVER_ALLOWED_HOSTS to the name or address "
            "that readers type"
        )
    if wrong:
        raise InputError(f"ENTROSCOPE_MODE={mode} cannot start: {'; and '.join(wrong)}.")


def check_sign_in(section: Callable[[], Mapping[str, Any]]) -> None:
    """Refuse a server at which people could not sign in as its settings say.

    Args:
        section: returns ``[auth]`` of Streamlit's file of secrets.

    Raises:
        InputError: with what is missing.
    """
    choice, mode = settings().sign_in, settings().mode
    if choice == "none":
        return
    start = f"ENTROSCOPE_SIGN_IN={choice} cannot start:"
    if mode != "public":
        raise InputError(f"{start} it is for ENTROSCOPE_MODE=public, and this one is {mode}.")
    given = section()
    missing = [each for each in _AUTH if not given.get(each)]
    if missing:
        raise InputError(f"{start} [auth] in .streamlit/secrets.toml lacks {', '.join(missing)}.")
    if len(str(given["cookie_secret"])) < _SECRET_LENGTH:
        raise InputError(
            f"{start} cookie_secret has {len(str(given['cookie_secret']))} characters, and needs "
            f"{_SECRET_LENGTH} random ones."
        )
    if not str(given["redirect_uri"]).endswith("/oauth2callback"):
        raise InputError(f"{start} redirect_uri must end with /oauth2callback.")
    if find_spec("authlib") is None:
        raise InputError(f"{start} Authlib is not installed; see requirements.txt.")


def starting_line(listens_on: str | None, port: int | None, prefix: str = "") -> str:
    """Return the line of the log that says whom this server serves, and where."""
    mode, key = settings().mode, settings().teacher_key
    host = listens_on or "0.0.0.0"  # noqa: S104
    path = f"/{prefix.strip('/')}".rstrip("/")
    where = settings().address or f"http://{host}:{port}{path}"
    teach = ""
    if mode == "class":
        said = "ENTROSCOPE_TEACHER_KEY" if key else teacher_key()
        teach = f"; the teacher opens {where}/teach with the key {said}"
    return f"Entroscope: mode {mode}, at {where}{teach}"


def _loopback(host: str) -> bool:
    name = host.strip().strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
