"""A proxy that takes a prefix off every path, as one in front of several servers does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class _Proxy:
    prefix: str
    port: int

    async def start(self) -> int:
        """Listen; return the port."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        """End all connections."""
        self.server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first, *headers = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        except asyncio.IncompleteReadError:  # a connection that was opened ahead and not used
            return writer.close()
        method, path, version = first.split(b" ")
        if not path.startswith(f"{self.prefix}/".encode()):
            writer.write(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n")
            return writer.close()
        if b"upgrade: websocket" not in map(bytes.lower, headers):
            # One request a connection: the next one's path would go by unread.
            headers = [each for each in headers if not each.lower().startswith(b"connection:")]
            headers.insert(0, b"Connection: close")
        path = path.removeprefix(self.prefix.encode())
        beyond, onward = await asyncio.open_connection("127.0.0.1", self.port)
        onward.write(b"\r\n".join([b" ".join((method, path, version)), *headers]))
        await asyncio.gather(_pass_on(reader, onward), _pass_on(beyond, writer))
        return None


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def stripping(prefix: str, port: int) -> Iterator[str]:
    """Serve what listens on a local ``port`` below ``prefix``; give the address of that."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = _Proxy(prefix, port)
    own = asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(10)
    try:
        yield f"http://127.0.0.1:{own}{prefix}"
    finally:
        asyncio.run_coroutine_threadsafe(proxy.end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
