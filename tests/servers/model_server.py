"""A real HTTP server of the standard library with a real model behind it, in several dialects.

What it answers has the form of vLLM ("vllm": prompt_logprobs by id; "echo": the older tables by
text), of llama.cpp ("llama": token by token, with ids and bytes) or of a hosted service ("hosted":
chat only, and no words it does not know).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch

from backend.models.language import LanguageModel

KEY = "sk-test-0123456789"
_HOSTED = {
    *("model", "messages", "max_tokens", "logprobs", "top_logprobs", "stream"),
    *("temperature", "top_p"),
}


class ModelServer:
    """A server.

    Attributes:
        dialect: see above.
        troubles: what happens to the next questions, the first first; "" for an answer as usual.
        asked: paths and bodies, in order.
        bos: whether a beginning of sequence is put in front of a text.
        after: whether probabilities are told after sampling.
        name: of the model, as it is listed.
        draws: what the next tokens are drawn with; None for the likeliest.
    """

    def __init__(self, model: LanguageModel, dialect: str) -> None:
        self.model, self.dialect = model, dialect
        self.troubles: list[str] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.bos = self.after = False
        self.draws: torch.Generator | None = None
        self.address, self.name = "", model.facts.name

    # Numbers

    def rows(self, ids: list[int]) -> torch.Tensor:
        """Return logprobs of the next token after every beginning of ``ids``, float64 [T, V]."""
        with torch.inference_mode():
            hidden = self.model.hidden_states(torch.tensor([ids]))
            return self.model.unembed(hidden)[0].double().log_softmax(-1)

    def encode(self, text: str) -> list[int]:
        ids = self.model.tokenizer.encode(text).ids.tolist()
        return [0, *ids] if self.bos else ids

    def shown(self, number: int) -> str:
        return self.model.tokenizer.decode([number])

    def piece(self, number: int) -> bytes:
        return self.model.tokenizer.piece_bytes(number) or self.shown(number).encode()

    # Answers

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/v1/models":
            meta = {"n_vocab": self.model.facts.vocab_size} if self.dialect == "llama" else None
            return 200, {"object": "list", "data": [{"id": self.name, "meta": meta}]}
        if path == "/tokenize" and self.dialect == "llama":
            tokens = []
            for each in self.encode(body["content"]):
                raw = self.piece(each)
                text = raw.decode("utf-8", "replace")
                tokens.append({"id": each, "piece": list(raw) if "\ufffd" in text else text})
            return 200, {"tokens": tokens}
        if path == "/v1/completions" and self.dialect != "hosted":
            return self._completion(body)
        return 404, {"error": {"message": "Not Found"}}

    def _completion(self, body: dict[str, Any]) -> tuple[int, Any]:
        if isinstance(body["prompt"], list):
            return 200, {"choices": [{"logprobs": self._next(body["prompt"], body["logprobs"])}]}
        ids = self.encode(body["prompt"])
        if self.dialect == "vllm" and "prompt_logprobs" in body:
            choice = {
                "prompt_logprobs": self._tables(ids, body["prompt_logprobs"]),
                "prompt_token_ids": ids,
            }
            return 200, {"choices": [choice]}
        if body.get("echo"):
            if self.dialect == "llama":
                return 400, {"error": {"message": "Only no echo is supported"}}
            return 200, {"choices": [{"logprobs": self._echo(ids, body["logprobs"])}]}
        return 200, {"choices": [{"text": "…", "logprobs": None}]}

    def _tables(self, ids: list[int], top_k: int) -> list[Any]:
        found: list[Any] = [None]
        for row, own in zip(self.rows(ids)[:-1], ids[1:], strict=True):
            order = row.argsort(descending=True).tolist()
            rank = order.index(own) + 1
            wanted = dict.fromkeys([own, *order[:top_k]])
            found.append(
                {
                    str(each): {
                        "logprob": row[each].item(),
                        "rank": rank if each == own else order.index(each) + 1,
                        "decoded_token": self.shown(each),
                    }
                    for each in wanted
                }
            )
        return found

    def _echo(self, ids: list[int], top_k: int) -> dict[str, Any]:
        rows = self.rows(ids)[:-1]
        values, places = rows.topk(top_k)
        tables = [
            {self.shown(number): value for number, value in zip(numbers, row, strict=True)}
            for numbers, row in zip(places.tolist(), values.tolist(), strict=True)
        ]
        own = [row[number].item() for row, number in zip(rows, ids[1:], strict=True)]
        return {
            "tokens": [self.shown(each) for each in ids],
            "token_logprobs": [None, *own],
            "top_logprobs": [None, *tables],
        }

    def _next(self, ids: list[int], top_k: int) -> dict[str, Any]:
        return {"content": [self._entry(self.rows(ids)[-1], top_k)]}

    def _draw(self, row: torch.Tensor, temperature: float, top_p: float) -> int:
        if self.draws is None:
            return int(row.argmax())
        p, order = (row / max(temperature, 1e-6)).softmax(-1).sort(descending=True)
        p = torch.where(p.cumsum(0) - p < top_p, p, 0)
        return int(order[torch.multinomial(p, 1, generator=self.draws)])

    def _entry(self, row: torch.Tensor, top_k: int, own: int | None = None) -> dict[str, Any]:
        if self.after:  # as llama.cpp with post_sampling_probs, after a top-k of five
            row = torch.where(row >= row.topk(5).values[-1], row, -torch.inf).log_softmax(-1)
        name, many = ("prob", "top_probs") if self.after else ("logprob", "top_logprobs")

        def of(number: int) -> dict[str, Any]:
            raw = self.piece(number)
            value = row[number].exp().item() if self.after else row[number].item()
            told = {"token": raw.decode("utf-8", "replace"), "bytes": list(raw), name: value}
            return told if self.dialect == "hosted" else {"id": number, **told}

        order = row.argsort(descending=True)[:top_k].tolist()
        return {**of(order[0] if own is None else own), many: [of(each) for each in order]}

    def written(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the pieces of an answer in a chat, greedily written."""
        ids = self.encode(body["messages"][0]["content"])
        yield {"choices": [{"delta": {"role": "assistant"}}]}
        for _ in range(body["max_tokens"]):
            row = self.rows(ids)[-1]
            ids.append(self._draw(row, body["temperature"], body["top_p"]))
            entry = self._entry(row, body["top_logprobs"], ids[-1])
            yield {
                "choices": [
                    {"delta": {"content": entry["token"]}, "logprobs": {"content": [entry]}}
                ]
            }
        yield {"choices": [], "usage": {}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._respond({})

    def do_POST(self) -> None:
        self._respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _respond(self, body: dict[str, Any]) -> None:
        ours: ModelServer = self.server.ours
        ours.asked.append((self.path, body))
        trouble = ours.troubles.pop(0) if ours.troubles else ""
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self._send(401, {"error": {"message": f"bad key {KEY} for {ours.address}"}})
        if trouble == "busy":
            return self._send(429, {"error": "busy"}, {"Retry-After": "0.05"})
        if trouble == "elsewhere":
            return self._send(302, {}, {"Location": "http://127.0.0.1:1/"})
        if trouble == "broken":
            return self._send(200, None, raw=b'{"choices": [')
        if trouble == "fault":
            return self._send(500, {"error": {"message": f"fault of {KEY} at {ours.address}"}})
        if trouble == "slow":
            time.sleep(1.5)
        if trouble == "gone":
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if self.path == "/v1/chat/completions":
            strange = set(body) - _HOSTED
            if ours.dialect == "hosted" and strange:
                message = f"Unrecognized request argument: {min(strange)}"
                return self._send(400, {"error": {"message": message}})
            return self._stream(ours, body, trouble)
        return self._send(*ours.answer(self.path, body))

    def _stream(self, ours: ModelServer, body: dict[str, Any], trouble: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for place, piece in enumerate(ours.written(body)):
            if trouble == "broken stream" and place == 2:
                self.wfile.write(b"data: {broken\n\n")
            if trouble == "error in stream" and place == 2:
                piece = {"error": {"message": "out of memory"}}
            self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b": a remark\n\ndata: [DONE]\n\n")
        self.close_connection = True

    def _send(self, status: int, answer: Any, headers: Any = None, raw: bytes = b"") -> None:
        content = raw or json.dumps(answer).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(model: LanguageModel, dialect: str) -> Iterator[ModelServer]:
    """Run a server of ``dialect`` on a free port of this machine inside the block."""
    ours = ModelServer(model, dialect)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    http.ours = ours  # type: ignore[attr-defined]
    ours.address = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ours
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
