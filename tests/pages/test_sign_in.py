"""What a script shows of signing in: the page before it, and the name in the top bar."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from backend import cached
from backend.readers import NOBODY, Reader
from backend.settings import settings
from components import sign_in


@pytest.fixture
def choose(monkeypatch):
    """Return a function that makes the server a public one; scripts run for nobody there."""

    def choose(how):
        monkeypatch.setenv("ENTROSCOPE_MODE", "public")
        monkeypatch.setenv("ENTROSCOPE_SIGN_IN", how)
        monkeypatch.setattr(cached, "current_reader", lambda: NOBODY)
        settings.cache_clear()

    return choose


@pytest.fixture
def seen_by(monkeypatch):
    """Return a function that returns what somebody with these claims sees in the top bar."""

    def account(reader, **claims):
        monkeypatch.setattr(sign_in.st, "user", SimpleNamespace(to_dict=lambda: claims))
        return sign_in.account(SimpleNamespace(current_reader=lambda: reader))

    return account


@pytest.mark.parametrize("where", ["read/tokens", "keep/library"])
def test_nothing_is_shown_before_where_one_has_to_sign_in(app, choose, where):
    choose("required")
    at = app(where)
    assert [each.label for each in at.button] == ["Sign in"]
    assert "session" not in at.session_state  # no run was opened


def test_everything_is_shown_where_one_may_sign_in(app, choose):
    choose("offered")
    at = app("read/tokens")
    assert "Sign in" not in [each.label for each in at.button]  # the top bar has it
    assert at.session_state["session"].readings


def test_a_local_server_has_no_place_to_sign_in(seen_by):
    assert seen_by(NOBODY) is None


def test_whoever_is_not_signed_in_can(seen_by, choose):
    choose("offered")
    assert seen_by(NOBODY, name="left over") == {"signedIn": False}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Ada", "email": "a@x.test"}, "Ada"),
        ({"name": " ", "preferred_username": "ada"}, "ada"),
        ({"email": "a@x.test"}, "a@x.test"),
        ({"name": 7}, "Account"),
        ({}, "Account"),
        ({"name": "Ada\u202e\x1b[31m\nKing"}, "Ada [31m King"),
        ({"name": "A" * 50}, "A" * 39 + "…"),
    ],
)
def test_a_name_is_one_short_line(seen_by, choose, claims, name):
    choose("offered")
    ada = Reader("id", "owner", "teacher", signed_in=True)
    assert seen_by(ada, **claims) == {"signedIn": True, "name": name, "role": "teacher"}
