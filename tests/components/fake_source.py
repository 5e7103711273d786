"""An engine that notes what it is asked for; runs are put into memory by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from backend.errors import InputError
from backend.runs import ModelSpec, Request, Run
from backend.storage.examples import list_examples
from backend.storage.files import content_id, load_run
from backend.storage.library import Library

EXAMPLES = Path(__file__).parents[2] / "examples"


class FakeSource:
    """What components need of ``backend.cached``, without an engine."""

    def __init__(self, folder: Path) -> None:
        self.runs: dict[str, Run] = {}
        self.asked: list[Request] = []
        self.contents: dict[str, dict[str, str]] = {}
        self._library = Library(folder)
        self.is_alone = True

    def submit(self, request: Request) -> Any:
        self.asked.append(request)
        return SimpleNamespace(id=f"{len(self.asked):032x}")

    def alone(self) -> bool:
        return self.is_alone

    def shared_key(self, handle: str) -> str:
        return f"shared-{handle}"

    def handle(self, key: str) -> str:
        return key

    def put_run(self, run: Run) -> str:
        content = content_id(run)
        self.runs.setdefault(content, run)
        return content

    def run_of(self, content: str) -> Run | None:
        return self.runs.get(content)

    def find_run(self, key: str) -> Run | None:
        if key.startswith("saved-"):
            entry = self._library.find(key.removeprefix("saved-"))
            return self._library.load(entry.id) if entry else None
        by_key = (run for run in self.runs.values() if run.request.key == key)
        return self.runs.get(key) or next(by_key, None)

    def content_of(self, key: str) -> str | None:
        run = self.find_run(key)
        return None if run is None else self.put_run(run)

    def estimate_seconds(self, request: Request) -> float | None:
        return 4.0

    def job_contents(self, job_id: str) -> dict[str, str] | None:
        return self.contents.get(job_id)

    def example_names(self):
        return list_examples(EXAMPLES)

    def example_run(self, name: str) -> Run:
        return _opened(EXAMPLES, name)

    def example_content(self, name: str) -> str:
        return self.put_run(self.example_run(name))

    def comparison_names(self) -> list[str]:
        return sorted(path.stem for path in (EXAMPLES / "compare").glob("*.safetensors"))

    def comparison_run(self, name: str) -> Run:
        return _opened(EXAMPLES / "compare", name)

    def saved_key(self, run_id: str) -> str:
        return f"saved-{run_id}"

    def library(self) -> Library:
        return self._library

    def model_choices(self):
        return [SimpleNamespace(spec=ModelSpec("other"), label="Another model")]

    def server_names(self) -> list[str]:
        return []

    def check_model(self, spec: ModelSpec) -> None:
        return None


def _opened(folder: Path, name: str) -> Run:
    known = {path.stem: path for path in folder.glob("*.safetensors")}
    if name not in known:
        raise InputError(f"There is no example named {name!r}.")
    return load_run(known[name])
