"""Write docs/papers.md and the tables of docs/measures.md from the declarations; ``make docs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from backend import papers
from backend.derived import DERIVED
from backend.lenses import GROUPS, lenses_of
from backend.lenses.base import Lens
from backend.quantities import Quantity
from backend.runs.arrays import array_specs, axis_of

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "measures.md"
PAPERS = DOCS / "papers.md"
BEGIN = "<!-- what stands from here is written by scripts/make_docs.py -->"
END = "<!-- up to here -->"
HEAD = "| number | name in files and code | axes | unit, range | what it says | formula | source |"


def written(text: str) -> str:
    """Return the page with its tables as the declarations are now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n\n".join(table(lens) for group in GROUPS for lens in lenses_of(group))
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def table(lens: Lens) -> str:
    """Return the numbers of a lens's runs, stored ones first."""
    rows = [
        row(name, spec.quantity, axes(lens, tuple(map(str, spec.axes))), stored=True)
        for name, spec in array_specs(lens.run_type).items()
        if spec.quantity is not None
    ]
    rows += [
        row(each.name, each.quantity, axes(lens, each.axes), stored=False)
        for each in DERIVED.get(lens.kind, {}).values()
    ]
    return "\n".join([f"### {lens.title}", "", lens.summary, "", HEAD, "|---" * 7 + "|", *rows])


def row(name: str, of: Quantity, where: str, *, stored: bool) -> str:
    """Return the row of a number; a stored one is an array of the run's file."""
    symbol = f" *{of.symbol}*" if of.symbol else ""
    cells = [
        f"{of.name}{symbol}",
        f"`{name}`" + ("" if stored else ", made from it"),
        where,
        scope(of),
        of.help,
        f"${formula(of)}$",
        of.source,
    ]
    return "| " + " | ".join(each.replace("|", r"\|") for each in cells) + " |"


def scope(of: Quantity) -> str:
    """Return unit and fixed range, as stored: shares from 0 to 1, information in nats."""
    unit = "share" if of.unit == "%" else of.unit or "plain"
    scale = {"log": ", logarithmic", "rank": ", in classes", "diverging": ", around 0"}
    return f"{unit}, {of.low:,.6g} … {of.high:,.6g}{scale.get(of.scale, '')}"


def formula(of: Quantity) -> str:
    r"""Return a formula that can stand in a table: no bars that end a cell."""
    return of.formula.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def axes(lens: Lens, letters: tuple[str, ...]) -> str:
    """Return the axes by name."""
    return " × ".join(axis_of(lens.run_type, each).name for each in letters) or "whole run"


def papers_page() -> str:
    """Return the page of papers: which claim can be seen where, with the figures."""
    found = papers.findings()
    figures = [each for own in found.values() for each in own]
    agreed = sum(each.ok for each in figures)
    head = (
        "# Papers\n\nWritten by scripts/make_docs.py from backend/papers.json and what lenses "
        f"declare. {len(found)} of {len(papers.entries())} papers can be seen in the app (Learn › "
        f"Papers); {agreed} of {len(figures)} figures are found on a shipped run as near as "
        "stated. `python -m backend papers` checks them."
    )
    return "\n\n".join([head, *(paper(each, found) for each in papers.entries())]) + "\n"


def paper(entry: papers.Entry, found: Mapping[int, Sequence[papers.Finding]]) -> str:
    """Return the section of one paper."""
    own = found.get(entry.number, ())
    parts = [f"## {entry.number}. {entry.title}", f"{entry.citation}. {entry.question}"]
    if not own:
        parts.append(f"*No lens shows it yet; it belongs to {entry.lens}.*")
    return "\n\n".join([*parts, *map(claim, own)])


def claim(finding: papers.Finding) -> str:
    """Return a claim with its figures, and where it is seen."""
    own = finding.paper
    within = f" ± {own.tolerance:.3g}" if own.tolerance else ""
    expected = "" if own.expected is None else f"Expected {own.expected:.3g}{within}, found "
    agrees = "" if finding.ok else " It is not found."
    figure = f"{expected or 'Found '}{finding.found:.3g} on `{own.example}`.{agrees}"
    where = f"Lens {finding.lens.title}: `/{finding.look}`."
    return " ".join(filter(None, [f"- {own.claim}", figure, own.remark, where]))


def main() -> None:
    """Write the pages."""
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
    PAPERS.write_text(papers_page(), "utf-8")
    typer.echo(f"{PAGE.name} and {PAPERS.name} are written.")


if __name__ == "__main__":
    typer.run(main)
