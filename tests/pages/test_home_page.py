"""The Home page without a browser."""

import pytest

from components.playground import PRESETS
from components.shell import PAGES


def figures(at) -> dict[str, str]:
    return {each.label: each.value for each in at.metric}


def test_a_text_can_be_hovered_at_once(app):
    assert app().get_by_key("home:strip") is not None


@pytest.mark.parametrize(("example", "shared"), [("text_fact", True), ("text_code", False)])
def test_the_text_shares_the_cursor_of_the_tokens_page_while_it_is_the_same(app, example, shared):
    at = app("tokens", token="5", example=example)
    at.switch_page("pages/home.py").run()
    told = at.session_state["home:strip:pinned:settled"].value
    assert told == (5 if shared else None)


def test_there_is_a_card_for_every_other_page_and_no_more(app):
    links = [each.proto.page for each in app().get("page_link")]
    assert links == [page.name for page in PAGES[1:]]


def test_equal_weights_have_the_entropy_of_six_choices(app):
    at = app()
    at.button(key="play:preset:No idea").click().run()
    assert figures(at)["Entropy (nats)"] == "1.792"  # ln 6
    assert figures(at)["Effective choices"] == "6.000"
    assert figures(at)["KL to uniform (nats)"] == "0.000"
    assert figures(at)["Varentropy (nats²)"] == "0.000"


def test_the_playground_follows_the_unit(app):
    at = app(unit="bits")
    at.button(key="play:preset:No idea").click().run()
    assert figures(at)["Entropy (bits)"] == "2.585"  # log2 6


def test_a_cold_temperature_sharpens(app):
    at = app()
    before = float(figures(at)["Entropy (nats)"])
    at.slider(key="play:temperature").set_value(0.5).run()
    assert float(figures(at)["Entropy (nats)"]) < before


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_sets_the_sliders(app, preset):
    at = app()
    at.button(key=f"play:preset:{preset}").click().run()
    assert at.slider(key="play:mat").value == PRESETS[preset][0]


def test_all_weights_at_zero_mean_no_idea(app):
    at = app()
    for token in ("mat", "sofa", "roof", "moon", "piano", "theorem"):
        at.slider(key=f"play:{token}").set_value(0)
    at.run()
    assert not at.exception
    assert figures(at)["Effective choices"] == "6.000"
