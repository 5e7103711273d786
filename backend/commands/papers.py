"""The papers, and what is found of their claims."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from .. import papers as atlas
from .base import app


@app.command("papers")
def papers(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one row a claim.")] = False,
) -> None:
    """All papers: which lens shows them, and whether the figure is found. 1 where one is not."""
    rows = atlas.plain()
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for row in rows:
            typer.echo(_line(row))
    if any(row["ok"] is False for row in rows):
        raise typer.Exit(1)


def _line(row: dict[str, Any]) -> str:
    if row["ok"] is None:
        return f"{row['number']:>2} –  {row['title']}: no lens yet ({row['lens']})"
    found = "nothing" if row["found"] is None else f"{row['found']:.4g}"
    mark = "ok" if row["ok"] else "NO"
    figures = f"expected {row['expected']} ± {row['tolerance']}, found {found}"
    return f"{row['number']:>2} {mark} {row['title']}: {figures} ({row['lens']})"
