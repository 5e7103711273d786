"""The Attention page without a browser: what it shows for which run, and how controls change it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from backend import cached
from backend.derived.heads import entropy_floor, flag_heads, mean_over, typical_head
from backend.runs import AttentionRun
from components.attention.curve import curve_about, curve_lines
from components.attention.depth import flags_data
from components.attention.numbers import Options
from components.attention.pattern import Wanted
from components.plain import escape_markdown

EXAMPLE = "attention_repeated"


def example(name: str = EXAMPLE) -> AttentionRun:
    run = cached.example_run(name)
    assert isinstance(run, AttentionRun)
    return run


def control(name: str) -> str:
    """Key of the widget of a control nobody has renewed."""
    return f"choose:attention.{name}:0"


def metrics(at) -> dict[str, str]:
    return {each.label: each.value for each in at.metric}


def captions(at) -> str:
    return "\n".join(each.value for each in at.caption)


def panel(at) -> dict[str, str]:
    table = at.table[0].value
    return dict(zip(table["number"], table["value"], strict=True))


def test_an_example_is_shown_without_any_model(app):
    at = app("attention")
    assert metrics(at)["Tokens"] == str(len(example()))
    assert at.get_by_key("attention:strip") is not None
    assert cached.engine().loaded() == []


def test_an_example_is_chosen_by_name(app):
    at = app("attention", attention_example="attention_code")
    assert metrics(at)["Tokens"] == str(len(example("attention_code")))


def test_a_run_no_longer_in_memory_is_explained(app):
    at = app("attention", attention_run="0123456789abcdef")
    assert "no longer remembers it" in at.info[0].value
    assert metrics(at)["Tokens"] == str(len(example()))


@pytest.mark.parametrize("head", ["3.5", "L3.H5"])
def test_the_head_of_the_address_is_shown(app, head):
    run = example()
    at = app("attention", head=head)
    assert at.query_params["head"] == "3.5"
    assert any(each.value == "**L3.H5**" for each in at.markdown)
    entropy = mean_over(run.entropy)[3, 5]
    assert panel(at)["Mean entropy (nats)"] == f"{entropy:.3f}"


@pytest.mark.parametrize("head", ["99.0", "0.99", "<img>", "-1.0"])
def test_a_head_the_model_does_not_have_gives_another(app, head):
    layer, number = typical_head(example(), "previous")
    at = app("attention", head=head)
    assert any(each.value == f"**L{layer}.H{number}**" for each in at.markdown)


def test_figures_follow_the_unit(app):
    mean = float(np.nanmean(example().entropy))
    assert metrics(app("attention"))["Mean entropy (nats)"] == f"{mean:.2f}"
    in_bits = metrics(app("attention", unit="bits"))["Mean entropy (bits)"]
    assert in_bits == f"{mean / np.log(2):.2f}"


def test_the_share_of_the_maximum_replaces_the_unit(app):
    at = app("attention", head="3.5")
    at.toggle(key=control("share")).set_value(True).run()
    assert "Mean entropy (share of maximum)" in panel(at)
    assert 0 < float(panel(at)["Mean entropy (share of maximum)"]) < 1


def test_hiding_the_first_token_raises_the_entropy_of_a_resting_head(app):
    layer, head = typical_head(example("attention_fact"), "sink")
    at = app("attention", attention_example="attention_fact", head=f"{layer + 1}.{head}")
    before = float(panel(at)["Mean entropy (nats)"])
    at.toggle(key=control("hide_first")).set_value(True).run()
    assert float(panel(at)["Mean entropy without the first token (nats)"]) > before


def test_thresholds_decide_how_many_heads_are_flagged(app):
    at = app("attention")
    before = int(metrics(at)["▲ Overload"].split()[0])
    at.slider(key=control("upper")).set_value(0.5).run()
    assert int(metrics(at)["▲ Overload"].split()[0]) > before


def test_means_are_taken_over_the_chosen_tokens(app):
    run = example()
    at = app("attention", head="3.5")
    at.slider(key=control(f"positions-{len(run)}")).set_value((40, 60)).run()
    expected = mean_over(run.entropy[..., 40:61])[3, 5]
    assert panel(at)["Mean entropy (nats)"] == f"{expected:.3f}"


def beginning(run: AttentionRun, length: int) -> AttentionRun:
    """The first tokens of a run, as a run of its own."""
    cut = {
        name: array[..., :length]
        for name, array in run.arrays().items()
        if array.shape[-1:] == (len(run),)
    }
    cut |= {"offsets": run.offsets[:length], "tokens": run.tokens[:length]}
    return dataclasses.replace(run, **cut, text="".join(run.tokens[:length]))


def test_the_figures_of_the_text_are_taken_over_the_chosen_tokens_too(app):
    run = example()
    at = app("attention")
    at.slider(key=control(f"positions-{len(run)}")).set_value((40, 60)).run()
    assert metrics(at)["Mean entropy (nats)"] == f"{run.entropy[..., 40:61].mean():.2f}"


def test_a_single_token_has_no_share_of_a_maximum(app, recwarn):
    at = app("attention", attention_run=cached.put_run(beginning(example(), 1)))
    assert metrics(at)["Share of maximum"] == "–"
    assert panel(at)["Lowest entropy (nats)"] == "–"
    assert not [each for each in recwarn if each.category is RuntimeWarning]


def test_the_lowest_entropy_stands_beside_the_bound_of_the_same_row(app):
    run = example()
    at = app("attention", head="3.5")
    query = 1 + int(run.entropy[3, 5, 1:].argmin())
    assert panel(at)["Lowest entropy (nats)"] == f"{run.entropy[3, 5, query]:.3f}"
    label = f"… at token {query}, whose scores allow at least"
    assert panel(at)[label] == f"{entropy_floor(run)[3, 5, query]:.3f}"


def test_what_is_left_out_is_named(app):
    at = app("attention", head="3.5")
    at.toggle(key=control("hide_first")).set_value(True).run()
    assert "Mean entropy without the first token (nats)" in panel(at)
    assert "Lowest entropy, first token included (nats)" in panel(at)


def test_a_sigma_that_is_not_defined_says_why(app):
    run = example()
    assert "σ is not defined" not in captions(app("attention"))
    norms = np.full_like(run.spectral_norm, np.nan)
    plain = dataclasses.replace(run, spectral_norm=norms)
    at = app("attention", attention_run=cached.put_run(plain))
    assert "normalise queries and keys" in captions(at)


def test_the_range_of_the_colours_and_what_leaves_it_is_said(app):
    run = example()
    assert "Colours: 0 to 6 (nats)" in captions(app("attention"))
    assert "lie above" not in captions(app("attention"))
    wide = dataclasses.replace(run, entropy=run.entropy.copy())
    wide.entropy[2, 3] = 9
    at = app("attention", attention_run=cached.put_run(wide))
    assert f"1 of {run.model.layers * run.model.heads} heads lie above" in captions(at)


def test_a_link_brings_the_controls_of_the_view(app):
    run = example()
    at = app(
        "attention",
        head="3.5",
        **{"attention.hide_first": "on", f"attention.positions-{len(run)}": "40,60"},
    )
    assert "Mean entropy without the first token (nats)" in panel(at)
    assert "Means over the tokens 40 to 60 as queries." in captions(at)


def test_a_control_that_is_used_stands_in_the_address(app):
    at = app("attention")
    at.toggle(key=control("ordered")).set_value(True).run()
    at.slider(key=control("upper")).set_value(0.6).run()
    assert at.query_params["attention.ordered"] == "on"
    assert at.query_params["attention.upper"] == "0.6"


def test_the_flags_of_every_layer_are_counted_by_the_thresholds():
    run = example()
    few, many = (
        flags_data(flag_heads(run, upper=upper))["bars"].query("flag == '▲ overload'")
        for upper in (0.75, 0.5)
    )
    expected = flag_heads(run).overload.sum(1)
    assert few["heads"].tolist() == few["height"].tolist() == expected.tolist()
    assert many["heads"].sum() > few["heads"].sum()
    down = flags_data(flag_heads(run, lower=0.45))["bars"].query("flag == '▼ collapse'")
    assert down["height"].sum() == -flag_heads(run, lower=0.45).collapse.sum() < 0


def test_the_second_head_of_a_comparison_gives_way_when_it_becomes_the_first(app):
    at = app("attention", head="3.5", **{"attention.tab": "compare", "attention.second": "7,1"})
    assert "**L7.H1**" in [each.value for each in at.markdown]
    at.query_params["head"] = "7.1"
    at.run()
    assert not at.exception
    assert "Compare L7.H1 with" in [each.label for each in at.selectbox]


def tab(at, name: str) -> None:
    at.query_params["attention.tab"] = name
    at.run()
    assert not at.exception


def test_the_pattern_says_what_it_needs_before_a_model_is_loaded(app):
    at = app("attention")
    tab(at, "pattern")
    assert "not loaded yet" in captions(at)
    assert any(each.label.startswith("Compute the pattern") for each in at.button)


def test_the_map_at_a_token_wants_a_pin(app):
    at = app("attention")
    tab(at, "token")
    assert "Pin a token" in captions(at)


def test_two_heads_are_compared_side_by_side(app):
    at = app("attention", head="3.5")
    tab(at, "compare")
    at.selectbox(key=control("second")).set_value((7, 1)).run()
    names = [each.value for each in at.markdown]
    assert names.count("**L3.H5**") == 2
    assert "**L7.H1**" in names


@pytest.mark.parametrize("kind", ["previous", "induction", "sink", "itself", "uniform"])
def test_a_lesson_names_the_clearest_head_of_its_kind(app, kind):
    layer, head = typical_head(example(), kind)
    at = app("attention")
    tab(at, "kinds")
    assert at.button(key=f"lesson:{kind}").label == f"Show L{layer}.H{head}"


def test_the_induction_head_of_the_bundled_model_is_one(app):
    run = example()
    layer, head = typical_head(run, "induction")
    # From the second round on, most of its weight follows the repetition.
    assert run.induction_mass[layer, head, 20:].mean() > 0.6
    assert run.entropy[layer, head, 40:].mean() < run.max_entropy[layer, 40:].mean() / 3


def test_two_heads_of_unlike_windows_have_a_maximum_each(app):
    run = example()
    highest = run.max_entropy.copy()
    highest[7] = np.minimum(highest[7], np.log(8))
    entropy = np.minimum(run.entropy, highest[:, None])
    mixed = dataclasses.replace(run, max_entropy=highest, entropy=entropy)
    options = Options(
        "nats", False, False, 0, len(run), False, False, "observed", upper=0.75, lower=0.05
    )
    lines = {each.name: each for each in curve_lines(mixed, [(3, 5), (7, 1)], options)}
    assert list(lines) == ["L3.H5", "L7.H1", "maximum of L3.H5", "maximum of L7.H1"]
    np.testing.assert_array_equal(lines["maximum of L7.H1"].values, highest[7])
    alike = [each.name for each in curve_lines(run, [(3, 5), (7, 1)], options)]
    assert alike == ["L3.H5", "L7.H1", "maximum"]


def test_the_words_of_the_curve_name_what_is_drawn(app):
    run = example()
    options = Options(
        "nats", False, False, 0, len(run), False, False, "observed", upper=0.75, lower=0.05
    )
    single = curve_lines(run, [(3, 5)], options)
    assert [each.name for each in single] == ["L3.H5", "maximum", "least the scores allow"]
    assert len({(each.colour, each.dash) for each in single}) == 3
    assert "lower bound" in curve_about(single, options).definition
    hidden = dataclasses.replace(options, hide_first=True)
    rest = curve_lines(run, [(3, 5)], hidden)
    assert [each.name for each in rest] == ["L3.H5", "maximum"]
    assert "lower bound" not in curve_about(rest, hidden).definition
    assert (rest[0].values[1:] <= rest[1].values[1:] + 1e-3).all()


def computed(at, run: AttentionRun, weights: np.ndarray) -> None:
    """Let the page have this pattern of L3.H5 already."""
    part = Wanted(run.request.key, 3, 5)
    at.session_state["attention:patterns"] = {part: weights}
    tab(at, "pattern")


def with_rows_of(run: AttentionRun, weights: np.ndarray) -> AttentionRun:
    """The run with the entropy of these weights at L3.H5."""
    entropy = run.entropy.copy()
    entropy[3, 5] = -(weights * np.log(np.where(weights > 0, weights, 1))).sum(1)
    return dataclasses.replace(run, entropy=entropy)


def test_a_pattern_is_drawn_without_a_word_when_its_rows_have_the_entropy_of_the_run(app):
    run = example()
    weights = np.tri(len(run), dtype=np.float32) / np.arange(1, len(run) + 1)[:, None]
    same = with_rows_of(run, weights)
    at = app("attention", attention_run=cached.put_run(same), head="3.5")
    computed(at, same, weights)
    assert not at.warning
    assert any(each.value == "**Pattern of L3.H5**" for each in at.markdown)


def test_a_pattern_of_other_weights_is_drawn_with_a_warning(app):
    run = example()
    weights = np.eye(len(run), dtype=np.float32)
    other = with_rows_of(run, weights)
    other.entropy[3, 5, 7] = 0.5
    at = app("attention", attention_run=cached.put_run(other), head="3.5")
    computed(at, other, weights)
    assert "differs by up to 0.50 nats" in at.warning[0].value
    assert any(each.value == "**Pattern of L3.H5**" for each in at.markdown)


def test_a_pattern_of_other_tokens_is_not_drawn(app):
    run = example()
    at = app("attention", head="3.5")
    computed(at, run, np.eye(len(run) + 1, dtype=np.float32))
    assert "reads the text as other tokens" in at.warning[0].value
    assert not any(each.value == "**Pattern of L3.H5**" for each in at.markdown)


def test_a_layer_without_a_pattern_gives_its_reason(app):
    run = example()
    entropy, highest = run.entropy.copy(), run.max_entropy.copy()
    entropy[3], highest[3] = np.nan, np.nan
    hybrid = dataclasses.replace(
        run, entropy=entropy, max_entropy=highest, reasons={"3": "This layer is :red[mamba]."}
    )
    at = app("attention", attention_run=cached.put_run(hybrid), head="3.5")
    assert [each.value for each in at.info] == [escape_markdown("This layer is :red[mamba].")]
