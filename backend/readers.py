"""Who a reader is: a browser that holds a secret, or an account, and what it may do.

The secret lives in a cookie. Its one-way hash, the ``owner``, is the only name that is written to
the disk; the ``id`` is another one, of this process alone, for lists that an administrator sees.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from .accounts import Role, opened, stronger
from .settings import settings

COOKIE = "entroscope_reader"
ROLE_COOKIE = "entroscope_role"

_SECRET = re.compile(r"[0-9a-f]{32}")
_PROCESS = secrets.token_bytes(32)
_MOST_ENDED = 10_000
_ended: OrderedDict[str, None] = OrderedDict()


@dataclass(frozen=True)
class Reader:
    """Somebody who reads here.

    Attributes:
        id: a name for lists, which changes with every start of the server.
        owner: a one-way hash of the reader's secret, or of their account; empty for the one
            reader of a local server.
        role: what they may do.
        signed_in: whether it is an account, which is the same on every computer.
    """

    id: str
    owner: str
    role: Role = "reader"
    signed_in: bool = False

    @property
    def teaches(self) -> bool:
        """Whether they may ask a class, and share with it."""
        return self.role in ("teacher", "administrator")

    @property
    def administers(self) -> bool:
        """Whether they may see and stop what others do."""
        return self.role == "administrator"


LOCAL = Reader("local", "", "administrator")
"""The one person whom a local server serves."""

NOBODY = Reader("nobody", "nobody")
"""Who asks where no request and no session says who: owns nothing and was given nothing."""

current: ContextVar[Reader | None] = ContextVar("reader", default=None)
"""Who sent the request that is being answered; the middleware sets it."""


def new_secret() -> str:
    """Return a secret for a new reader: 128 random bits."""
    return secrets.token_hex(16)


def secret_of(cookies: Mapping[str, str]) -> str | None:
    """Return the reader's secret; None where there is none that we could have given."""
    found = cookies.get(COOKIE, "")
    return found if _SECRET.fullmatch(found) else None


def reader_of_cookies(cookies: Mapping[str, str]) -> Reader:
    """Return who holds these cookies; ``NOBODY`` without a secret, ``LOCAL`` in local mode."""
    if settings().mode == "local":
        return LOCAL
    secret = secret_of(cookies)
    if secret is None:
        return NOBODY
    if secret in _ended:
        stranger = f"ended {secret}"
        return Reader(_shown(stranger), owner_of(stranger))
    proof = cookies.get(ROLE_COOKIE, "")
    key = teacher_key()
    teaches = bool(key) and hmac.compare_digest(proof.encode(), role_proof(secret).encode())
    role: Role = "administrator" if teaches else "reader"
    account = opened(cookies)
    if account is None:
        return Reader(_shown(secret), owner_of(secret), role)
    role = stronger((role, account.role))
    return Reader(_shown(account.owner), account.owner, role, signed_in=True)


def end(secret: str) -> None:
    """Let nobody be the reader of a secret any more: not even a page that is open still.

    A page keeps the cookies of the moment it was opened; from now on it is a stranger's, who has
    nothing. Remembered while the process lives, and so as long as any such page can; the oldest of
    many are forgotten.
    """
    _ended[secret] = None
    while len(_ended) > _MOST_ENDED:
        _ended.popitem(last=False)


def _shown(name: str) -> str:
    return hmac.new(_PROCESS, name.encode(), hashlib.sha256).hexdigest()[:12]


def owner_of(secret: str) -> str:
    """Return the one-way hash of a secret."""
    return hashlib.sha256(b"entroscope owner " + secret.encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _made_key() -> str:
    return secrets.token_urlsafe(12)


def teacher_key() -> str:
    """Return what makes a browser the teacher's; empty where nobody can become one.

    A class has one in any case: without ``ENTROSCOPE_TEACHER_KEY`` it is made at the start.
    """
    given = settings().teacher_key
    return given or (_made_key() if settings().mode == "class" else "")


def is_teacher_key(said: str) -> bool:
    """Tell whether somebody said the teacher's key, in the same time whatever they said."""
    key = teacher_key()
    return bool(key) and hmac.compare_digest(said.encode(), key.encode())


def role_proof(secret: str) -> str:
    """Return what shows, beside a reader's secret, that they once said the teacher's key.

    It holds for this reader only, survives a restart with the same key, and ends with the key.
    """
    content = b"entroscope role " + secret.encode()
    return hmac.new(teacher_key().encode(), content, hashlib.sha256).hexdigest()
