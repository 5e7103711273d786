"""A run file is read number for number, or refused with one clear error."""

from __future__ import annotations

import json
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from safetensors.numpy import load, save

from backend.errors import RunFileError
from backend.storage import files
from backend.storage.files import content_id, dump_run, load_run, parse_run, plain_fields
from backend.storage.migrations import SCHEMA_VERSION
from tests.runs.makers import all_kinds, dataset_run, text_run
from tests.runs.random_runs import any_run

FIXTURES = Path(__file__).parent / "fixtures"
# Kinds that are older than today's schema, with the version of their first files. A new kind starts
# at today's schema and stands here once that is left behind.
FIRST_VERSION = {"attention": 1, "dataset": 1, "divergence": 1, "text": 1, "trajectories": 1}
STORED = [
    (kind, version)
    for kind, first in FIRST_VERSION.items()
    for version in range(first, SCHEMA_VERSION + 1)
]


def rewrite(data: bytes, change) -> bytes:
    """Return the file with ``change(header, arrays)`` applied and everything else kept."""
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["entroscope"])
    arrays = load(data)
    change(header, arrays)
    return save(arrays, metadata={"entroscope": json.dumps(header)})


@given(run=any_run())
@settings(max_examples=200, deadline=None)
def test_a_random_run_of_any_kind_comes_back_from_its_file_unchanged(run):
    run = replace(run, title='"quoted"\n')
    run.check()
    back = parse_run(dump_run(run), "x")
    assert type(back) is type(run)
    assert plain_fields(back) == plain_fields(run)
    assert type(back.request) is type(run.request)
    assert back.request == run.request
    assert back.arrays().keys() == run.arrays().keys()
    for name, array in run.arrays().items():
        assert back.arrays()[name].dtype == array.dtype
        np.testing.assert_array_equal(back.arrays()[name], array)
    assert content_id(back) == content_id(run)


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_kind_of_run_comes_back_from_its_file_unchanged(run):
    run.check()
    back = parse_run(dump_run(run), "x")
    assert type(back) is type(run)
    assert back.request == run.request
    assert content_id(back) == content_id(run)


def test_the_content_id_is_about_numbers_and_request_but_not_about_the_title():
    run = text_run()
    assert content_id(replace(run, title="A name", note="Look")) == content_id(run)
    assert content_id(replace(run, seconds=1.0)) != content_id(run)
    assert content_id(replace(run, entropy=run.entropy + 1)) != content_id(run)


def test_saving_replaces_the_file_whole_and_leaves_nothing_beside_it(tmp_path: Path):
    path = tmp_path / "new" / "run.safetensors"
    text_run(seed=1).save(path)
    text_run(seed=2).save(path)
    assert content_id(load_run(path)) == content_id(text_run(seed=2))
    assert list(path.parent.iterdir()) == [path]


def test_a_run_that_could_not_be_read_again_is_not_written(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(files, "MAX_RUN_BYTES", 1_000)
    with pytest.raises(RunFileError, match="at most 1,000"):
        text_run().save(tmp_path / "run.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(RunFileError, match=r"no run file at .*gone"):
        load_run(tmp_path / "gone")


def test_a_folder_is_no_run(tmp_path: Path):
    with pytest.raises(RunFileError, match="cannot be read"):
        load_run(tmp_path)


def test_a_newer_file_asks_for_an_update():
    def newer(header, arrays):
        header["schema"] = SCHEMA_VERSION + 1

    with pytest.raises(RunFileError, match="newer version"):
        parse_run(rewrite(dump_run(text_run()), newer), "x")


@pytest.mark.parametrize(("kind", "version"), STORED)
def test_a_stored_file_of_every_version_and_kind_still_loads(kind, version):
    path = FIXTURES / f"{kind}_v{version}.safetensors"
    run = load_run(path)
    assert (run.kind, run.title) == (kind, f"An old {kind} run")
    assert run.note == ("" if version == 1 else "Look")
    for name, value in load(path.read_bytes()).items():
        np.testing.assert_array_equal(run.arrays()[name], value)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda fields: fields.update(more=1), id="of the run"),
        pytest.param(lambda fields: fields["request"].update(more=1), id="of the request"),
        pytest.param(lambda fields: fields["request"]["model"].update(more=1), id="of its model"),
        pytest.param(lambda fields: fields["model"].update(more=1), id="of the facts"),
    ],
)
@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_a_field_that_this_version_does_not_know_asks_for_an_update(run, change):
    data = rewrite(dump_run(run), lambda header, arrays: change(header["fields"]))
    with pytest.raises(RunFileError, match=r"newer version of Entroscope; update it.*more"):
        parse_run(data, "x")


def test_an_array_that_this_version_does_not_know_asks_for_an_update():
    data = rewrite(dump_run(text_run()), lambda header, arrays: arrays.update(more=np.zeros(3)))
    with pytest.raises(RunFileError, match=r"newer version of Entroscope; update it.*more"):
        parse_run(data, "x")


def test_half_of_a_character_is_refused_when_a_run_is_written():
    run = dataset_run()
    run = replace(run, request=replace(run.request, texts=("a", "b\ud800", "c")), title="Mine")
    with pytest.raises(RunFileError, match="Mine has text with half of a character"):
        dump_run(run)
    with pytest.raises(RunFileError, match="Mine has a number that is not finite"):
        dump_run(replace(dataset_run(), seconds=float("inf"), title="Mine"))


def set_field(name, value):
    return lambda header, arrays: header["fields"].__setitem__(name, value)


def set_array(name, change):
    return lambda header, arrays: arrays.__setitem__(name, change(arrays[name]))


def set_fact(name, value):
    return lambda header, arrays: header["fields"]["model"].__setitem__(name, value)


def with_number(number, place):
    def change(array):
        array = array.copy()
        array[place] = number
        return array

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda header, arrays: arrays.pop("entropy"), id="an array is missing"),
        pytest.param(set_array("entropy", lambda a: a[:-1]), id="an array is too short"),
        pytest.param(set_array("entropy", lambda a: a[:, None]), id="one axis too many"),
        pytest.param(set_array("entropy", lambda a: a.astype(np.float64)), id="another dtype"),
        pytest.param(set_array("entropy", with_number(np.nan, 1)), id="NaN where a number belongs"),
        pytest.param(set_array("entropy", with_number(np.inf, 1)), id="an infinite entropy"),
        pytest.param(set_array("varentropy", with_number(-1, 1)), id="a negative varentropy"),
        pytest.param(set_array("rank", with_number(0, 1)), id="rank 0"),
        pytest.param(set_array("top_ids", with_number(49_999, (1, 0))), id="a token without text"),
        pytest.param(set_array("offsets", with_number(99_999, (1, 1))), id="offsets outside"),
        pytest.param(set_array("offsets", with_number(-1, (1, 0))), id="a negative offset"),
        pytest.param(set_array("groups", with_number(-5, -1)), id="groups that go back"),
        pytest.param(set_array("token_ids", with_number(-5, -1)), id="a negative token"),
        pytest.param(set_field("tokens", []), id="no tokens"),
        pytest.param(set_field("tokens", "text"), id="tokens that are no list"),
        pytest.param(set_field("model", {}), id="no facts of the model"),
        pytest.param(set_field("seconds", "long"), id="no number"),
        pytest.param(set_field("seconds", float("nan")), id="NaN in the header"),
        pytest.param(set_field("seconds", -1), id="a negative time"),
        pytest.param(set_field("versions", {}), id="no version of Entroscope"),
        pytest.param(set_field("text", "\ud800"), id="half of a character"),
        pytest.param(set_fact("vocab_size", 0), id="a model without a vocabulary"),
        pytest.param(set_fact("parameters", -1), id="a negative size"),
        pytest.param(set_fact("memory_bytes", 10**400), id="a size of 400 digits"),
        pytest.param(
            lambda header, arrays: header["fields"]["vocabulary"].update(x="x"),
            id="a token id that is no number",
        ),
        pytest.param(set_array("top_ids", with_number(3, (0, 0))), id="a prediction of the first"),
        pytest.param(set_array("top_logprobs", with_number(9, (1, 0))), id="a probability of 8103"),
        pytest.param(set_field("entropy", [1.0]), id="an array in the header"),
        pytest.param(
            lambda header, arrays: header.update(kind="picture"), id="a kind nobody knows"
        ),
        pytest.param(lambda header, arrays: header.update(kind=[]), id="a kind that is no name"),
        pytest.param(lambda header, arrays: header.update(schema="2"), id="a version in words"),
        pytest.param(lambda header, arrays: header.update(schema=True), id="version True"),
        pytest.param(lambda header, arrays: header.update(schema=-1), id="a negative version"),
        pytest.param(lambda header, arrays: header.pop("fields"), id="no fields"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(change):
    with pytest.raises(RunFileError, match="not an Entroscope run, or it is damaged"):
        parse_run(rewrite(dump_run(text_run()), change), "x")


def test_a_number_beyond_all_floats_is_refused():
    data = dump_run(replace(text_run(), seconds=123456.0))
    with pytest.raises(RunFileError, match="damaged"):
        parse_run(data.replace(b"123456.0", b"1234e999"), "x")


def raw(header: str | bytes, body: bytes = b"") -> bytes:
    header = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(header)) + header + body


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04K\x01.", id="a pickle"),
        pytest.param(b"\xff" * 64, id="a header of 16 exabytes"),
        pytest.param(raw("[" * 100_000), id="JSON nested 100,000 deep"),
        pytest.param(raw('{"__metadata__":{}}'), id="no metadata"),
        pytest.param(raw("[]"), id="a list"),
        pytest.param(raw(b'{"\xff": 1}'), id="no UTF-8"),
        pytest.param(raw('{"__metadata__":' + '{"a":' * 5_000), id="cut off in the depth"),
        pytest.param(
            raw(json.dumps({"__metadata__": {"entroscope": "[" * 100_000}})), id="deep metadata"
        ),
        pytest.param(
            raw(
                '{"__metadata__":{"entroscope":"{}"},'
                '"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}'
            ),
            id="an array of 4 terabytes that is not there",
        ),
        pytest.param(
            raw(
                '{"__metadata__":{"entroscope":"{}"},'
                '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
                '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
                bytes(4),
            ),
            id="two arrays of one name",
        ),
        pytest.param(
            raw(
                json.dumps(
                    {
                        f"a{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
                        for i in range(2_000)
                    }
                )
            ),
            id="thousands of arrays",
        ),
    ],
)
def test_a_hostile_file_is_refused_in_little_memory(data):
    tracemalloc.start()
    try:
        with pytest.raises(RunFileError, match="damaged"):
            parse_run(data, "x")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_file_over_the_limit_is_not_read_at_all(tmp_path: Path):
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.truncate(2_000_000_000)  # sparse: takes no disk
    with pytest.raises(RunFileError, match=r"2,000,000,000 bytes; a run file has at most"):
        load_run(path)
