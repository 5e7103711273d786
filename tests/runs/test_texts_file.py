"""Texts come out of the three kinds of file, or the reader hears what is wrong and where."""

from __future__ import annotations

import pytest

from backend.errors import InputError, OverBudgetError
from backend.runs.texts_file import read_texts


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.txt", "one\n\n  two \r\nthree", ("one", "  two ", "three")),
        ("a.TXT", "\ufeffé", ("é",)),
        ("a.jsonl", '"one"\n\n{"text": "two\\nlines", "label": 1}\n', ("one", "two\nlines")),
        ("a.csv", 'label,text\n1,"one, two"\n2,"line\nbreak"\n', ("one, two", "line\nbreak")),
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
    with pytest.raises(OverBudgetError, match=r"10,001 rows; a data set has at most 10,000"):
        read_texts(b"x\n" * 10_001, "a.txt")
    with pytest.raises(OverBudgetError, match=r"20,000,000 bytes; at most 16,000,000"):
        read_texts(b"x" * 20_000_000, "a.txt")
