"""The container: linted, built of what the wheel needs, without rights, and asked how it is."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path, PurePosixPath

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]


def test_the_dockerfile_passes_its_linter():
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run(
        [linter, ROOT / "Dockerfile"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_what_the_image_is_sent_makes_the_same_wheel(wheel, tmp_path):
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = {PurePosixPath(rule[1:]) for rule in rules if rule.startswith("!")}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for each in map(PurePosixPath, tracked):
        if sent & {each, *each.parents} and (ROOT / each).is_file():
            (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / each).write_bytes((ROOT / each).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir"]
    subprocess.run([*command, tmp_path / "dist", tmp_path], check=True, capture_output=True)
    (made,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(made) as ours, zipfile.ZipFile(wheel) as theirs:
        assert sorted(ours.namelist()) == sorted(theirs.namelist())


def test_the_image_has_no_rights_and_says_whether_it_is_well():
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0|root)", last, re.MULTILINE)
    assert re.findall(r"^VOLUME (.*)$", last, re.MULTILINE) == ["/data"]
    assert "HEALTHCHECK" in last
    assert "-slim" in last.splitlines()[0]


def test_all_that_is_written_lies_in_the_volume():
    folders = dict(re.findall(r"\b(HOME|ENTROSCOPE_\w+_DIR|HF_HOME)=(\S+)", DOCKERFILE))
    assert len(folders) == 4
    assert all(each == "/data" or each.startswith("/data/") for each in folders.values())


def test_only_the_proxy_is_reached_and_nothing_else_may_be_written(services):
    app, caddy = services["app"], services["caddy"]
    assert "ports" not in app
    assert {each.split(":")[-1] if isinstance(each, str) else each for each in app["volumes"]} == {
        "/data"
    }
    for each in (app, caddy):
        assert each["read_only"]
        assert each["cap_drop"] == ["ALL"]
    assert app["networks"] == ["inside"]


def test_the_proxy_passes_events_at_once(services):
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    caddyfile = compose["configs"]["caddyfile"]["content"]
    assert "reverse_proxy app:8501" in caddyfile
    assert "flush_interval -1" in caddyfile
    assert "@whole not path */events/*" in caddyfile
