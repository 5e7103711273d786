"""The runs that a class followed last, in files."""

from __future__ import annotations

import os

import pytest

from backend.classroom.followed_runs import MOST, FollowedRuns
from backend.errors import LibraryError
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

RUN = load_run(EXAMPLES / "text_fact.safetensors")


@pytest.fixture
def kept(tmp_path):
    return FollowedRuns(tmp_path / "class")


def test_a_run_is_found_by_its_content_by_another_server_too(kept, tmp_path):
    kept.keep("a" * 32, RUN)
    other = FollowedRuns(tmp_path / "class")
    assert other.holds("a" * 32)
    assert other.find("a" * 32).tokens == RUN.tokens


def test_only_the_last_ones_are_kept(kept, tmp_path):
    names = [f"{i:032x}" for i in range(MOST + 2)]
    for at, each in enumerate(names):
        kept.keep(each, RUN)
        os.utime(tmp_path / "class" / f"{each}.safetensors", (at, at))
    assert [kept.holds(each) for each in names] == [False] * 2 + [True] * MOST


@pytest.mark.parametrize("name", ["", "../" + "a" * 29, "A" * 32, "a" * 31], ids=str)
def test_what_is_no_content_is_found_nowhere(kept, name):
    assert kept.find(name) is None
    assert not kept.holds(name)


def test_a_folder_that_cannot_be_written_costs_one_line(tmp_path):
    (tmp_path / "class").write_text("a file in the place of the folder")
    with pytest.raises(LibraryError) as error:
        FollowedRuns(tmp_path / "class").keep("a" * 32, RUN)
    assert len(str(error.value).splitlines()) == 1
