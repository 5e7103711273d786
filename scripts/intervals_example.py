"""Compute the shipped run of Intervals: the bundled model behind the test server.

``PYTHONPATH=. .venv/bin/python scripts/intervals_example.py``
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import backend
from backend.lenses import LENSES
from backend.servers import connect
from tests.servers.model_server import KEY, serving

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    """Start the server, ask it and write the run."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    lens = LENSES["intervals"]
    with serving(model, "llama") as server:
        connect("example", server.address, key=KEY, model=server.name)
        for example in lens.examples:
            run = backend.study(None, lens.request_type(**example.fields))
            run = replace(run, title=example.title, note=example.note)
            run.save(EXAMPLES / f"{example.name}.safetensors")


if __name__ == "__main__":
    main()
