"""Models by hub id, from a server on this machine that answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from huggingface_hub import constants

from backend.errors import CancelledError, ModelError
from backend.models import ModelSpec, is_here, load_model, load_tokenizer, read_context
from backend.models.loading import reporting_to
from tests.tiny_models import CONTEXT

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CLOSED_PORT = 9


class Hub:
    """Holds repositories: name to file name to content. ``asked`` lists what was fetched."""

    def __init__(self):
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.gated: set[str] = set()
        self.asked: list[str] = []

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        path = path.split("?")[0]
        for name, files in self.repositories.items():
            if name in self.gated and name in path:
                return 403, {"X-Error-Code": "GatedRepo"}, b"{}"
            if path.startswith(f"/api/models/{name}/tree/"):
                return 200, {}, json.dumps([entry(*each) for each in files.items()]).encode()
            if path.startswith(f"/api/models/{name}"):
                return self.information(name, path.rpartition("/")[2])
            if path.startswith(f"/{name}/resolve/"):
                content = files[path.rpartition("/")[2]]
                self.asked.append(path.rpartition("/")[2])
                tag = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"'}  # noqa: S324 - as git does
                return 200, tag | {"X-Repo-Commit": COMMIT}, content
        return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"

    def information(self, name: str, revision: str) -> tuple[int, dict[str, str], bytes]:
        if revision not in ("main", COMMIT):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        siblings = [{"rfilename": file} for file in self.repositories[name]]
        facts = {"id": name, "sha": COMMIT, "siblings": siblings}
        return 200, {}, json.dumps(facts).encode()


def entry(file, content):
    tag = hashlib.sha1(content).hexdigest()  # noqa: S324 - as git does
    return {"type": "file", "path": file, "size": len(content), "oid": tag}


def point_hub_to(monkeypatch, port):
    """The library reads HF_ENDPOINT once, at import; these are what it makes of it."""
    endpoint = f"http://127.0.0.1:{port}"
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    made = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = made.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    point_hub_to(monkeypatch, server.server_port)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def owned(hub, tiny_folder):
    files = {file.name: file.read_bytes() for file in tiny_folder("qwen3").iterdir()}
    hub.repositories["owner/tiny"] = files | {
        "pytorch_model.bin": b"a pickle",
        "onnx/model.safetensors": b"another format",
    }
    return hub


def load(name="owner/tiny", **options):
    return load_model(name, device="cpu", **options)


def test_a_model_is_downloaded_with_its_commit(owned):
    model = load()
    assert (model.facts.name, model.facts.revision) == ("owner/tiny", COMMIT)
    assert model.unembed(model.hidden_states(torch.arange(4)[None])).isfinite().all()


def test_only_what_is_needed_is_downloaded(owned):
    load()
    assert "model.safetensors" in owned.asked
    assert not {"pytorch_model.bin", "onnx/model.safetensors"} & set(owned.asked)
    assert owned.asked.count("model.safetensors") <= 2  # one HEAD, one GET


def test_a_download_counts_files_and_bytes(owned):
    seen = []
    with reporting_to(seen.append):
        load()
    assert seen[0].message == "Asking the hub for owner/tiny …"
    downloads = [each for each in seen if each.message.startswith("Downloading owner/tiny: ")]
    assert all(0 <= each.done <= each.total for each in downloads)
    assert downloads[-1].done == downloads[-1].total > 0
    files = re.search(r"(\d+) of (\d+) files, [\d,]+ of [\d,]+ MB", downloads[-1].message)
    assert files is not None
    assert files[1] == files[2]


def test_a_download_can_be_stopped(owned):
    def stop(progress):
        if "files" in progress.message:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError), reporting_to(stop):
        load()
    assert load().facts.name == "owner/tiny"


def test_the_tokenizer_needs_no_weights(owned):
    assert load_tokenizer(ModelSpec(source="owner/tiny")).count("hello") > 0
    assert "model.safetensors" not in owned.asked


def test_what_is_here_already_needs_no_network(owned, monkeypatch):
    first = load()
    point_hub_to(monkeypatch, CLOSED_PORT)
    assert load().facts == first.facts


def test_a_tokenizer_that_is_here_is_not_asked_for_again(owned, monkeypatch):
    spec = ModelSpec(source="owner/tiny")
    assert not is_here(spec)
    assert owned.asked == []
    before = load_tokenizer(spec).count("hello")
    assert is_here(spec)
    point_hub_to(monkeypatch, CLOSED_PORT)
    assert load_tokenizer(spec).count("hello") == before
    assert read_context(spec) == CONTEXT


@pytest.mark.parametrize("name", ["owner/--bad", "a..b"])
def test_an_id_the_hub_does_not_allow_is_not_here(hub, name):
    assert not is_here(ModelSpec(source=name))


def test_no_network_is_said(hub, monkeypatch):
    point_hub_to(monkeypatch, CLOSED_PORT)
    with pytest.raises(ModelError, match="hub cannot be reached"):
        load()


def test_weights_that_are_not_here_without_network_are_said(owned, monkeypatch):
    load_tokenizer(ModelSpec(source="owner/tiny"))
    # The library waits 23 s in all before it gives up.
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    point_hub_to(monkeypatch, CLOSED_PORT)
    with pytest.raises(ModelError, match="hub cannot be reached"):
        load()


def test_an_unknown_id_is_refused(hub):
    with pytest.raises(ModelError, match="The hub has no model 'owner/none'"):
        load("owner/none")


def test_an_unknown_revision_is_refused(owned):
    with pytest.raises(ModelError, match="no revision 'v9'"):
        load(revision="v9")


def test_a_gated_model_says_what_to_do(owned):
    owned.gated.add("owner/tiny")
    with pytest.raises(ModelError, match="hf auth login"):
        load()


@pytest.mark.parametrize("name", ["owner/--bad", "a..b", "-x"])
def test_an_id_the_hub_does_not_allow_is_refused(hub, name):
    with pytest.raises(ModelError, match="'owner/name'"):
        load(name)


def test_pickles_are_refused_before_anything_large_is_fetched(owned):
    del owned.repositories["owner/tiny"]["model.safetensors"]
    del owned.repositories["owner/tiny"]["onnx/model.safetensors"]
    with pytest.raises(ModelError, match="pickle"):
        load()
    assert "pytorch_model.bin" not in owned.asked


def test_an_encoder_is_refused_before_its_weights_are_fetched(owned):
    config = json.dumps({"model_type": "bert"}).encode()
    owned.repositories["owner/tiny"]["config.json"] = config
    with pytest.raises(ModelError, match="is an encoder"):
        load()
    assert "model.safetensors" not in owned.asked


def test_a_repository_without_configuration_is_refused(owned):
    del owned.repositories["owner/tiny"]["config.json"]
    with pytest.raises(ModelError, match=r"config\.json"):
        load()
