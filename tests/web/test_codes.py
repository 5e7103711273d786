"""Links as QR codes."""

from __future__ import annotations

import re

import pytest
import segno
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend.web.codes import LONGEST, code_routes


@pytest.fixture
def client():
    return TestClient(Starlette(routes=code_routes("here")))


def dark_squares(picture: str) -> set[tuple[int, int]]:
    """Read the path of the picture: runs of squares in rows, moves between them."""
    found, x, y = set(), 0.0, 0.0
    (path,) = re.findall(r'stroke[^>]* d="([^"]*)"', picture)
    for kind, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        given = [float(each) for each in re.findall(r"-?\d*\.?\d+", numbers)]
        if kind == "h":
            found |= {(int(x) + i, int(y)) for i in range(int(given[0]))}
            x += given[0]
        else:
            x, y = (given[0], given[1]) if kind == "M" else (x + given[0], y + given[1])
    return found


def test_the_picture_has_the_dark_squares_of_the_code_and_a_margin_of_four(client):
    link = "http://lab.local:8501/tokens?example=text_fact&token=18"
    answer = client.get("/here/qr.svg", params={"text": link})
    assert answer.headers["content-type"] == "image/svg+xml"
    wanted = {
        (column + 4, row + 4)
        for row, line in enumerate(segno.make(link, micro=False).matrix)
        for column, dark in enumerate(line)
        if dark
    }
    assert dark_squares(answer.text) == wanted


@pytest.mark.parametrize(("text", "status"), [("", 400), ("x" * (LONGEST + 1), 413)])
def test_nothing_and_too_much_are_refused_in_one_line(client, text, status):
    answer = client.get("/here/qr.svg", params={"text": text})
    assert answer.status_code == status
    assert len(answer.text.splitlines()) == 1


def test_what_stands_in_a_link_is_no_markup(client):
    answer = client.get("/here/qr.svg", params={"text": "</svg><script>alert(1)</script>"})
    assert "script" not in answer.text
