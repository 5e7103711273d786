"""The wheel: one name, the same studies, the command, and settings that are safe."""

from __future__ import annotations

import http.client
import importlib.util
import json
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

import backend
from backend.version import VERSION

ROOT = Path(__file__).parents[2]
TEXT = "The capital of France is Paris."


def test_the_wheel_has_one_name_and_all_that_the_code_reads(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {
        "entroscope",
        f"entroscope-{VERSION}.dist-info",
    }
    tracked = subprocess.run(
        ["git", "ls-files", "backend", "components", "pages", "examples", ".streamlit", "app.py"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    kept = [each for each in tracked if (ROOT / each).exists()]
    assert {f"entroscope/{each}" for each in kept} - names == set()
    assert wheel.stat().st_size < 20_000_000


def test_the_wheel_needs_what_requirements_say_and_carries_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        folder = f"entroscope-{VERSION}.dist-info"
        metadata = archive.read(f"{folder}/METADATA").decode()
        assert archive.read(f"{folder}/licenses/NOTICE") == (ROOT / "NOTICE").read_bytes()
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    wanted = {line.split(";")[0].strip() for line in lines if line and line[0] != "#"}
    needs = [line.partition(": ")[2] for line in metadata.splitlines() if "Requires-Dist" in line]
    plain = {need.split(";")[0].strip() for need in needs if "extra ==" not in need}
    # Versions may come in another order.
    assert {frozenset(each.split(",")) for each in map(ordered, plain)} == {
        frozenset(each.split(",")) for each in map(ordered, wanted)
    }
    extras = {line.split()[-1] for line in metadata.splitlines() if "Provides-Extra" in line}
    assert extras == {"cluster", "server", "notebook", "docs"}


def ordered(requirement: str) -> str:
    """Return a requirement with a comma after the name of the library."""
    for place, letter in enumerate(requirement):
        if letter in "<>=!~":
            return f"{requirement[:place]},{requirement[place:]}"
    return requirement


@pytest.mark.model
def test_the_installed_copy_studies_as_the_repository_does_without_streamlit(
    run, bundled_model, tmp_path
):
    code = f"""
import sys, entroscope
from entroscope import backend
model = entroscope.load_model("bundled", device="cpu")
run = entroscope.study_text(model, {TEXT!r})
run.save("run.safetensors")
assert run._repr_html_()
names = {{name.partition(".")[0] for name in sys.modules}}
assert not names & {{"streamlit", "backend", "components", "pages"}}, names
"""
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    read = backend.load_run(tmp_path / "run.safetensors")
    expected = backend.study_text(bundled_model, TEXT)
    np.testing.assert_allclose(read.entropy, expected.entropy, atol=1e-4)


@pytest.mark.model
def test_the_command_studies_a_text_file(run, site, tmp_path):
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    arguments = ["--text-file", "text.txt", "--model", "bundled", "--out", "run.safetensors"]
    done = run(sys.executable, site / "bin" / "entroscope", "text", *arguments)
    assert done.returncode == 0, done.stderr
    assert backend.load_run(tmp_path / "run.safetensors").text == TEXT


def test_the_command_says_its_own_name_and_refuses_in_one_line(run):
    done = run(sys.executable, "-m", "entroscope", "--help")
    assert "Usage: entroscope " in done.stdout
    done = run(sys.executable, "-m", "entroscope", "text", "--text-file", "no.txt", "--out", "x")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_every_page_of_the_installed_copy_runs_under_its_one_name(run, site):
    shell = site / "entroscope" / "components" / "shell.py"
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file({str(shell)!r}, default_timeout=60).run()
from entroscope.components.menu import all_pages
for each in all_pages():
    page.switch_page(each.file).run()
    assert not page.exception and not page.error, (each, page.exception, page.error)
names = {{name.partition(".")[0] for name in sys.modules}}
assert not names & {{"backend", "components", "pages"}}, names
"""
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr[-2000:]


def test_serving_in_an_empty_folder_is_safe_for_one_person(environment, site, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, site / "bin" / "entroscope", "serve", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=tmp_path, env=environment | {"ENTROSCOPE_PRELOAD": "false"}
    )
    try:
        assert wait(port) == 200
        assert status(port, "evil.example") in (400, 403)
        listening = addresses(port)
        assert listening == {"127.0.0.1"}
    finally:
        server.terminate()
        assert server.wait(30) is not None
    assert list(tmp_path.iterdir()) == []


def test_settings_beside_the_installed_app_hold_over_those_of_the_folder(run, site, tmp_path):
    other = tmp_path / ".streamlit" / "config.toml"
    other.parent.mkdir()
    other.write_text('[browser]\ngatherUsageStats = true\n[server]\naddress = "0.0.0.0"\n')
    code = f"""
import json
from streamlit import config
config._main_script_path = {str(site / "entroscope" / "app.py")!r}
names = ["browser.gatherUsageStats", "server.address", "server.allowedHosts",
         "runner.postScriptGC"]
print(json.dumps({{name: config.get_option(name) for name in names}}))
"""
    found = json.loads(run(sys.executable, "-c", code).stdout)
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert found["browser.gatherUsageStats"] is False
    assert found["runner.postScriptGC"] is False
    assert found["server.address"] == "127.0.0.1"
    assert found["server.allowedHosts"] == settings["server"]["allowedHosts"]


@pytest.mark.parametrize("first", ["backend", "entroscope"])
def test_one_process_never_holds_both_names(run, first):
    second = {"backend": "entroscope", "entroscope": "backend"}[first]
    code = f"import sys; sys.path.append({str(ROOT)!r}); import {first}; import {second}"
    done = run(sys.executable, "-c", code)
    assert done.returncode == 1
    assert "ImportError: " in done.stderr
    assert "other name" in done.stderr


def test_an_editable_installation_is_refused_with_what_to_do(tmp_path):
    hook = build_hook()
    with pytest.raises(SystemExit, match="make run"):
        hook.OneNameHook.initialize(None, "editable", {})


def test_only_imports_get_another_name():
    under = build_hook().under_one_name
    assert under("def f():\n    from backend.runs import Run\n") == (
        "def f():\n    from entroscope.backend.runs import Run\n"
    )
    for same in ('"""from backend import x"""\n', "from .backend import x\n", "from os import x\n"):
        assert under(same) == same
    with pytest.raises(ValueError, match="line 1"):
        under("import backend\n")


def build_hook():
    """Return the module that builds the wheel."""
    path = ROOT / "scripts" / "wheel" / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def status(port: int, host: str) -> int:
    """Return how the server answers a request for a name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def wait(port: int) -> int:
    """Return how the server answers, once it does."""
    until = time.monotonic() + 60
    while True:
        try:
            return status(port, f"localhost:{port}")
        except OSError:
            assert time.monotonic() < until, "it did not start"
            time.sleep(0.1)


def addresses(port: int) -> set[str]:
    """Return the addresses on which this machine listens at a port, as the kernel lists them."""
    import psutil

    return {
        each.laddr.ip
        for each in psutil.net_connections("inet")
        if each.status == psutil.CONN_LISTEN and each.laddr.port == port
    }
