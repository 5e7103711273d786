"""Opens and closes sessions on Streamlit's own server, in one process, and prints what is left.

``sessions.py FOLDER MODE``: FOLDER holds a tiny model, MODE is one of ``MODES``.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import weakref
from contextlib import ExitStack
from pathlib import Path

import psutil
import streamlit as st
from starlette.testclient import TestClient
from streamlit import config, runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from backend import cached
from backend.runs import ModelSpec, TextRequest
from components import streamlit_private

PAGE = Path(__file__).with_name("session_page.py")
HELD = 1.0  # seconds that a closed session may come back
PATIENCE = 60.0


def open_session(client, stack):
    """Open a session and wait until its page was drawn; return a weak reference to it."""
    before = {info.session.id for info in sessions()}
    socket = stack.enter_context(
        client.websocket_connect("/_stcore/stream", subprotocols=["streamlit"])
    )
    message = BackMsg()
    message.rerun_script.SetInParent()
    socket.send_bytes(message.SerializeToString())
    while True:
        said = ForwardMsg()
        said.ParseFromString(socket.receive_bytes())
        if said.WhichOneof("type") == "script_finished":
            break
    (new,) = (info.session for info in sessions() if info.session.id not in before)
    return weakref.ref(new)


def sessions():
    return runtime.get_instance()._session_mgr.list_active_sessions()


def load(folder):
    spec = ModelSpec(source=folder, device="cpu")
    cached.submit(TextRequest(text="She sells.", model=spec), stay=True).result(PATIENCE)


def left(references):
    return sum(reference() is not None for reference in references)


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)


def opened_before_the_load(client, folder):
    with ExitStack() as staying:
        with ExitStack() as stack:
            references = [open_session(client, stack) for _ in range(100)]
            # Streamlit's own loop holds on to the session that it looked at last.
            open_session(client, staying)
            load(folder)
            opened = left(references)
        wait_for(lambda: left(references) == 0)
        return {"opened": opened, "left": left(references)}


def many(client, folder):
    load(folder)
    process = psutil.Process()

    def round_of(count):
        references = []
        for _ in range(count):
            with ExitStack() as stack:
                references.append(open_session(client, stack))
        return references

    round_of(20)  # what every server needs once
    before = process.memory_info().rss
    references = round_of(200)
    after = process.memory_info().rss
    return {"bytes": (after - before) / len(references), "left": left(references)}


def forgotten(client, folder):
    """Close a session on a server where nobody else comes or goes, and wait until it is due."""
    with ExitStack() as staying:
        with ExitStack() as stack:
            reference = open_session(client, stack)
            open_session(client, staying)
        time.sleep(2 * HELD)
        gc.collect()
        held = left([reference])
        streamlit_private.forget_closed_sessions()
        gc.collect()
        return {"held": held, "left": left([reference])}


MODES = {"open-before-load": opened_before_the_load, "many": many, "forget": forgotten}

if __name__ == "__main__":
    folder, what = sys.argv[1:]
    config.set_option("server.disconnectedSessionTTL", HELD)
    config.set_option("runner.postScriptGC", False)  # as in our own config.toml
    config.set_option("server.fileWatcherType", "none")
    with TestClient(st.App(str(PAGE)), base_url="http://localhost") as client:
        found = MODES[what](client, folder)
    print(json.dumps(found))  # noqa: T201
