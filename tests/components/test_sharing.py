"""A run is its reader's until they share it by a link, and again when they take it back."""

from __future__ import annotations

import re

import pytest

from backend.errors import InputError
from backend.lenses import LENSES
from backend.runs import TextRequest
from components import checks, session
from components.actions import ACTIONS
from components.reading import described, reading_of
from tests.runs.makers import text_run

TEXT = LENSES["text"]


pytestmark = pytest.mark.usefixtures("state")


def read(source, run, address=None):
    session.show(reading_of(run, source.put_run(run), address or {"run": run.request.key}))


def told(source):
    made = session.reading(source, TEXT)
    return described(made, TEXT, source, source.run_of(made.contents["text"]))


def test_among_others_a_run_has_to_be_shared_before_a_link_shows_it(source):
    source.is_alone = False
    read(source, text_run())
    assert told(source)["share"]
    assert "study" in told(source)["link"]


def test_alone_a_link_carries_what_fits_and_what_does_not_is_shared(source):
    read(source, text_run())
    assert not told(source)["share"]
    rare = "".join(chr(0x4E00 + i * 7919 % 20000) for i in range(8000))
    read(source, text_run(rare))
    assert told(source)["share"]


def test_a_shipped_example_needs_no_sharing(source):
    source.is_alone = False
    read(source, text_run(), {"example": "text_letter"})
    assert not told(source)["share"]


@pytest.mark.parametrize("alone", [True, False])
def test_sharing_saves_the_run_and_names_it_by_a_random_handle(source, state, alone):
    source.is_alone = alone
    run = text_run()
    read(source, run)
    ACTIONS["share"](source, {"kind": "text"})
    (entry,) = source.library().entries()
    link = told(source)["link"]
    assert re.fullmatch(r"shared-[0-9a-f]{32}", link["run"])
    assert checks.run_key(link["run"]) == link["run"]
    assert source.library().shared(link["run"].removeprefix("shared-"))[0].stem == entry.id
    assert not told(source)["share"]
    assert "whoever has the link can read" in state.notices[-1]["text"]


def test_what_was_shared_is_taken_back(source, state):
    read(source, text_run())
    ACTIONS["share"](source, {"kind": "text"})
    handle = told(source)["link"]["run"].removeprefix("shared-")
    source.is_alone = False
    ACTIONS["unshare"](source, state.notices[-1]["undo"])
    assert source.library().shared(handle) is None
    assert told(source)["share"]


def test_there_is_nothing_to_share_before_something_is_measured(source):
    lens_request = TextRequest(text="Not measured")
    session.show(reading_of(text_run(), "gone", {"run": lens_request.key}))
    with pytest.raises(InputError, match="nothing to share"):
        ACTIONS["share"](source, {"kind": "text"})
