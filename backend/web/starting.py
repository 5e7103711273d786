"""What is checked before a server serves others, and the line that says how it serves."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from ..errors import InputError
from ..readers import teacher_key
from ..settings import settings


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
