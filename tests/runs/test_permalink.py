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

from backend.errors import InputError
from backend.runs import (
    AttentionRequest,
    DivergenceRequest,
    ModelSpec,
    Origin,
    SamplerSpec,
    TextRequest,
    TrajectoryRequest,
)
from backend.storage.permalink import MAX_CODE, VERSION, decode, encode, exact_request
from tests.runs.makers import divergence_run, text_run
from tests.runs.random_runs import any_run


@given(run=any_run())
@settings(max_examples=200, deadline=None)
def test_a_request_of_any_kind_comes_back_from_its_code(run):
    code = encode(run.request)
    assert code is not None
    assert set(code) <= set(string.ascii_letters + string.digits + "-_")
    assert decode(code) == run.request
    assert type(decode(code)) is type(run.request)


def test_nested_parts_of_a_request_come_back_as_what_they_were():
    request = TrajectoryRequest(
        prompt="Once",
        samplers=((SamplerSpec("top_k", {"k": 5}), SamplerSpec("top_p", {"p": 1.0})),),
        seeds=(2**63, 1),
        stop=("\n",),
        prefix_ids=(1, 2),
        origin=Origin("0123456789abcdef", 0, 1, 2),
        compare=True,
    )
    back = decode(encode(request) or "")
    assert back == request
    assert repr(back) == repr(request)  # 5 stays whole and 1.0 a fraction, which == cannot tell
    assert back.key == request.key


@pytest.mark.parametrize("character", ["x", "é", "漢", "🙂"])
def test_whatever_is_encoded_can_be_decoded(character):
    for length in (50_000, 70_000, 199_000, 250_000):
        request = TextRequest(text=character * length)
        code = encode(request)
        assert code is None or decode(code) == request


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


def test_a_link_does_not_ask_for_the_device_of_another_machine():
    assert exact_request(text_run(spec=ModelSpec(device="cuda:1"))).model.device == "auto"


def test_a_link_asks_for_the_second_model_that_was_really_used():
    run = divergence_run()
    run = replace(
        run,
        request=replace(run.request, other=ModelSpec("org/b", None, "cuda", "auto")),
        other_model=replace(run.other_model, revision="def456", dtype="bfloat16"),
    )
    request = exact_request(run)
    assert isinstance(request, DivergenceRequest)
    assert request.other == ModelSpec("org/b", "def456", "auto", "bfloat16")


def test_a_link_of_a_newer_version_asks_for_an_update():
    with pytest.raises(InputError, match="newer version of Entroscope; update"):
        decode(pack([VERSION + 1, "text", {"text": "x"}, "more"]))


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
        pytest.param(pack([1, "text", {"text": "x"}])[:-6], id="cut off"),
        pytest.param(pack(bytes(4_000_000)), id="a bomb"),
        pytest.param(pack(b"[" * 100_000), id="nested deep"),
        pytest.param(pack([]), id="nothing in it"),
        pytest.param(pack([1, "text", []]), id="no fields"),
        pytest.param(pack([1, "picture", {}]), id="a kind nobody knows"),
        pytest.param(pack([1, ["text"], {}]), id="a kind that is no name"),
        pytest.param(pack([1, "text", {}]), id="no text"),
        pytest.param(pack([1, "text", {"text": ["x"]}]), id="a text that is no text"),
        pytest.param(
            pack([1, "text", {"text": "x", "special_tokens": "all"}]), id="no such choice"
        ),
        pytest.param(
            pack([1, "text", {"text": "x", "model": "bundled"}]), id="a model in one word"
        ),
        pytest.param(pack(["text", {"text": "x"}]), id="no version"),
        pytest.param(pack([True, "text", {"text": "x"}]), id="version True"),
        pytest.param(pack([1, "text", {"text": "x", "more": 1}]), id="a field nobody knows"),
        pytest.param(pack([1, "text", {"text": "x", "model": {"more": 1}}]), id="one of the model"),
        pytest.param(pack([1, "text", {"text": "\ud800"}]), id="half of a character"),
        pytest.param(pack([1, "text", {"text": "x", "top_k": 2**80}]), id="a huge number"),
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


def test_a_link_from_before_a_field_was_there_asks_for_its_default():
    # As before attention could be measured in two ways.
    fields = {"model": {}, "text": "old"}
    plain = json.dumps([1, "attention", fields], separators=(",", ":")).encode()
    code = base64.urlsafe_b64encode(zlib.compress(plain, 9)).rstrip(b"=").decode()
    assert decode(code) == AttentionRequest(text="old", method="exact")
