"""Every chart of a text run compiles and can be exported as a picture, without a browser."""

from dataclasses import replace

import numpy as np
import pytest

from backend.derived import spans
from components import token_panel, token_table
from components.charts import candidates, cumulative, curve, gap_walk, histogram, scatter
from components.metrics import MEASURES, PIECE_MEASURES, piece_metrics, text_metrics
from components.picture import render
from components.plain import escape_markdown, token_label
from components.playground_math import distribution, figures
from tests.runs.makers import text_run

RUN = text_run(curve=True)
LONG = text_run()
METRICS = {metric.key: metric for metric in text_metrics(RUN, "nats")}
ENTROPY = METRICS["entropy"]

CHARTS = {
    "curve": (curve.curve_chart(RUN, "nats"), curve.curve_data(RUN, "nats", 3, 2)),
    "walk": (gap_walk.walk_chart(RUN, "nats"), gap_walk.walk_data(RUN, "nats", None)),
    "scatter": (scatter.scatter_chart("nats", (7, 14, 14)), scatter.scatter_data(RUN, "nats", 3)),
    "histogram": (
        histogram.histogram_chart("entropy (nats)"),
        histogram.histogram_data(ENTROPY.values, ENTROPY.low, ENTROPY.high),
    ),
    "candidates": (candidates.candidates_chart(), candidates.candidates_data(RUN, 3)),
    "cumulative": (
        cumulative.cumulative_chart(RUN.model.vocab_size),
        cumulative.cumulative_data(RUN, 3),
    ),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_exported_as_a_picture_with_marks(name):
    chart, data = CHARTS[name]
    assert render(chart, data, "png").startswith(b"\x89PNG")
    svg = render(chart, data, "svg").decode()
    assert 'role="graphics-symbol"' in svg or 'aria-roledescription="' in svg


def test_the_bars_hold_the_whole_distribution_and_the_token_that_came():
    bars = candidates.candidates_data(RUN, 3)["bars"]
    assert bars["percent"].sum() == pytest.approx(100, abs=1e-3)
    assert (bars["kind"] == candidates.READ).sum() == 1


@pytest.mark.parametrize("token", range(1, 6))
def test_the_cumulative_curve_rises_to_all(token):
    points = cumulative.cumulative_data(RUN, token)["points"]
    assert (np.diff(points["rank"]) > 0).all()
    assert (np.diff(points["percent"]) >= -1e-3).all()


def test_a_run_without_curves_has_no_cumulative_chart():
    with pytest.raises(ValueError, match="without curves"):
        cumulative.cumulative_data(text_run(), 3)


def test_the_histogram_counts_every_scored_token_even_beyond_its_axis():
    bars = histogram.histogram_data(np.array([np.nan, -1.0, 0.5, 99.0]), 0, 7)["bars"]
    assert bars["tokens"].sum() == 3


def test_an_infinite_surprisal_counts_in_the_last_bar_and_has_no_mean():
    data = histogram.histogram_data(np.array([np.nan, 0.5, np.inf]), 0, 7)
    assert data["bars"]["tokens"].iloc[-1] == 1
    assert data["bars"]["tokens"].sum() == 2
    assert data["mean"]["mean"].isna().all()


def test_an_infinite_number_is_written_as_such():
    metric = replace(METRICS["surprisal"], values=np.full(len(RUN), np.inf))
    assert token_panel._written(metric, 2, RUN) == "∞ nats"
    assert token_panel._written(replace(metric, values=-metric.values), 2, RUN) == "−∞ nats"


@pytest.mark.parametrize("name", ["curve", "walk", "scatter"])
def test_data_of_a_chart_hold_the_tokens_as_they_are(name):
    tokens = [f" {'long' * 30}\n{i}" for i in range(len(LONG))]
    run = replace(LONG, tokens=tokens)
    data = {
        "curve": lambda: curve.curve_data(run, "nats", 3, None),
        "walk": lambda: gap_walk.walk_data(run, "nats", None),
        "scatter": lambda: scatter.scatter_data(run, "nats", None),
    }[name]()["points"]
    assert data["text"].tolist() == [tokens[i] for i in data["token"]]
    assert data["label"].iloc[-1] == f"{len(run) - 1} {token_label(tokens[-1], 200)}"


def test_the_bars_hold_the_tokens_as_they_are():
    run = replace(RUN, vocabulary={key: f"\t{key}" + "x" * 40 for key in RUN.vocabulary})
    bars = candidates.candidates_data(run, 3)["bars"]
    assert bars["text"].iloc[0] == run.vocabulary[str(run.top_ids[3, 0])]
    assert bars["name"].iloc[0].endswith("x" * 40)


def test_tables_hold_the_tokens_as_they_are_and_every_number():
    frame = token_table.table_frame(RUN, list(METRICS.values()))
    assert frame["text"].tolist() == RUN.tokens
    assert frame["Entropy (nats)"].iloc[1] == RUN.entropy[1]
    pieces = spans.split(RUN, "word")
    words = token_table.piece_frame(pieces, piece_metrics(RUN, pieces, "nats", "word"))
    assert words["text"].tolist() == pieces.texts
    assert words["tokens"].sum() == len(RUN)
    assert words["first token"].tolist() == [
        int(np.flatnonzero(pieces.of_token == each)[0]) for each in range(len(pieces))
    ]


def test_bits_colour_a_token_exactly_as_nats_do():
    bits = {metric.key: metric for metric in text_metrics(RUN, "bits")}
    for key, metric in METRICS.items():
        if metric.scale != "rank":
            share = (metric.values - metric.low) / (metric.high - metric.low)
            other = (bits[key].values - bits[key].low) / (bits[key].high - bits[key].low)
            assert share == pytest.approx(other, nan_ok=True), key


def test_every_measure_names_its_unit_range_and_meaning():
    assert list(METRICS) == list(MEASURES)
    pieces = spans.split(RUN, "word")
    words = piece_metrics(RUN, pieces, "nats", "word")
    assert tuple(metric.key for metric in words) == PIECE_MEASURES
    assert all(metric.formula and metric.source for metric in [*METRICS.values(), *words])
    for metric in METRICS.values():
        assert metric.low < metric.high
        assert metric.help.endswith(".")


def test_an_automatic_range_spans_the_values_of_the_run():
    metric = text_metrics(RUN, "nats", automatic=True)[0]
    assert metric.low == pytest.approx(np.nanmin(RUN.entropy))
    assert metric.high == pytest.approx(np.nanmax(RUN.entropy))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" the", "·the"),
        ("", "∅"),
        ("\n\t", "\\n\\t"),
        ("\u202e", "U+202E"),
        ("x" * 99, "x" * 23 + "…"),
    ],
)
def test_a_token_is_visible_in_tables(text, shown):
    assert token_label(text) == shown


def test_markdown_of_others_is_escaped():
    assert escape_markdown(":red[*x*] $y$ <b>") == r"\:red\[\*x\*\] \$y\$ \<b\>"


def test_a_fair_choice_of_four_has_two_bits_and_no_varentropy():
    found = figures(np.full(4, 0.25))
    assert found.entropy == pytest.approx(np.log(4))
    assert found.effective_choices == pytest.approx(4)
    assert found.varentropy == pytest.approx(0, abs=1e-12)
    assert found.divergence_from_uniform == pytest.approx(0, abs=1e-12)


def test_zero_weights_stay_zero_at_every_temperature():
    assert distribution(np.array([3.0, 1.0, 0.0]), 0.5) == pytest.approx([0.9, 0.1, 0])
