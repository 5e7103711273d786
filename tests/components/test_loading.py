"""What the first picture of a page needs is fetched in one go, named by the page's own document."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend.web.documents import document_routes
from components.document import documents
from components.menu import all_pages
from components.modules import BROWSER, modules_of

MADE = {"colours.js"}  # by the server
PAGES = {each.path: each for each in all_pages()}


def test_what_a_module_imports_is_named_with_it():
    named = modules_of(PAGES["tokens"])
    assert {"frame.js", "dom.js", "head/edit.js", "views/strip.js", "views/card.js"} <= set(named)
    assert len(named) == len(set(named))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_named_that_is_not_there(path):
    named = modules_of(PAGES[path])
    assert {each for each in named if not (BROWSER / each).is_file()} <= MADE


def test_a_page_names_its_own_views_and_no_others():
    assert "views/heads.js" in modules_of(PAGES["attention"])
    assert "views/heads.js" not in modules_of(PAGES["tokens"])


def test_documents_are_streamlits_with_our_modules_in_their_head():
    client = TestClient(Starlette(routes=document_routes(documents("v1"), "lab")))
    answer = client.get("/lab/attention")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/html")
    head = answer.text.partition("</head>")[0]
    assert 'href="./assets/v1/views/heads.js"' in head
    assert re.search(r'modulepreload" href="\./static/js/BidiComponent\.\w+\.js"', head)
    assert re.search(r'src="\./static/js/index\.\w+\.js"', head)
    assert client.head("/lab/attention").status_code == 200


def test_older_addresses_have_the_same_document():
    made = documents("v1")
    for page in all_pages():
        assert {made[each] for each in page.formerly} <= {made[page.path]}
