"""Source archive, wheel and all that it needs in a new environment: as somebody else gets them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(1800)]


def test_a_new_environment_installs_the_wheel_and_studies_a_text(tmp_path):
    """Needs a package index; downloads PyTorch."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }

    def call(*command: str | Path, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            command, cwd=cwd, env=environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(sys.executable, "-m", "build", "--outdir", tmp_path / "dist", ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    call(sys.executable, "-m", "venv", tmp_path / "new")
    new = tmp_path / "new" / "bin"
    call(new / "python", "-m", "pip", "install", "--quiet", f"{wheel}[notebook]")
    call(new / "python", "-m", "pip", "check")
    refused = subprocess.run(
        [new / "entroscope", "text", "--text-file", "text.txt", "--out", "run.safetensors"],
        input="", cwd=tmp_path, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert refused.returncode == 2
    call(new / "entroscope", "install-models")
    (tmp_path / "text.txt").write_text("The capital of France is Paris.", encoding="utf-8")
    call(new / "entroscope", "text", "--text-file", "text.txt", "--out", "run.safetensors")
    shown = call(
        new / "python",
        "-c",
        "import entroscope; run = entroscope.load_run('run.safetensors'); print(run.tokens[5])",
    )
    assert shown.strip() == "Paris"
