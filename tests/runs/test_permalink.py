"""A link reproduces a study exactly, and a hostile one does nothing but fail."""

from __future__ import annotations

import base64
import json
import random
import string
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InputError
from backend.runs import ModelSpec, TextRequest
from backend.runs.permalink import MAX_CODE, decode, encode, exact_request
from tests.runs.makers import text_run


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    top_k=st.integers(1, 50),
    add_bos=st.booleans(),
    special=st.sampled_from(["text", "special"]),
    overlap=st.none() | st.integers(1, 99),
    dtype=st.sampled_from(["auto", "bfloat16"]),
    revision=st.none() | st.just("main"),
)
@settings(max_examples=60, deadline=None)
def test_a_request_comes_back_from_its_code(
    text, top_k, add_bos, special, overlap, dtype, revision
):
    request = TextRequest(
        model=ModelSpec("org/name", revision, "cpu", dtype),
        text=text,
        top_k=top_k,
        add_bos=add_bos,
        special_tokens=special,
        window_overlap=overlap,
    )
    code = encode(request)
    assert set(code) <= set(string.ascii_letters + string.digits + "-_")
    assert decode(code) == request


def test_a_page_of_text_fits_into_a_link():
    dice = random.Random(1)
    words = " ".join("".join(dice.choices("etaoinshr", k=5)) for _ in range(500))
    assert len(encode(TextRequest(text=words))) < MAX_CODE


def test_a_text_that_does_not_fit_has_no_code():
    noise = "".join(random.Random(1).choices(string.printable, k=8_000))
    assert encode(TextRequest(text=noise)) is None
    assert encode(TextRequest(text="a" * 300_000)) is None


def test_a_link_asks_for_the_model_that_was_really_used():
    run = text_run()
    run = replace(run, model=replace(run.model, revision="abc123", dtype="bfloat16"))
    assert exact_request(run).model == ModelSpec("bundled", "abc123", "auto", "bfloat16")


def pack(value) -> str:
    plain = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="empty"),
        pytest.param("%%%", id="foreign characters"),
        pytest.param("AAAA", id="not deflated"),
        pytest.param("é", id="not ASCII"),
        pytest.param("A" * (MAX_CODE + 1), id="too long"),
        pytest.param(pack(["text", {"text": "x"}])[:-6], id="cut off"),
        pytest.param(pack(bytes(4_000_000)), id="a bomb"),
        pytest.param(pack(b"[" * 100_000), id="nested deep"),
        pytest.param(pack([]), id="nothing in it"),
        pytest.param(pack(["text", []]), id="no fields"),
        pytest.param(pack(["picture", {}]), id="a kind nobody knows"),
        pytest.param(pack([["text"], {}]), id="a kind that is no name"),
        pytest.param(pack(["text", {}]), id="no text"),
        pytest.param(pack(["text", {"text": ["x"]}]), id="a text that is no text"),
        pytest.param(pack(["text", {"text": "x", "special_tokens": "all"}]), id="no such choice"),
        pytest.param(pack(["text", {"text": "x", "model": "bundled"}]), id="a model in one word"),
    ],
)
def test_a_hostile_code_is_refused_in_little_memory(code):
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="The link cannot be read"):
            decode(code)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_1000_mutated_codes_give_a_request_or_one_clear_error():
    dice = random.Random(3)
    code = encode(TextRequest(text="The capital of France is Paris."))
    for _ in range(1_000):
        changed = list(code)
        for _ in range(dice.randint(1, 3)):
            changed[dice.randrange(len(changed))] = dice.choice(string.printable)
        try:
            assert isinstance(decode("".join(changed)), TextRequest)
        except InputError:
            continue
