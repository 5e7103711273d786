"""What lenses of one text share, and what they do not: a server's lens has no model of its own."""

from __future__ import annotations

from dataclasses import replace

from backend.lenses import LENSES
from backend.runs import ModelSpec, TextRequest
from backend.runs.intervals import IntervalsRequest
from backend.runs.model import NO_MODEL
from components.reading import described, needs_more, new_reading
from tests.components.fake_source import FakeSource
from tests.runs.declared_runs import declared_run
from tests.runs.makers import text_run

TEXT = "The capital of France is Paris."
MODEL = ModelSpec("owner/name")


def test_a_lens_that_reads_no_model_is_given_the_text_and_not_the_model():
    reading = new_reading(LENSES["text"], TextRequest(model=MODEL, text=TEXT, top_k=3), None)
    request = reading.request(LENSES["intervals"])
    assert request == IntervalsRequest(text=TEXT)
    assert request.model == NO_MODEL


def test_what_a_lens_without_a_model_was_asked_is_read_by_others_with_the_readers_own():
    reading = new_reading(LENSES["intervals"], IntervalsRequest(text=TEXT, server="lab"), None)
    assert reading.request(LENSES["text"]) == TextRequest(text=TEXT)
    before = new_reading(LENSES["text"], TextRequest(model=MODEL, text="before"), None)
    after = new_reading(LENSES["intervals"], IntervalsRequest(text=TEXT), before)
    assert after.request(LENSES["text"]) == TextRequest(model=MODEL, text=TEXT)


def test_a_lens_without_a_model_is_asked_alone_and_keeps_its_server_for_the_next_text():
    assert needs_more(LENSES["intervals"])
    before = new_reading(LENSES["intervals"], IntervalsRequest(text=TEXT, server="lab"), None)
    after = new_reading(LENSES["text"], TextRequest(text="next"), before)
    assert after.request(LENSES["intervals"]) == IntervalsRequest(text="next", server="lab")


def test_what_a_server_wrote_has_other_tokens_than_the_text_that_it_answers(tmp_path):
    source = FakeSource(tmp_path)
    read = replace(text_run(TEXT), request=TextRequest(text=TEXT))
    wrote = declared_run("intervals")
    made = new_reading(LENSES["text"], read.request, None)
    contents = {"text": source.put_run(read), "intervals": source.put_run(wrote)}
    lens = LENSES["intervals"]
    cuts = described(replace(made, contents=contents), lens, source, wrote)["cuts"]
    assert cuts["text"] != cuts["intervals"]
    same = replace(wrote, tokens=read.tokens)
    contents["intervals"] = source.put_run(same)
    cuts = described(replace(made, contents=contents), lens, source, same)["cuts"]
    assert cuts["text"] == cuts["intervals"]
