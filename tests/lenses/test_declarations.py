"""What every lens and every panel has to say; a new one is held to it by being there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from backend.derived import DERIVED, number, quantity_of
from backend.lenses import GROUPS, LENSES, lenses_of
from backend.lenses.panels.base import plain_panel
from backend.quantities import Quantity
from backend.runs import RUN_KINDS
from backend.runs.arrays import array_specs
from backend.storage.files import load_run
from tests.lenses.runs import EXAMPLES, VARIANTS, kinds, panels, run_of

EVERY_LENS = pytest.mark.parametrize("kind", LENSES)
EVERY_PANEL = pytest.mark.parametrize(("kind", "name"), panels())
FOLDER = Path(__file__).parents[2] / "backend" / "lenses"
AREAS = {"stage", "side", "inspector", "timeline"}


def quantities() -> dict[str, Quantity]:
    """Return every declared number by kind and name."""
    found = {}
    for kind in RUN_KINDS:
        for name, spec in array_specs(RUN_KINDS[kind]).items():
            if spec.quantity is not None:
                found[f"{kind}.{name}"] = spec.quantity
        found |= {f"{kind}.{name}": each.quantity for name, each in DERIVED.get(kind, {}).items()}
    return found


QUANTITIES = quantities()
EVERY_NUMBER = pytest.mark.parametrize("name", QUANTITIES)


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_run_has_a_lens(kind):
    assert kind in LENSES


@EVERY_LENS
def test_a_lens_says_what_it_shows_in_one_sentence(kind):
    lens = LENSES[kind]
    assert lens.summary.endswith(".")
    assert lens.title == lens.title.strip() != ""
    assert lens in lenses_of(lens.group)
    assert lens.group in GROUPS


@EVERY_LENS
def test_the_file_of_a_lens_stands_in_its_group_under_its_title(kind):
    lens = LENSES[kind]
    assert (FOLDER / lens.group / f"{lens.file}.py").exists()


@EVERY_LENS
def test_the_panels_of_a_lens_have_names_of_their_own(kind):
    names = [each.name for each in LENSES[kind].panels]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", each) for each in names), "they stand in addresses"


@EVERY_PANEL
def test_a_panel_has_a_title_a_line_to_read_it_by_and_an_area(kind, name):
    panel = LENSES[kind].panel(name)
    assert panel.title
    assert panel.read.endswith((".", ")"))
    assert "\n" not in panel.read
    assert panel.area in AREAS


@EVERY_PANEL
def test_a_panel_is_plain_enough_for_the_browser(kind, name):
    plain = plain_panel(LENSES[kind].panel(name), LENSES[kind].run_type)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [each["name"] for each in plain["numbers"]] == list(LENSES[kind].panel(name).numbers())


@EVERY_PANEL
def test_the_choices_of_a_panel_are_parameters_that_it_takes(kind, name):
    panel = LENSES[kind].panel(name)
    options = panel.options(LENSES[kind].run_type)
    for choice in options.get("choices", []):
        assert choice["parameter"] in panel.asks()
        assert len(choice["values"]) > 1
        for each in choice["values"]:  # an empty label is that of the number of this name
            assert each["label"] or quantity_of(RUN_KINDS[kind], each["value"]).name


@EVERY_NUMBER
def test_a_number_has_one_sentence_a_formula_and_a_source(name):
    of = QUANTITIES[name]
    assert of.name
    assert of.help.endswith(".")
    assert of.formula
    assert of.source


@EVERY_NUMBER
def test_the_range_of_a_number_fits_its_scale(name):
    of = QUANTITIES[name]
    if of.scale in ("log", "rank"):
        assert of.low > 0
    if of.scale == "diverging":
        assert of.low < 0 < of.high


@EVERY_LENS
def test_the_figures_of_a_lens_are_single_numbers(kind):
    for name in LENSES[kind].figures:
        assert DERIVED[kind][name].axes == ()
        for variant in VARIANTS:
            assert number(run_of(kind, variant), name).values.shape == ()


@EVERY_LENS
def test_every_derived_number_has_the_axes_that_it_declares(kind):
    for variant in VARIANTS:
        run = run_of(kind, variant)
        sizes: dict[str, int] = {}
        for name, spec in array_specs(run).items():
            value = getattr(run, name)
            if value is not None and not isinstance(value, dict):
                sizes |= {
                    str(axis): size
                    for axis, size in zip(spec.axes, value.shape, strict=True)
                    if isinstance(axis, str)
                }
        for name, of in DERIVED.get(kind, {}).items():
            assert number(run, name).values.shape == tuple(sizes[axis] for axis in of.axes), name


@pytest.mark.parametrize(
    ("kind", "example"),
    [(kind, each) for kind in LENSES for each in LENSES[kind].examples],
    ids=lambda each: getattr(each, "name", each),
)
def test_an_example_is_shipped_under_a_megabyte_and_is_what_was_asked_for(kind, example):
    path = EXAMPLES / f"{example.name}.safetensors"
    run = load_run(path)
    assert example.name.startswith(f"{kind}_")
    assert run.kind == kind
    assert path.stat().st_size <= 1_000_000
    assert example.title
    assert example.note == run.note
    asked = LENSES[kind].request_type(**example.fields)
    differing = [
        name
        for name, value in vars(asked).items()
        if name in example.fields and name != "samplers" and getattr(run.request, name) != value
    ]
    assert differing == []
    if example.token is not None:
        assert 0 <= example.token < len(run.tokens)


def test_all_examples_together_stay_small():
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*.safetensors")) <= 12_000_000


def test_every_shipped_run_is_declared_by_a_lens():
    declared = {each.name for kind in LENSES for each in LENSES[kind].examples}
    assert {path.stem for path in EXAMPLES.glob("*.safetensors")} == declared


def test_the_lenses_of_one_text_ship_runs_of_texts_that_ship_for_tokens_too():
    texts = {
        kind: {each.fields["text"] for each in LENSES[kind].examples}
        for kind in ("text", "attention", "residual_norms")
    }
    assert texts["attention"] == texts["residual_norms"] <= texts["text"]


def test_a_small_lens_has_at_most_thirty_lines_of_interface():
    lines = (FOLDER / "read" / "residual_norms.py").read_text("utf-8").splitlines()
    assert len(lines) <= 30
