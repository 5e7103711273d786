"""Every panel of these views, of every lens, draws what the server gives it for a shipped run."""

from __future__ import annotations

import json

import pytest

from backend.lenses import LENSES
from backend.lenses.descriptors import describe
from tests.browser.parts import EXAMPLES, answer, kind

RUNS = sorted(path.stem for path in EXAMPLES.glob("*.safetensors"))
FIRST = {kind(name): name for name in reversed(RUNS)}
OURS = {
    "strip", "expected", "facts", "timeline", "heads", "kinds", "pattern", "chart", "table",
    "ladder",
}  # fmt: skip
PANELS = {
    each: [panel for panel in describe(LENSES[each])["panels"] if panel["module"] in OURS]
    for each in LENSES
    if each in FIRST
}
CHANGES = (
    {"theme": "dark"},
    {"unit": "bits"},
    {"token": 7},
    {"spread": True},
    {"window": 3},
    {"head": [1, 0]},
)


def refusal(name: str, panel: str, module: str) -> str | None:
    """Return why the server draws no chart of this run; None where it does."""
    if module == "chart":
        token = {"token": "5"} if panel == "cumulative" else {}
        return json.loads(answer(name, f"{panel}.vl.json", token)).get("nothing")
    return None


@pytest.mark.parametrize("lens", PANELS)
def test_the_panels_of_a_lens_draw_a_shipped_run(show, lens):
    name = FIRST[lens]
    for panel in PANELS[lens]:
        shown = show(name, panel["name"], token=5)
        assert shown.locator("#host > div > * > *").count() > 0
        expected = refusal(name, panel["name"], panel["module"])
        said = shown.page.evaluate("window.view.refusal.textContent || null")
        assert (panel["name"], said) == (panel["name"], expected)
        for change in CHANGES:
            shown.set(**change)
        shown.page.wait_for_timeout(100)
