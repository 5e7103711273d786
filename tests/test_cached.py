"""What pages call: shared over sessions, loaded once, refused with a reason."""

from __future__ import annotations

import json
import shutil
import socket

import numpy as np
import pytest
import streamlit as st
from huggingface_hub import constants

from backend import cached
from backend.engine import Engine, LocalExecutor
from backend.errors import EntroscopeError, InputError
from backend.events import Done, Unknown
from backend.lenses import LENSES
from backend.models import load_tokenizer
from backend.models.tokenizer import TextTokenizer
from backend.registry import Registry
from backend.runs import AttentionRequest, ModelSpec, TextRequest, TextRun
from backend.settings import Settings, settings
from tests.engine.fakes import PATIENCE, FakeRequest, Loader, SteeredStudy
from tests.loops import run_loop
from tests.tiny_models import CONTEXT

OTHER = ModelSpec(source="org/other")
TEXT = "She sells sea shells 12345"


@pytest.fixture(autouse=True)
def fresh_caches():
    st.cache_resource.clear()
    settings.cache_clear()
    yield
    st.cache_resource.clear()
    settings.cache_clear()


@pytest.fixture
def fake_engine(monkeypatch, tmp_path):
    loader, studies = Loader(), Registry("study")
    loader.gate.set()
    studies.register("fake")(SteeredStudy())
    limits = Settings(cache_dir=tmp_path / "cache")
    executor = LocalExecutor(limits, loader, studies, lambda model: model.weights)
    engine = Engine(executor, cached.store(), limits)
    monkeypatch.setattr(cached, "engine", lambda: engine)
    monkeypatch.setattr(cached, "_started", [engine])
    yield engine
    engine.close(PATIENCE)


@pytest.fixture
def examples(monkeypatch, tmp_path, fake_engine):
    monkeypatch.setattr(cached, "EXAMPLES", tmp_path)
    facts = fake_engine.call(ModelSpec(), lambda model, report: model.facts).result(PATIENCE)
    zeros = np.zeros(1, np.float32)
    run = TextRun(
        request=TextRequest(text="a", top_k=1), model=facts,
        versions={"entroscope": "0"}, created="", seconds=0.0,
        title="One letter", note="Look.", text="a", tokens=["a"], token_ids=np.zeros(1, np.int32),
        offsets=np.array([[0, 1]], np.int32), groups=np.zeros(1, np.int32),
        special=np.zeros(1, bool), entropy=zeros, varentropy=zeros, surprisal=zeros, rank=zeros + 1,
        top_ids=np.full((1, 1), -1, np.int32), top_logprobs=zeros[None],
        context_lengths=np.zeros(1, np.int32), vocabulary={"0": "a"},
    )  # fmt: skip
    run.save(tmp_path / "text_letter.safetensors")
    run.save(tmp_path.parent / "outside.safetensors")
    return tmp_path


def test_all_sessions_share_one_engine_which_is_closed_with_the_cache():
    engine = cached.engine()
    assert cached.engine() is engine
    st.cache_resource.clear()
    with pytest.raises(EntroscopeError, match="shutting down"):
        engine.submit(TextRequest(text="a"))


def test_a_request_is_submitted_by_its_kind_and_its_run_found_again(fake_engine):
    request = FakeRequest(text="quick")
    run = cached.submit(request).result(PATIENCE)
    assert cached.find_run(request.key) is run
    assert cached.find_run(cached.put_run(run)) is run


def test_a_run_is_found_by_its_content_whoever_made_it(fake_engine, examples):
    request = FakeRequest(text="quick")
    job = cached.submit(request)
    run = job.result(PATIENCE)
    content = cached.content_of(request.key)
    assert content == job.contents["fake"] == cached.put_run(run)
    assert cached.run_of(content) is cached.find_run(content) is run
    assert cached.content_of(content) == content
    assert cached.example_content("text_letter") == cached.put_run(
        cached.example_run("text_letter")
    )


def test_a_saved_run_is_found_under_its_title_of_today(
    fake_engine, examples, monkeypatch, tmp_path
):
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    run_id = cached.library().save(cached.example_run("text_letter"))
    key = cached.saved_key(run_id)
    before = cached.content_of(key)
    assert cached.run_of(before).title == "One letter"
    cached.library().rename(run_id, "Another title")
    assert cached.find_run(key).title == "Another title"
    assert cached.content_of(key) != before  # browsers keep what they were sent under a name
    cached.library().delete([run_id])
    assert cached.find_run(key) is cached.content_of(key) is None


def test_an_uploaded_run_needs_no_engine(examples, monkeypatch):
    run = cached.example_run("text_letter")
    monkeypatch.setattr(cached, "engine", lambda: pytest.fail("an engine was started"))
    monkeypatch.setattr(cached, "_started", [])
    assert cached.run_of(cached.put_run(run)) is run


def test_what_is_kept_is_bounded_in_bytes_however_it_came(fake_engine, examples, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_RESULT_BYTES", "100000")
    settings.cache_clear()
    cached.store.clear()
    for number in range(20):
        cached.store().put(np.full(10_000, number, np.uint8))
        cached.example_run("text_letter")
    assert cached.store()._values.bytes <= 100_000


def test_a_job_is_told_of_and_known_by_what_it_was_asked(fake_engine):
    async def heard(job_id):
        return [each async for each in cached.listen(job_id)]

    job = cached.submit(FakeRequest(text="quick"))
    job.result(PATIENCE)
    assert run_loop(heard(job.id))[-1] == Done(job.contents)
    assert cached.job_request(job.id) == FakeRequest(text="quick")
    assert cached.job_contents(job.id) == job.contents
    assert not cached.stop(job.id)  # it is done
    assert run_loop(heard("0" * 32)) == [Unknown()]


def test_a_job_is_unknown_before_there_is_an_engine(monkeypatch):
    async def heard():
        return [each async for each in cached.listen("0" * 32)]

    monkeypatch.setattr(cached, "engine", lambda: pytest.fail("an engine was started"))
    assert run_loop(heard()) == [Unknown()]
    assert not cached.stop("0" * 32)
    assert cached.job_request("0" * 32) is cached.job_contents("0" * 32) is None


def test_a_time_is_told_once_something_like_it_was_measured(fake_engine):
    assert cached.estimate_seconds(FakeRequest(text="quick")) is None
    cached.submit(FakeRequest(text="quick")).result(PATIENCE)
    assert cached.estimate_seconds(FakeRequest(text="quick other")) > 0


def test_no_time_is_told_of_what_would_be_refused(fake_engine, monkeypatch):
    cached.submit(FakeRequest(text="quick")).result(PATIENCE)
    study = fake_engine._executor._studies["fake"]
    monkeypatch.setattr(study, "estimate", refuse)
    assert cached.estimate_seconds(FakeRequest(text="quick other")) is None


def refuse(model, request):
    raise InputError("too long")


def test_the_browser_gets_a_text_what_its_panels_draw_from_and_arrays(examples, fake_engine):
    content = cached.example_content("text_letter")
    text = cached.parcel(content, "text", {})
    assert text.media_type == "application/octet-stream"
    assert b'"tokens": ["a"]' in text.data
    panel = LENSES["text"].panels[0].name
    assert cached.parcel(content, panel, {}).data
    pattern = cached.store().put(np.eye(2, dtype=np.float32))
    assert b"float32" in cached.parcel(pattern, "array", {}).data
    assert cached.parcel(pattern, "text", {}) is None
    assert cached.parcel("0" * 32, "text", {}) is None
    with pytest.raises(InputError, match="no part 'nothing'"):
        cached.parcel(content, "nothing", {})


def test_a_class_that_opens_one_head_has_it_read_once(tiny_folder, tmp_path, monkeypatch):
    folder = shutil.copytree(tiny_folder("llama"), tmp_path / "model")
    monkeypatch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    cached._pattern.clear()
    request = AttentionRequest(text=TEXT, model=ModelSpec(str(folder)))
    content = cached.put_run(cached.submit(request).result())
    asked = []
    read = cached.submit_pattern

    def count(*args, **options):
        asked.append(args)
        return read(*args, **options)

    monkeypatch.setattr(cached, "submit_pattern", count)
    first = cached.pattern(content, {"layer": "1", "head": "0"})
    assert cached.pattern(content, {"layer": "1", "head": "0"}) == first
    assert len(asked) == 1
    assert cached.pattern(content, {"layer": "0", "head": "0"}) != first
    (folder / "config.json").touch()  # the files of the model changed
    cached.pattern(content, {"layer": "1", "head": "0"})
    assert len(asked) == 3


def test_the_bundled_model_is_loaded_at_the_start_unless_the_server_says_no(
    fake_engine, monkeypatch
):
    monkeypatch.setenv("ENTROSCOPE_PRELOAD", "false")
    settings.cache_clear()
    cached.warm_up()
    assert fake_engine.loaded() == []
    monkeypatch.setenv("ENTROSCOPE_PRELOAD", "true")
    settings.cache_clear()
    cached.warm_up()
    assert cached.submit(FakeRequest(text="quick")).result(PATIENCE)
    assert [facts.name for facts in fake_engine.loaded()] == ["bundled"]


def test_a_tokenizer_that_was_overwritten_is_read_again(tiny_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder("gpt2"), folder)
    spec = ModelSpec(source=str(folder))
    before = cached.count_tokens(spec, TEXT)
    shutil.rmtree(folder)
    shutil.copytree(tiny_folder("llama"), folder)
    expected = cached.count_tokens(ModelSpec(source=str(tiny_folder("llama"))), TEXT)
    assert cached.count_tokens(spec, TEXT) == expected != before


def test_facts_are_known_once_the_model_is_loaded(fake_engine):
    assert cached.model_facts(ModelSpec()) is None
    cached.submit(FakeRequest(text="quick")).result(PATIENCE)
    facts = cached.model_facts(ModelSpec())
    assert facts is not None
    assert facts.name == "bundled"


def test_examples_are_listed_by_title_and_loaded_once(examples):
    request = TextRequest(text="a", top_k=1)
    listed = cached.ExampleInfo("text_letter", "One letter", "text", "Look.", request)
    assert (listed.text, listed.key) == ("a", request.key)
    assert cached.example_names() == [listed]
    run = cached.example_run("text_letter")
    assert run.request == TextRequest(text="a", top_k=1)
    assert cached.example_run("text_letter") is run


@pytest.mark.parametrize("name", ["unknown", "../outside", ""])
def test_only_the_shipped_examples_can_be_loaded(examples, name):
    with pytest.raises(InputError, match="no example named"):
        cached.example_run(name)


def test_a_server_may_offer_more_models_and_refuse_all_others(monkeypatch, fake_engine):
    monkeypatch.setenv("ENTROSCOPE_MODELS", '["org/offered"]')
    monkeypatch.setenv("ENTROSCOPE_ANY_MODEL", "false")
    settings.cache_clear()
    assert [each.spec.source for each in cached.model_choices()] == ["bundled", "org/offered"]
    offered = FakeRequest(text="quick", model=ModelSpec(source="org/offered"))
    assert cached.submit(offered).result(PATIENCE).request == offered
    for use in (
        lambda: cached.submit(FakeRequest(model=OTHER)),
        lambda: cached.count_tokens(OTHER, "a"),
        lambda: cached.context_length(OTHER),
    ):
        with pytest.raises(InputError, match=r"'org/other'\. Choose one of: bundled, org/offered"):
            use()


def test_an_offered_model_comes_in_its_default_revision_only(monkeypatch, fake_engine):
    monkeypatch.setenv("ENTROSCOPE_MODELS", '["org/offered"]')
    monkeypatch.setenv("ENTROSCOPE_ANY_MODEL", "false")
    settings.cache_clear()
    spec = ModelSpec(source="org/offered", revision="evil")
    assert not cached.is_offered(spec)
    with pytest.raises(InputError, match="without a choice of revision"):
        cached.submit(FakeRequest(model=spec))


def test_other_models_may_be_named_by_default(fake_engine):
    job = cached.submit(FakeRequest(text="quick", model=OTHER))
    assert job.result(PATIENCE).model.name == "org/other"


def test_nothing_is_started_to_look_something_up(monkeypatch):
    monkeypatch.setattr(cached, "engine", lambda: pytest.fail("an engine was started"))
    assert cached.find_run("0123456789abcdef") is None
    assert cached.run_of("0" * 32) is None
    assert cached.content_of("0123456789abcdef") is None
    assert cached.estimate_seconds(TextRequest(text="a")) is None
    assert cached.model_facts(ModelSpec()) is None


def test_a_model_that_is_not_here_is_neither_counted_nor_asked_for(monkeypatch, tmp_path):
    def connect(*_):
        pytest.fail("the network was asked")

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(socket.socket, "connect", connect)
    assert cached.count_tokens(OTHER, "some text") is None
    assert cached.context_length(OTHER) is None


def test_the_context_of_a_folder_is_known_before_the_model_is_loaded(tiny_folder):
    spec = ModelSpec(source=str(tiny_folder("llama")))
    assert cached.context_length(spec) == CONTEXT
    assert cached.model_facts(spec) is None


def test_tokens_are_counted_as_they_would_be_sent(tiny_folder):
    spec = ModelSpec(source=str(tiny_folder("gpt2")))
    plain = cached.count_tokens(spec, "<|eos|>")
    assert cached.count_tokens(spec, "<|eos|>", "special") == 1
    assert cached.count_tokens(spec, "<|eos|>", add_bos=True) == plain + 1
    assert cached.count_tokens(spec, "<|eos|>", chat=True) > plain + 3
    assert cached.count_tokens(spec, "a", chat=True, add_bos=True) == (
        cached.count_tokens(spec, "a", chat=True)  # the template begins with it
    )


@pytest.mark.model
def test_the_bundled_model_counts_and_knows_its_limit_without_its_weights():
    assert cached.count_tokens(ModelSpec(), "One two three 456") == 7
    assert cached.context_length(ModelSpec()) == 8192
    assert cached.model_facts(ModelSpec()) is None


def test_a_text_is_counted_once_however_often_somebody_asks(tiny_folder, monkeypatch):
    spec = ModelSpec(source=str(tiny_folder("llama")))
    counted = []
    count = TextTokenizer.count
    monkeypatch.setattr(
        TextTokenizer, "count", lambda self, text, **how: counted.append(text) or count(self, text)
    )
    text = f"{TEXT} once"
    first = [cached.count_tokens(spec, text) for _ in range(3)]
    assert first == [count(load_tokenizer(spec), text)] * 3
    assert counted == [text]


def test_a_text_too_long_to_be_counted_while_it_is_typed_is_not(tiny_folder, monkeypatch):
    monkeypatch.setattr(cached, "count_tokens", None)
    model = {"source": str(tiny_folder("llama"))}
    body = json.dumps({"model": model, "text": "x" * (cached.MOST_COUNTED + 1)}).encode()
    said = cached.count(body)
    assert said == {"words": "1,000,001 characters; at most 1,000,000 are counted beforehand"}
