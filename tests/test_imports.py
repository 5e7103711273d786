"""Who may import whom: nothing imports upwards, and heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("backend", "components", "pages")

GROUND = {
    "accounts",
    "characters",
    "errors",
    "events",
    "progress",
    "quantities",
    "readers",
    "registry",
    "settings",
    "version",
}

# Room: the rooms it may import, beside itself. The ground floor is open to the whole backend.
MODELS = {"ground", "runs", "models"}
STUDY = MODELS | {"measures", "samplers", "taps", "reading", "decoding", "storage"}
SHOW = {"ground", "runs", "derived", "charts", "lenses"}
MAY_IMPORT = {
    "ground": set(),
    "measures": {"ground"},
    "samplers": {"ground"},
    "runs": {"ground"},
    "storage": {"ground", "runs"},
    "derived": {"ground", "runs"},
    "models": {"ground", "runs"},
    "servers": MODELS,
    "taps": MODELS | {"measures"},
    "reading": MODELS | {"measures", "taps"},
    "decoding": MODELS | {"measures", "samplers", "taps", "reading", "derived"},
    "studies": STUDY | {"derived", "trainings", "servers"},
    "trainings": STUDY,
    "charts": {"ground", "runs", "derived"},
    "lenses": SHOW | {"storage"},
    "report": SHOW | {"storage"},
    "papers": SHOW | {"storage"},
    "lessons": SHOW | {"storage"},
    "classroom": SHOW | {"storage", "lessons"},
    "notebook": SHOW | {"storage", "report", "web"},
    "engine": STUDY | {"studies", "trainings", "derived"},
    "web": SHOW | {"engine", "storage", "lessons", "classroom", "papers"},
    "cached": SHOW
    | STUDY
    | {"engine", "studies", "trainings", "report", "web", "lessons", "classroom", "servers"},
    # backend itself: what a notebook imports, and the shell
    "face": SHOW | STUDY | {"studies", "trainings", "report", "lessons", "papers"},
    "components": SHOW | {"storage", "lessons"},
    "shell": SHOW | {"storage", "components", "cached"},
    "pages": {"ground", "components"},
    "app": {"ground", "components", "cached", "web"},
}

MODEL_LIBRARIES = {"torch", "transformers", "accelerate", "gguf", "tokenizers", "huggingface_hub"}

# Room: libraries it may import beside the standard one. Rooms not named may import any but
# those of MODEL_LIBRARIES and streamlit, which are checked by rooms of their own below.
LIBRARIES = {
    "ground": {"numpy", "pydantic", "pydantic_settings", "platformdirs"},
    "measures": {"torch"},
    "samplers": {"torch"},
    "runs": {"numpy", "pydantic"},
    "derived": {"numpy"},
    "storage": {"numpy", "pydantic", "safetensors", "filelock"},
    "charts": {"numpy", "pandas", "altair", "vl_convert"},
    "notebook": {"anywidget", "traitlets"},
    "web": {"numpy", "segno", "starlette", "uvicorn", "vl_convert"},
}


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))
    yield ROOT / "app.py"


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in modules()}


def room_of(name: str) -> str:
    """Return the room of one of our modules: "backend.models.load" lives in "models"."""
    first, *rest = name.split(".")
    if name == "components.shell":
        return "shell"
    if first != "backend":
        return first
    if not rest or rest[0] in ("__main__", "commands"):
        return "face"
    return "ground" if rest[0] in GROUND else rest[0]


def imported(node: ast.AST, importer: str, package: str) -> Iterator[str]:
    """Yield the dotted names that an import statement loads."""
    if isinstance(node, ast.Import):
        names = [each.name for each in node.names]
        inside = importer.split(".")[0] in ("backend", "components")
        assert not (inside and importer.split(".")[0] in names), "imports of one's own are relative"
        yield from names
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        if node.level:
            up = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*up, *([module] if module else [])])
        else:
            # Streamlit runs the shell as a script, which has no package around it.
            own = "" if importer == "components.shell" else importer.split(".")[0]
            assert own not in ("backend", "components") or module.split(".")[0] != own, (
                f"{importer} imports {module} by its full name"
            )
        for each in node.names:
            inner = f"{module}.{each.name}"
            yield inner if inner in NAMES else module


def imports(path: Path, *, at_start: bool = False) -> set[str]:
    """Return what a module imports; ``at_start`` leaves out what waits for a call or a checker."""
    found: set[str] = set()
    importer = name_of(path)
    package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
    todo: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while todo:
        node = todo.pop()
        found.update(imported(node, importer, package))
        waits = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        if not (at_start and waits):
            todo.extend(ast.iter_child_nodes(node))
    return found


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in (*FOLDERS, "app")}


@pytest.mark.parametrize("name", NAMES)
def test_a_module_imports_only_the_rooms_below_its_own(name):
    room = room_of(name)
    allowed = MAY_IMPORT[room] | {room}
    # The one look upwards: ``run.save(path)``, ``run.report(path)`` and ``run.view()`` find what
    # writes files and draws when they are called.
    upwards = {"backend.storage.files", "backend.report", "backend.notebook"}
    upwards |= {"backend.notebook.widget"}
    known = upwards if name == "backend.runs.base" else set()
    needs = ours(imports(NAMES[name])) - known
    assert {each for each in needs if room_of(each) not in allowed} == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_module_imports_only_the_libraries_of_its_room(name):
    found = imports(NAMES[name])
    libraries = {each.split(".")[0] for each in found - ours(found)} - sys.stdlib_module_names
    room = room_of(name)
    if room in LIBRARIES:
        assert libraries - LIBRARIES[room] == set()
    if room in ("components", "shell", "pages", "app", "cached"):
        assert libraries & MODEL_LIBRARIES == set()
    else:
        assert "streamlit" not in libraries


def test_one_module_alone_knows_ray():
    knowing = [
        name
        for name, path in NAMES.items()
        if any(each.split(".")[0] == "ray" for each in imports(path))
    ]
    assert knowing == ["backend.engine.executors.ray"]


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: ours(imports(path, at_start=True)) - {name} for name, path in NAMES.items()}
    while leaves := {name for name, needs in graph.items() if not needs & graph.keys()}:
        for name in leaves:
            del graph[name]
    assert graph == {}


@pytest.mark.parametrize(
    "module", ["backend", "backend.runs", "backend.cached", "components.shell"]
)
def test_what_a_first_page_needs_does_not_wait_for_torch(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_backend_works_without_streamlit():
    code = "import sys, backend.engine, backend.studies; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
