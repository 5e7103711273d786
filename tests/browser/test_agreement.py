"""The browser's sums are Python's: units, ranges, shares, ticks, spans, windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.charts import scales
from backend.derived import DERIVED, quantity_of, series
from backend.lenses.panels.base import plain_quantity
from backend.measures.scaling import fit_power_law
from backend.quantities import UNITS, Quantity
from backend.runs.arrays import array_specs
from backend.runs.base import RUN_KINDS
from tests.browser.parts import run

CALLS = """async ([module, name, calls]) => {
    const part = await import(`/assets/dev/${module}.js`);
    const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
    const array = (values) => Float32Array.from(values, (each) => each ?? NaN);
    const given = (value) => (value?.array ? array(value.array) : value);
    return calls.map((values) => plain(part[name](...values.map(given))));
}"""


def declared() -> list[Quantity]:
    stored = [spec.quantity for kind in RUN_KINDS for spec in array_specs(RUN_KINDS[kind]).values()]
    made = [each.quantity for kind in DERIVED.values() for each in kind.values()]
    return list(dict.fromkeys(each for each in [*stored, *made] if each is not None))


@pytest.fixture
def calls(page, serving):
    """Return a function that calls a function of a module with each list of values."""
    page.goto(serving.url)
    return lambda module, name, values: page.evaluate(CALLS, [module, name, values])


@pytest.fixture
def call(calls):
    return lambda module, name, *values: calls(module, name, [list(values)])[0]


EVERY = [(quantity, unit) for quantity in declared() for unit in UNITS]


def test_factor_unit_and_range_agree_for_every_quantity(calls):
    asked = [[plain_quantity(quantity), unit] for quantity, unit in EVERY]
    found = (calls("numbers", name, asked) for name in ("factor", "unitIn", "range"))
    for (quantity, unit), factor, name, ends in zip(EVERY, *found, strict=True):
        assert factor == pytest.approx(quantity.factor(unit))
        assert name == quantity.unit_in(unit)
        low, high = quantity.range_in(unit)
        if quantity.scale == "diverging":
            low, high = -max(-low, high), max(-low, high)
        assert ends == pytest.approx([low, high])


def test_shares_agree_for_every_quantity(calls):
    random = np.random.default_rng(1)
    every = declared()
    ends = calls("numbers", "range", [[plain_quantity(each), "nats"] for each in every])
    for quantity, end in zip(every, ends, strict=True):
        plain, factor = plain_quantity(quantity), quantity.factor("nats")
        values = random.uniform(quantity.low, quantity.high * 1.2, 20)
        expected = scales.share(quantity, values, quantity.low, quantity.high)
        found = calls("numbers", "share", [[each * factor, plain, end] for each in values.tolist()])
        assert found == pytest.approx(expected.tolist(), abs=1e-9), quantity.name


def test_ticks_agree_for_every_quantity(calls):
    ends = [(q.low * q.factor(unit), q.high * q.factor(unit)) for q, unit in EVERY]
    asked = [[plain_quantity(each), end] for (each, _), end in zip(EVERY, ends, strict=True)]
    for (quantity, unit), found in zip(EVERY, calls("numbers", "ticks", asked), strict=True):
        expected = scales.ticks(quantity, unit, quantity.low, quantity.high)
        assert found == pytest.approx(expected), quantity.name


def test_means_of_windows_agree(call):
    entropy = run("text_fact").entropy
    for width in (1, 2, 7):
        expected = series.window_mean(entropy, width)
        values = {"array": [None if np.isnan(each) else float(each) for each in entropy]}
        found = call("numbers", "windowMean", values, width)
        assert np.array(found, float) == pytest.approx(expected, nan_ok=True, rel=1e-5)


def test_numbers_are_written_for_people(call):
    entropy = plain_quantity(quantity_of(run("text_fact"), "entropy"))
    cases = {
        0.004: "<0.01",
        -0.004: ">−0.01",
        -1e-9: "0",
        1.234: "1.23",
        10470.82: "10,471",
        -2.5: "−2.50",
    }
    for value, text in cases.items():
        assert call("numbers", "written", value, entropy, "nats") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"),
        (0.004, "<0.01 %"),
        (0.31, "0.31 %"),
        (6.72, "6.7 %"),
        (61.2, "61 %"),
        (99.95, ">99.9 %"),
        (100, "100 %"),
    ],
)
def test_shares_are_written_with_two_digits_or_three(call, value, text):
    assert call("words", "percent", value).replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("place", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (262, "262nd"), (1204, "1,204th")],
)
def test_places_are_written_as_ordinals(call, place, text):
    assert call("words", "ordinal", place) == text


def test_the_law_through_points_is_that_of_python(call):
    sizes = [98.0, 180, 344, 672, 1328, 2640, 5264]
    for losses in (
        [2.102, 1.802, 1.625, 1.476, 1.353, 1.256, 1.186],
        [2.1, 1.8, 1.6, 1.5, 1.4, 1.2, 1.7],  # one dragged away
        [2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03],  # no floor
    ):
        law = fit_power_law(torch.tensor(sizes), torch.tensor(losses))
        points = [{"size": n, "loss": loss} for n, loss in zip(sizes, losses, strict=True)]
        found = call("views/power_law", "fitPowerLaw", points)
        for name in ("floor", "scale", "exponent", "error"):
            assert found[name] == pytest.approx(getattr(law, name), rel=1e-4, abs=1e-6), name
