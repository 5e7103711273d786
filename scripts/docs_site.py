"""What MkDocs is told beside the pages in docs/: one page a lens with its picture, and formulas.

``make docs`` builds the site. Pages of lenses come from their declarations, pictures from the runs
that ship; nothing of it is kept in the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

from backend.charts.base import Spec
from backend.charts.render import render
from backend.derived.comparison import CompareRequest, compare
from backend.lenses import GROUPS, LENSES, Lens, lenses_of
from backend.runs import Run
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

FOLDER = "lenses"
PAIR = EXAMPLES / "compare"
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
_FORMULA = re.compile(r"(?<![\\$\w])\$([^$\n]+)\$")


def on_config(config: Any) -> Any:
    """Put the pages of the lenses into the menu, by group."""
    groups = [
        {group.capitalize(): [f"{FOLDER}/{lens.file}.md" for lens in lenses_of(group)]}
        for group in GROUPS
        if lenses_of(group)
    ]
    for entry in config["nav"]:
        if entry.get("Lenses") == f"{FOLDER}/":
            entry["Lenses"] = [f"{FOLDER}/index.md", *groups]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and pictures that are made."""
    for path, content in made():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turn formulas into MathML, which browsers draw by themselves; code stays as it is."""
    parts = _CODE.split(markdown)
    parts[::2] = [_FORMULA.sub(_mathml, each) for each in parts[::2]]
    return "".join(parts)


def made() -> Iterator[tuple[str, str | bytes]]:
    """Yield the path and content of every page and picture of a lens."""
    yield f"{FOLDER}/index.md", overview()
    for kind in LENSES:
        lens = LENSES[kind]
        picture = picture_of(lens)
        if picture is not None:
            yield f"{FOLDER}/{lens.file}.svg", render(picture, "svg")
        yield f"{FOLDER}/{lens.file}.md", page(lens, pictured=picture is not None)


def overview() -> str:
    """Return the list of all lenses."""
    shared = "All lenses of a text share the text, the pinned token and the unit."
    lines = ["# Lenses", "", f"A lens is one view of a run. {shared}"]
    for group in GROUPS:
        lenses = lenses_of(group)
        if lenses:
            lines += ["", f"## {group.capitalize()}", ""]
            lines += [f"- [{each.title}]({each.file}.md): {each.summary}" for each in lenses]
    return "\n".join(lines)


def page(lens: Lens, *, pictured: bool) -> str:
    """Return the page of a lens, from its declaration."""
    lines = [f"# {lens.title}", "", lens.summary, ""]
    if pictured:
        lines += [f"![{_plain(lens.summary)}]({lens.file}.svg)", ""]
    if lens.guide:
        lines += ["## What to look for", "", *(line for each in lens.guide for line in (each, ""))]
    lines += ["## What it shows", ""]
    shown = [each for each in lens.panels if each.title]
    lines += [f"- **{each.title}**: {each.read or each.about}" for each in shown]
    if lens.examples:
        lines += ["", "## Examples that ship", ""]
        lines += [f"- *{each.title}* {each.note}" for each in lens.examples]
    if lens.papers:
        lines += ["", "## Papers", ""]
        lines += [f"- {each.claim} ([{each.number}](../papers.md))" for each in lens.papers]
    lines += ["", "## Elsewhere", ""]
    if lens.shows is None:
        command = lens.kind.replace("_", "-")
        python = f"`backend.study_{lens.kind}`"
        lines += [f"In the shell: `python -m backend {command} --help`; in Python: {python}.", ""]
    anchor = re.sub(r"[^\w]+", "-", lens.title.lower()).strip("-")
    lines += [f"Every number with its formula: [Measures](../measures.md#{anchor})."]
    return "\n".join(lines) + "\n"


def picture_of(lens: Lens) -> Spec | None:
    """Return the first picture of a lens that its first shipped run has."""
    run = run_of(lens)
    charts = (each.chart(run, "nats") for each in lens.panels if run and each.fits(run))
    return next((chart for chart in charts if chart is not None), None)


def run_of(lens: Lens) -> Run | None:
    """Return a shipped run of a lens."""
    if lens.examples:
        return load_run(EXAMPLES / f"{lens.examples[0].name}.safetensors")
    if lens.kind == "compare":
        a, b = (load_run(PAIR / f"garden_{side}.safetensors") for side in "ab")
        return compare(CompareRequest(a="garden_a", b="garden_b"), a, b)
    found = sorted(PAIR.glob(f"*_{lens.kind}.safetensors"))
    return load_run(found[0]) if found else None


def _mathml(found: re.Match[str]) -> str:
    return convert(found[1].replace(r"\|", "|"))


def _plain(text: str) -> str:
    return re.sub(r"[\[\]]", "", text)
