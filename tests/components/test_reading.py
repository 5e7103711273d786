"""What lenses of one text share, and what they do not: a server's lens has no model of its own."""

from __future__ import annotations

from backend.lenses import LENSES
from backend.runs import ModelSpec, TextRequest
from backend.runs.intervals import IntervalsRequest
from backend.runs.model import NO_MODEL
from components.reading import needs_more, new_reading

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
