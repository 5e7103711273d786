"""A reader without a browser: Streamlit's websocket, our routes and events, one jar of cookies."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2 as httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 300.0
"""Seconds until an answer that has not come counts as an error."""
OWN = {"X-Entroscope": "1"}
_FRAME = "frame"


class LoadError(Exception):
    """A reader did not get what it asked for."""


class Reader:
    """One reader, who opens pages, changes lenses and runs texts.

    Args:
        url: of the server, without a slash at the end.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=PATIENCE)
        self._socket: ClientConnection | None = None
        self._page = ""
        self._component = ""
        self._serial = int(time.time() * 1000)
        self._asked: list[dict[str, Any]] = []
        self.said: dict[str, Any] = {}

    async def __aenter__(self) -> Reader:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._http.aclose()

    async def open(self, page: str, query: str = "") -> None:
        """Load a page as a browser does, and wait for its script."""
        answer = await self._http.get(f"/{page}?{query}")
        answer.raise_for_status()
        cookies = "; ".join(f"{each.name}={each.value}" for each in self._http.cookies.jar)
        self._socket = await connect(
            f"ws{self._url.removeprefix('http')}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[reportArgumentType]
            origin=self._url,  # type: ignore[reportArgumentType]
            additional_headers={"Cookie": cookies} if cookies else {},
            max_size=None,
            ping_interval=None,
        )
        self._page = page
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        await self._run(message)

    async def change(self, page: str, ask: Mapping[str, Any] | None = None) -> None:
        """Report the page on screen, such as "read/attention", and what is asked for."""
        if ask:
            self._serial += 1
            self._asked.append({"serial": self._serial, **ask})
        self._serial += 1
        report = {"serial": self._serial, "page": page, "asked": self._asked}
        message = BackMsg()
        message.rerun_script.page_name = self._page
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.json_value = self._component, json.dumps({"report": report})
        await self._run(message)
        self._asked = [each for each in self._asked if each["serial"] > self.said["acked"]]
        for notice in self.said["notices"]:
            if notice["kind"] == "error":
                raise LoadError(notice["text"])

    async def run(self, text: str) -> float:
        """Run a text in Tokens until its numbers are here, and return the seconds it took."""
        start = time.perf_counter()
        await self.change("read/tokens", {"do": "run", "kind": "text", "fields": {"text": text}})
        job = self.said["job"]
        if job is not None:
            last = await self._follow(job["id"])
            if last["type"] != "done":
                raise LoadError(last.get("message") or last["type"])
            await self.change("read/tokens", {"do": "arrived", "job": job["id"]})
        await self.fetch("text")
        return time.perf_counter() - start

    async def fetch(self, part: str) -> int:
        """Fetch a part of the run on screen and return its bytes."""
        contents = self.said["reading"]["contents"]
        content = contents.get(self.said["page"]["kind"]) or next(iter(contents.values()))
        answer = await self._http.get(f"/data/{content}/{part}")
        answer.raise_for_status()
        return len(answer.content)

    async def teach(self, key: str) -> None:
        """Become the teacher of a class."""
        answer = await self._http.post("/teach", data={"key": key}, follow_redirects=False)
        if answer.status_code != 303:
            raise LoadError(f"The key was refused: {answer.status_code}.")

    async def act(self, what: str, **said: Any) -> None:
        """Do something in the class, such as ``answer``."""
        answer = await self._http.post(f"/class/{what}", json=said, headers=OWN)
        if answer.is_error:
            raise LoadError(answer.text)

    async def class_events(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the class is told, from now on."""
        async with self._http.stream("GET", "/class/events", timeout=None) as stream:
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def _follow(self, job: str) -> dict[str, Any]:
        async with self._http.stream("GET", f"/events/{job}") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    said = json.loads(line.removeprefix("data: "))
                    if said["type"] not in ("progress", "partial"):
                        return said
        raise LoadError("The stream ended before the study.")

    async def _run(self, message: BackMsg) -> None:
        if self._socket is None:
            raise LoadError("The page is not open.")
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while True:
                said = ForwardMsg.FromString(bytes(await self._socket.recv(decode=False)))
                if self._hears(said):
                    return

    def _hears(self, said: ForwardMsg) -> bool:
        """Take over what the server says; return whether the script ended."""
        kind = said.WhichOneof("type")
        if kind == "delta" and said.delta.WhichOneof("type") == "new_element":
            element = said.delta.new_element
            if element.WhichOneof("type") == "exception":
                raise LoadError(element.exception.message)
            if element.WhichOneof("type") == "bidi_component":
                found = element.bidi_component
                if found.id.endswith(_FRAME):
                    self._component, self.said = found.id, json.loads(found.json)
        return (
            kind == "script_finished"
            and said.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        )
