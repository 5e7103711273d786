"""Texts come out of the three kinds of file, or the reader hears what is wrong and where."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from backend.errors import InputError, OverBudgetError
from backend.storage.texts_file import (
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    fields_of,
    read_texts,
    read_texts_file,
)


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.txt", "one\n\n  two \r\nthree", ("one", "  two ", "three")),
        ("a.TXT", "\ufeffé", ("é",)),
        ("a.jsonl", '"one"\n\n{"text": "two\\nlines", "label": 1}\n', ("one", "two\nlines")),
        ("a.csv", 'label,text\n1,"one, two"\n2,"line\nbreak"\n', ("one, two", "line\nbreak")),
        (
            "a.txt",
            "one\u2028still\x0bone\x85and\rone\r\ntwo",
            ("one\u2028still\x0bone\x85and\rone", "two"),
        ),
        ("a.csv", "text\n" + "x" * 200_000, ("x" * 200_000,)),
        ("a.csv", "just\none column\n", ("just", "one column")),
        ("a.csv", "text\r\none\r\n", ("one",)),
    ],
)
def test_texts_come_out_as_they_are(name, content, texts):
    assert read_texts(content.encode(), name) == texts


def test_the_field_can_be_named():
    assert read_texts(b'{"body": "x"}', "a.jsonl", "body") == ("x",)
    assert read_texts(b"id,body\n1,x\n", "a.csv", "body") == ("x",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"\xff\xfe", r"not UTF-8 text \(byte 0\)"),
        ("a.txt", b" \n", "no texts"),
        ("a.csv", b"", "no texts"),
        ("a.pdf", b"x", r"no \.txt, \.jsonl or \.csv file"),
        ("a.jsonl", b'"x"\n{bad}\n', "Line 2 of a.jsonl is not JSON"),
        ("a.jsonl", b"[" * 100_000, "Line 1 of a.jsonl is not JSON"),
        ("a.jsonl", b'{"body": "x"}', "has no text under 'text'"),
        ("a.jsonl", b'"x"\n{"text": "a\\ud800"}', "Line 2 of a.jsonl has half of a .* position 1"),
        ("a.jsonl", b"3", "has no text under 'text'"),
        ("a.csv", b"id,body\n1,x\n", "no column 'text'; it has 'id', 'body'"),
        ("a.csv", b"id,text\n1,x\n2\n", "Row 3 of a.csv has too few columns"),
        ("a.csv", b'text\n"open', "not a CSV table"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(name, content, message):
    with pytest.raises(InputError, match=message):
        read_texts(content, name)


def test_too_much_is_refused_with_both_numbers():
    for name, content in (("a.txt", b"x\n"), ("a.jsonl", b'"x"\n'), ("a.csv", b"x\n")):
        with pytest.raises(OverBudgetError, match="more than 10,000 rows"):
            read_texts(content * 10_001, name)
    with pytest.raises(OverBudgetError, match=r"20,000,000 bytes; at most 16,000,000"):
        read_texts(b"x" * 20_000_000, "a.txt")


def test_rows_beyond_the_limit_are_not_read():
    read_texts(b"warm\n", "a.txt")
    for name in ("a.txt", "a.jsonl", "a.csv"):
        data = b'"x"\n' * (MAX_FILE_BYTES // 4)
        tracemalloc.start()
        try:
            with pytest.raises(OverBudgetError):
                read_texts(data, name)
            # The text itself, and the reader's copy of it at four bytes a character.
            assert tracemalloc.get_traced_memory()[1] < 6 * MAX_FILE_BYTES
        finally:
            tracemalloc.stop()


def test_a_file_that_is_too_large_is_not_opened(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: takes no disk
    with pytest.raises(OverBudgetError, match=r"1,000,000,000,000 bytes; at most 16,000,000"):
        read_texts_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"Cannot read .*gone.txt: No such file"):
        read_texts_file(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    "head", [b"x," * 2_750_000, b'"a\n' + b"x" * 5_500_000 + b'",b', b'"\n",' * 50_000]
)
def test_names_of_columns_without_end_are_refused_before_they_are_parsed(head):
    tracemalloc.start()
    with pytest.raises(OverBudgetError, match=r"first row of a\.csv has more than 100,000 char"):
        read_texts(head + b"\n1,2\n", "a.csv")
    assert fields_of(head + b"\n1,2\n", "a.csv") == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(head) + 2_000_000  # the decoded text, and not a list of its columns


def test_a_row_of_more_columns_than_a_table_may_have_is_refused():
    with pytest.raises(OverBudgetError, match="more than 1,000 columns"):
        read_texts(b"text,b\n" + b"x," * 5_000, "a.csv")


def test_of_an_object_of_many_texts_only_so_many_fields_are_offered():
    line = json.dumps({f"field {i}": "x" for i in range(5_000)}).encode()
    assert len(fields_of(line, "a.jsonl")) == MAX_COLUMNS


def test_a_refusal_lists_only_the_first_of_many_columns():
    head = ",".join(f"column {i}" for i in range(900)).encode()
    with pytest.raises(InputError, match="and 880 more"):
        read_texts(head + b"\n", "a.csv")
