"""The notebook of the documentation runs with the installed package, and shows its pictures."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "first_steps.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.model
def test_the_notebook_runs_and_shows_pictures_with_and_without_widgets(site, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(site))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import sys; 'streamlit' in sys.modules"))
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    shown = [
        {} if cell.cell_type != "code" else cell.outputs[-1].get("data", {})
        for cell in notebook.cells
    ]
    code = [each for each in shown if each]
    run, entropy, view, pinned, comparison, heads, head, streamlit = code
    for each in (run, view, comparison, heads):
        assert "<svg" in each["text/html"]
        assert "<script" not in each["text/html"]
    assert [WIDGET in each for each in (run, view, comparison, heads)] == [
        False, True, False, True,
    ]  # fmt: skip
    assert entropy["text/plain"].startswith("array([ nan")
    assert "Paris" in pinned["text/plain"]
    assert head["text/plain"] == "[0, 0]"
    assert streamlit["text/plain"] == "False"


def test_the_notebook_is_kept_without_outputs():
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert cell.get("outputs", []) == []
