"""Files say nats where they hold nats, whatever the screen shows."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
import torch

import backend
from backend.quantities import UNITS
from backend.runs.arrays import array_specs
from backend.storage.csv_file import table_csv
from backend.storage.plain import to_plain
from tests.runs.makers import all_kinds

TEXT = "The quick brown fox jumps over the lazy dog."


def written(table):
    """Return the columns of a table as they come back from its CSV file."""
    rows = list(csv.DictReader(io.StringIO(table_csv(table))))
    return {
        name: np.array([float(row[name]) if row[name] else np.nan for row in rows])
        for name in table
        if name not in ("text", "no_pattern_because")
    }


@pytest.fixture(scope="module")
def nats(tiny_model):
    """Return a text run, and its numbers in nats from the model's own logits."""
    model = tiny_model("gpt2")
    run = backend.study_text(model, TEXT)
    ids = torch.from_numpy(run.token_ids).long()
    with torch.inference_mode():
        log_p = model.torch_model(ids[None]).logits[0, :-1].double().log_softmax(-1)
    entropy = -(log_p.exp() * log_p).sum(-1)
    return run, {
        "entropy": entropy.numpy(),
        "varentropy": (log_p.exp() * (log_p + entropy[:, None]) ** 2).sum(-1).numpy(),
        "surprisal": -log_p.gather(-1, ids[1:, None])[:, 0].numpy(),
    }


def test_json_holds_nats(nats):
    run, expected = nats
    plain = json.loads(json.dumps(to_plain(run), allow_nan=False))
    for name, numbers in expected.items():
        assert plain[name][0] is None
        np.testing.assert_allclose(plain[name][1:], numbers, atol=1e-4)


def test_csv_holds_nats_under_names_that_say_so(nats):
    run, expected = nats
    table = written(run.tables()["tokens"])
    columns = {"entropy": "entropy_nats", "surprisal": "surprisal_nats"}
    for name, column in {**columns, "varentropy": "varentropy_nats2"}.items():
        assert np.isnan(table[column][0])
        np.testing.assert_allclose(table[column][1:], expected[name], atol=1e-4)
    top = written(run.tables()["top"])
    best = top["logprob_nats"][top["place"] == 1]
    np.testing.assert_allclose(best, run.top_logprobs[1:, 0], atol=1e-6)


def test_the_screen_turns_nats_into_bits_and_squares_into_squared_bits(nats):
    run, expected = nats
    for name, power in (("entropy", 1), ("surprisal", 1), ("varentropy", 2)):
        quantity = array_specs(run)[name].quantity
        shown = quantity.shown(getattr(run, name)[1:], "bits")
        np.testing.assert_allclose(shown, expected[name] / math.log(2) ** power, atol=3e-4)
        assert quantity.unit_in("bits") == ("bits" if power == 1 else "bits²")
        assert quantity.shown(getattr(run, name), "nats") is not None
        np.testing.assert_array_equal(
            quantity.shown(getattr(run, name), "nats"), getattr(run, name).astype(np.float64)
        )


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_number_of_every_kind_is_as_stored_in_json_and_switches_only_on_screen(run):
    plain = json.loads(json.dumps(to_plain(run), allow_nan=False))
    for name, spec in array_specs(run).items():
        values = getattr(run, name)
        if spec.quantity is None or not isinstance(values, np.ndarray):
            continue
        stored = np.array(
            [math.nan if each is None else float(each) for each in _flat(plain[name])]
        )
        np.testing.assert_array_equal(stored, values.ravel().astype(np.float64))
        factors = [spec.quantity.factor(unit) for unit in UNITS]
        power = {"nats": 1, "nats²": 2}.get(spec.quantity.unit, 0)
        assert factors[1] / factors[0] == pytest.approx(math.log2(math.e) ** power)


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_column_of_information_says_its_unit(run):
    columns = {column for table in run.tables().values() for column in table}
    for name, spec in array_specs(run).items():
        if spec.quantity is None or not spec.quantity.power:
            continue
        suffix = {"nats": "_nats", "nats²": "_nats2"}[spec.quantity.unit]
        named = {each for each in columns if each.removeprefix("mean_").startswith(name)}
        assert all(each.endswith(suffix) for each in named), named


def _flat(values):
    if not isinstance(values, list):
        return [values]
    return [each for value in values for each in _flat(value)]
