"""Who somebody is who signed in, by what an identity provider says of them.

The middleware checks what the provider said once for each request, and hands the account on to
scripts in a cookie that no browser ever sees: it is sealed with a key of this process.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .settings import settings

Role = Literal["reader", "teacher", "administrator"]
ROLES: tuple[Role, ...] = ("reader", "teacher", "administrator")
"""From the one who may do least to the one who may do most."""

ACCOUNT_COOKIE = "entroscope_account"

_PROCESS = secrets.token_bytes(32)


@dataclass(frozen=True)
class Account:
    """Somebody who signed in.

    Attributes:
        owner: a one-way hash of issuer and subject: the same on every computer.
        role: by the groups they are in.
    """

    owner: str
    role: Role = "reader"


def account_of(claims: Mapping[str, Any]) -> Account | None:
    """Return whose claims these are; None without an issuer and a subject.

    Only both together name a person: a subject is unique at its issuer, and an address of e-mail
    may become another person's.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        return None
    name = json.dumps([issuer, subject]).encode()
    owner = hashlib.sha256(b"entroscope account " + name).hexdigest()[:32]
    return Account(owner, _role(_groups(claims)))


def _role(groups: set[str]) -> Role:
    if groups & set(settings().administrator_groups):
        return "administrator"
    return "teacher" if groups & set(settings().teacher_groups) else "reader"


def _groups(claims: Mapping[str, Any]) -> set[str]:
    """Return the groups of a person: of the claim, or of a path of claims such as "realm.roles"."""
    name = settings().groups_claim
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for each in name.split("."):
            found = found.get(each) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return {found}
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def stronger(roles: Iterable[Role]) -> Role:
    """Return the role of several that may do most."""
    return max(roles, key=ROLES.index)


def sealed(account: Account) -> str:
    """Return what a script reads an account from, as the value of ``ACCOUNT_COOKIE``."""
    content = f"{account.owner}.{account.role}"
    return f"{content}.{_seal(content)}"


def opened(cookies: Mapping[str, str]) -> Account | None:
    """Return the account that the middleware sealed; None where it did not."""
    content, _, seal = cookies.get(ACCOUNT_COOKIE, "").rpartition(".")
    if not hmac.compare_digest(seal.encode(), _seal(content).encode()):
        return None
    owner, _, role = content.partition(".")
    return next((Account(owner, each) for each in ROLES if each == role), None)


def _seal(content: str) -> str:
    return hmac.new(_PROCESS, content.encode(), hashlib.sha256).hexdigest()
