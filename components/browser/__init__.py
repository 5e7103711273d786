"""What our own browser components share: parcels of numbers, palettes, cards, two-way values."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "mounted"
SHARED_SCRIPTS = ("parcels.js", "words.js", "legend.js", "panels.js")


def read_scripts(*own: Path) -> str:
    """Return one module: the shared scripts and then a component's own, in this order."""
    paths = [*(FOLDER / name for name in SHARED_SCRIPTS), *own]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def read_styles(*own: Path) -> str:
    """Return the shared styles and then a component's own."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (FOLDER / "shared.css", *own))
