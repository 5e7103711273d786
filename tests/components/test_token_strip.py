"""What the strip sends to the browser, and who wins when both move the pin."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.browser.metric import colour_index
from components.browser.parcel import NAME_BYTES, name_of, pack
from components.token_strip import Links, Metric, token_strip
from components.token_strip.content import links_parcel, numbers_parcel, text_parcel
from tests.e2e.apps.made_up import text_run

TYPES = {"uint8": "u1", "uint16": "<u2", "uint32": "<u4", "int32": "<i4", "float32": "<f4"}


def opened(parcel: bytes) -> dict:
    """Return header and arrays of a parcel, as the browser reads them."""
    length = int.from_bytes(parcel[NAME_BYTES : NAME_BYTES + 4], "little")
    start = NAME_BYTES + 4 + length
    content = json.loads(parcel[NAME_BYTES + 4 : start])
    for name, place in content.pop("arrays").items():
        dtype = TYPES[place["type"]]
        content[name] = np.frombuffer(parcel, dtype, place["length"], start + place["start"])
    return content


def entropy_of(run, **changes) -> Metric:
    return Metric("entropy", "Entropy", run.entropy, "nats", 0, 8, **changes)


class TestColours:
    """From values to places in a palette."""

    def test_the_range_spans_the_whole_palette(self):
        metric = Metric("m", "M", np.array([0, 4, 8]), low=0, high=8)
        assert colour_index(metric).tolist() == [0, 128, 255]

    def test_values_outside_the_range_take_the_colour_of_its_ends(self):
        metric = Metric("m", "M", np.array([-1, 9]), low=0, high=8)
        assert colour_index(metric).tolist() == [0, 255]

    def test_zero_is_the_middle_of_a_diverging_scale_even_if_the_range_is_lopsided(self):
        metric = Metric("m", "M", np.array([-6, 0, 3, 6]), low=-2, high=6, scale="diverging")
        assert colour_index(metric).tolist() == [0, 128, 191, 255]

    def test_ranks_fall_into_four_classes(self):
        ranks = np.array([1, 10, 11, 100, 101, 1000, 1001, 49_000])
        metric = Metric("rank", "Rank", ranks, scale="rank")
        assert colour_index(metric).tolist() == [0, 0, 85, 85, 170, 170, 255, 255]

    def test_a_missing_value_does_not_disturb_the_others(self):
        metric = Metric("m", "M", np.array([np.nan, 8.0]), low=0, high=8)
        assert colour_index(metric).tolist() == [0, 255]


class TestParcels:
    """Bytes that the browser can read back."""

    def test_arrays_arrive_exactly_with_nan_and_infinity(self):
        values = np.array([[np.nan, 1.5], [np.inf, -0.0]], dtype=np.float32)
        sent = opened(pack({"n": 1}, {"few": np.array([7], np.uint8), "values": values}))
        np.testing.assert_array_equal(sent["values"], values.ravel())
        assert sent["few"].tolist() == [7]
        assert sent["n"] == 1

    def test_text_of_any_kind_arrives(self):
        words = ["<script>", "\ud800", "\x00", "灯台", "\u202e", ""]
        assert opened(pack({"words": words}, {}))["words"] == words

    def test_equal_content_has_an_equal_name_and_other_content_another(self):
        one, same, other = (pack({}, {"a": np.arange(n)}) for n in (3, 3, 4))
        assert name_of(one) == name_of(same) != name_of(other)


class TestContent:
    """What is sent for a run."""

    def test_the_first_token_has_no_prediction(self):
        run = text_run(["a", " b"])
        numbers = opened(numbers_parcel(run, [entropy_of(run)], None))
        assert np.isnan(numbers["values"].reshape(-1, 2)[:, 0]).all()

    def test_a_text_run_adds_what_every_card_shows(self):
        run = text_run(["a", " b", " c"])
        numbers = opened(numbers_parcel(run, [entropy_of(run)], None))
        keys = [metric["key"] for metric in numbers["metrics"]]
        assert keys == ["entropy", "probability", "log_probability", "rank"]
        assert numbers["colourable"] == 1
        percent = numbers["values"].reshape(4, 3)[1]
        np.testing.assert_allclose(percent[1:], 100 * np.exp(-run.surprisal[1:]), rtol=1e-6)

    def test_a_number_that_is_given_is_not_added_again(self):
        run = text_run(["a", " b"])
        metrics = [entropy_of(run), Metric("rank", "Rank", run.rank, scale="rank")]
        keys = [each["key"] for each in opened(numbers_parcel(run, metrics, None))["metrics"]]
        assert keys.count("rank") == 1

    def test_log_probability_follows_the_unit_of_the_surprisal(self):
        run = text_run(["a", " b"])
        bits = Metric("surprisal", "Surprisal", run.surprisal / np.log(2), "bits", 0, 16)
        numbers = opened(numbers_parcel(run, [bits], None))
        row = [each["key"] for each in numbers["metrics"]].index("log_probability")
        assert numbers["metrics"][row]["unit"] == "bits"
        # float32 on the way to the browser
        assert numbers["values"].reshape(-1, 2)[row, 1] == pytest.approx(-bits.values[1], rel=1e-6)

    def test_clipping_is_told_apart_from_touching_the_end(self):
        run = text_run(["a", " b"])
        touching = Metric("t", "T", np.array([0.0, 1.0]))
        beyond = Metric("b", "B", np.array([0.5, 1.1]))
        described = opened(numbers_parcel(run, [touching, beyond], None))["metrics"]
        assert [each["above"] for each in described[:2]] == [False, True]
        assert not any(each["below"] for each in described[:2])

    def test_a_value_per_word_is_spread_over_the_tokens_of_the_word(self):
        run = text_run(["un", "known", " word"])
        per_word = Metric("m", "M", np.array([2.0, 5.0]), high=8)
        numbers = opened(numbers_parcel(run, [per_word], np.array([0, 0, 1])))
        assert numbers["values"].tolist() == [2.0, 2.0, 5.0]
        assert numbers["spans"].tolist() == [0, 0, 1]
        assert len(numbers["metrics"]) == 1

    def test_values_that_fit_neither_tokens_nor_spans_are_refused(self):
        run = text_run(["a", " b"])
        with pytest.raises(ValueError, match="3 values for 2 tokens"):
            numbers_parcel(run, [Metric("m", "M", np.zeros(3))], None)

    def test_pieces_of_one_character_come_with_the_whole_character(self):
        run = text_run(["a", "?", "?", "?", "?", "b"], pieces={1: (4, "🦙")})
        assert opened(text_parcel(run))["characters"] == {"1": "🦙"}

    def test_a_text_is_packed_once(self):
        run = text_run(["a", " b"])
        assert text_parcel(run) is text_parcel(run)

    def test_8192_tokens_with_ten_alternatives_stay_under_a_megabyte(self):
        run = text_run(["token", " after", " token", ","] * 2048)
        assert len(text_parcel(run)) < 1_000_000

    def test_links_travel_as_square_roots_in_one_byte(self):
        weights = np.array([[1.0, 0.0], [0.25, 0.75]])
        links = opened(links_parcel(Links(weights), 2))
        assert links["shades"].tolist() == [255, 0, 128, 221]
        assert links["row_of"].tolist() == [0, 1]

    def test_links_may_be_known_for_some_tokens_only(self):
        links = opened(links_parcel(Links(np.array([[0.5, 0.5, 0]]), rows=np.array([1])), 3))
        assert links["row_of"].tolist() == [-1, 0, -1]

    def test_a_weight_that_is_not_defined_lights_nothing(self):
        links = opened(links_parcel(Links(np.array([[np.nan]])), 1))
        assert links["shades"].tolist() == [0]


def page() -> None:
    """A page whose cursor is shared between a strip and a number of its own."""
    import streamlit as st

    from components.token_strip import Metric, token_strip
    from tests.e2e.apps.made_up import text_run

    run = st.session_state.setdefault("the_run", text_run(["a", " b", " c", " d"]))

    def move(token: int | None) -> None:
        st.session_state.cursor = token

    shown = token_strip(
        run,
        [Metric("entropy", "Entropy", run.entropy, "nats", 0, 8)],
        metric="entropy",
        key="strip",
        pinned=st.session_state.get("cursor"),
        on_pin=move if st.session_state.get("shared", True) else None,
    )
    st.text(f"pinned: {shown}")


class TestPin:
    """The pinned token, moved by the browser and by the script."""

    @pytest.fixture
    def app(self) -> AppTest:
        app = AppTest.from_function(page, default_timeout=20).run()
        assert not app.exception
        return app

    def report(self, app: AppTest, value: object, serial: int, scope: str | None = None) -> None:
        own = name_of(text_parcel(app.session_state["the_run"]))
        state = {"value": value, "serial": serial, "scope": own if scope is None else scope}
        app.session_state["strip"] = {"pinned": state}

    def test_nothing_is_pinned_at_first(self, app):
        assert app.text[0].value == "pinned: None"

    def test_a_click_in_the_browser_pins(self, app):
        self.report(app, 2, serial=1)
        assert app.run().text[0].value == "pinned: 2"

    def test_the_script_can_move_the_pin_afterwards(self, app):
        app.session_state["shared"] = False
        self.report(app, 2, serial=1)
        app.run()
        app.session_state["cursor"] = 3
        assert app.run().text[0].value == "pinned: 3"

    def test_an_old_report_does_not_come_back(self, app):
        self.report(app, 2, serial=1)
        app.run()
        app.session_state["cursor"] = 3
        app.run()
        assert app.run().text[0].value == "pinned: 3"

    @pytest.mark.parametrize("value", [-1, 4, "2", 1.5, [1], {"a": 1}])
    def test_a_report_that_names_no_token_pins_nothing(self, app, value):
        self.report(app, value, serial=1)
        assert app.run().text[0].value == "pinned: None"

    def test_a_report_about_another_text_is_ignored(self, app):
        self.report(app, 2, serial=1, scope="another text")
        assert app.run().text[0].value == "pinned: None"


def test_a_metric_that_is_not_there_is_refused_with_those_that_are():
    run = text_run(["a", " b"])
    with pytest.raises(ValueError, match="No metric 'entorpy' among entropy"):
        token_strip(run, [entropy_of(run)], metric="entorpy", key="strip")
