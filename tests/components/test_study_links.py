"""A link to a study shows what it would do, and waits for a click."""

from __future__ import annotations

import pytest

from backend.lenses import LENSES
from backend.runs import ModelSpec, TextRequest
from backend.runs.trajectories import TrajectoryRequest, plans
from backend.storage.permalink import encode
from backend.storage.subject import subject
from components import address, session
from components.actions import ACTIONS
from components.menu import page_of
from components.reading import described

REQUESTS = [
    TextRequest(text="She sells sea shells.", model=ModelSpec("a/model", "main")),
    TrajectoryRequest(prompt="She sells", samplers=plans(["greedy"]), steps=200),
]


pytestmark = pytest.mark.usefixtures("state")


def follow(source, request):
    """Open the link, and return what the browser is told."""
    lens = LENSES[request.kind]
    address.read(source, page_of(request.kind), {"study": encode(request)})
    return described(session.reading(source, lens), lens, source, None)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.kind)
def test_opening_it_asks_for_nothing(source, request_):
    follow(source, request_)
    assert source.asked == []
    assert session.job() is None


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.kind)
def test_it_shows_the_text_the_model_and_the_time(source, request_):
    told = follow(source, request_)
    assert told["text"] == subject(request_)
    assert told["model"].startswith(f"{request_.model.source}@")
    assert told["offers"] == {request_.kind: 4.0}
    assert told["address"]["study"] == encode(request_)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.kind)
def test_a_click_asks_for_exactly_what_the_link_says(source, request_):
    follow(source, request_)
    ACTIONS["measure"](source, {"kind": request_.kind, "fields": {}})
    assert source.asked == [request_]
