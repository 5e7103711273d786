"""A copy of the project, to add files to it."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("backend", "components", "pages", "examples", "scripts", "tests", ".streamlit")


def copy_project(folder: Path) -> Path:
    """Write the project into ``folder``, without what takes space, and return it."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder
