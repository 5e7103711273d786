"""A public server at which people sign in, with an identity provider beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import ROOT, Server
from tests.e2e.frame import Frame

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:get_jwt_config"),  # of the provider's own code
]

PLACE = "tokens?example=text_fact&token=9"
PEOPLE = (
    User(sub="ada", claims={"name": "Ada Lovelace", "groups": ["staff"]}),
    User(sub="bob", claims={"name": "<b>Bob</b>"}),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at which one may sign in."""
    folder: Path = tmp_path_factory.mktemp("public")
    secrets = folder / "secrets.toml"
    with run_server_in_thread(user_claims=PEOPLE) as provider, pytest.MonkeyPatch.context() as env:
        where = f"http://127.0.0.1:{provider.server_port}"
        secrets.write_text(
            "[auth]\n"
            'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            f'cookie_secret = "{"0123456789abcdef" * 2}"\n'
            'client_id = "entroscope"\nclient_secret = "x"\n'
            f'server_metadata_url = "{where}/.well-known/openid-configuration"\n'
        )
        for name, value in {
            "ENTROSCOPE_MODE": "public",
            "ENTROSCOPE_SIGN_IN": "offered",
            "ENTROSCOPE_TEACHER_GROUPS": '["staff"]',
            "ENTROSCOPE_DATA_DIR": str(folder / "data"),
            "STREAMLIT_SERVER_ALLOWED_HOSTS": "127.0.0.1 public.test",
        }.items():
            env.setenv(name, value)
        server = Server(ROOT / "app.py", folder / "log.txt", {"secrets.files": str(secrets)})
        yield server
        server.stop()


@pytest.fixture
def come(server: Server, new_context: Callable[..., BrowserContext]) -> Callable[..., Frame]:
    """Return a function that opens the app on another computer, and signs somebody in there."""

    def open_app(who: str = "") -> Frame:
        frame = Frame(new_context().new_page(), server.url).goto(PLACE)
        if who:
            frame.button("Sign in").click()
            # The provider's own page; a style of another host is none of ours.
            frame.page.get_by_role("button", name=who, exact=True).click()
            expect(frame.page.locator(".topbar .person")).to_be_visible()
        return frame

    return open_app


def person(frame: Frame):
    return frame.page.locator(".topbar .person")


def saved(page: Page, server: Server) -> list[str]:
    """Return what a route of ours tells this browser of its library."""
    return [each["title"] for each in page.request.get(f"{server.url}/saved").json()]


def test_a_person_has_their_library_on_every_computer_and_nobody_else_has_it(
    come, server, nothing_went_wrong
):
    ada = come("ada")
    nothing_went_wrong.over(ada.page.context)
    again = Frame(ada.page.context.new_page(), server.url).goto(PLACE)
    again.button("Save", exact=True).click()
    again.page.get_by_label("Name", exact=True).fill("Of Ada")
    again.button("Save to the library").click()
    expect(again.notice.filter(has_text="Saved to the library")).to_be_visible()

    assert saved(again.page, server) == ["Of Ada"]
    assert saved(come("ada").page, server) == ["Of Ada"]
    assert saved(come("bob").page, server) == []
    assert saved(come().page, server) == []


def test_signing_in_comes_back_to_the_same_place_and_signing_out_leaves_nothing(come, server):
    ada = come("ada")
    expect(ada.page).to_have_url(re.compile(r"/tokens\?example=text_fact&token=9"))
    secrets = {each["name"]: each["value"] for each in ada.page.context.cookies()}
    person(ada).click()
    expect(ada.page.locator(".menu")).to_contain_text("Signed in as a teacher")

    ada.item("Sign out").click()
    ada.page.get_by_role("button", name="End session").click()
    expect(ada.button("Sign in")).to_be_visible()
    cookies = {each["name"]: each["value"] for each in ada.page.context.cookies()}
    assert "_streamlit_user" not in cookies
    assert cookies["entroscope_reader"] != secrets["entroscope_reader"]
    assert saved(ada.page, server) == []


def test_a_name_is_text(come):
    expect(person(come("bob"))).to_have_text("<b>Bob</b> ▾")
