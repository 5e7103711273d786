"""Build the wheel: everything under the one name ``entroscope``.

The repository has ``backend``, ``components`` and ``pages`` at its top, where Streamlit and the
tests find them. In site-packages such names would be in the way of others, so the wheel has them
inside ``entroscope``. ``backend`` and ``components`` import themselves relatively; where one of
them imports another by its full name, the name is written anew on the way into the wheel.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

NAME = "entroscope"
FOLDERS = ("backend", "components", "pages", "examples")
FILES = ("app.py", ".streamlit/config.toml", "requirements-models.txt")
OURS = ("backend", "components", "pages")


class RequirementsHook(MetadataHookInterface):
    """Takes the dependencies from ``requirements.txt``, where each has its reason."""

    def update(self, metadata: dict[str, Any]) -> None:
        lines = (Path(self.root) / "requirements.txt").read_text("utf-8").splitlines()
        metadata["dependencies"] = [each for each in lines if each and not each.startswith("#")]


class OneNameHook(BuildHookInterface):
    """Lays the parts of the repository out under one name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            raise SystemExit(
                "The repository is used as it is: `make run`. `pip install .` installs a copy."
            )
        root, self.made = Path(self.root), Path(tempfile.mkdtemp())
        for name in FOLDERS:
            unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(root / name, self.made / name, ignore=unwanted)
        for name in FILES:
            (self.made / name).parent.mkdir(exist_ok=True)
            shutil.copy(root / name, self.made / name)
        for path in self.made.rglob("*.py"):
            path.write_text(under_one_name(path.read_text("utf-8")), "utf-8")
        for path in (root / "scripts" / "wheel").glob("__*__.py"):
            shutil.copy(path, self.made)
        build_data["force_include"][str(self.made)] = NAME

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(self.made)


def under_one_name(source: str) -> str:
    """Return Python code whose imports by full name go through ``entroscope``.

    Raises:
        ValueError: ``import backend``, which would need another name wherever it is used.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            if any(each.name.split(".")[0] in OURS for each in node.names):
                raise ValueError(f"Write `from … import …` in line {node.lineno}.")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            place = node.lineno - 1
            if (node.module or "").split(".")[0] in OURS:
                lines[place] = re.sub(r"\bfrom\s+", f"from {NAME}.", lines[place], count=1)
    return "".join(lines)
