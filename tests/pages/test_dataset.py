"""The Data-set page without a browser."""

from __future__ import annotations

from backend import cached
from backend.storage.files import load_run
from tests.runs.makers import dataset_run


def words(at) -> str:
    shown = [*at.info, *at.warning, *at.error, *at.caption]
    return "\n".join(each.value for each in shown)


def test_the_example_is_a_table_without_any_model(app):
    at = app("dataset")
    run = load_run(cached.EXAMPLES / "dataset_sentences.safetensors")
    frame = at.dataframe[0].value
    assert list(frame["text"]) == [" ".join(text.split()) for text in run.request.texts]
    assert list(frame["perplexity"]) == list(run.perplexity)
    assert cached.engine().loaded() == []


def test_a_text_that_could_not_be_read_says_why_in_its_row(app):
    at = app("dataset", dataset_run=cached.put_run(dataset_run()))
    frame = at.dataframe[0].value
    assert list(frame["problem"]) == ["", "", "There is no text."]
    assert list(frame["row"]) == [1, 2, 3]


def test_entropy_follows_the_unit(app):
    frame = app("dataset", unit="bits").dataframe[0].value
    nats = cached.example_run("dataset_sentences").mean_entropy
    assert abs(frame["mean entropy (bits)"][0] * 0.693147 - nats[0]) < 1e-4  # float32


def test_nothing_can_be_measured_without_texts(app):
    at = app("dataset")
    next(each for each in at.button if each.key == "dataset:measure").click()
    at.run()
    assert "choose a file" in at.info[0].value
    assert not at.error
