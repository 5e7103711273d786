"""Probabilities of a given text, in the first way that a server has; or of what it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError, ModelError, OverBudgetError
from ..progress import Progress, Report
from . import dialects
from .client import Client, Refused
from .connections import Connection
from .dialects import NotThere, Seen

# What leaves probabilities as the model gave them, in the words of several servers.
_PLAIN = {
    "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0,
    "presence_penalty": 0.0, "frequency_penalty": 0.0, "stream": False,
}  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """Tokens with what was told of each.

    Attributes:
        tokens: in order.
        way: how they were got.
        requests: it took so many.
        model: what the server calls the model.
        vocabulary: how many tokens it knows.
    """

    tokens: list[Seen]
    way: str
    requests: int
    model: str
    vocabulary: int


def read_text(
    to: Connection, text: str, top_k: int, most_requests: int, report: Report
) -> Answered:
    """Return the probabilities of a given text.

    Raises:
        InputError: the server does not say how large its vocabulary is, and nobody else does.
        OverBudgetError: it can only be asked token by token, and there are too many.
        ModelError: it cannot be asked, or gives no probabilities in any known way.
    """
    report(Progress(0, 0, f"Asking {to.name}"))
    with Client(to, report) as client:
        model, vocabulary = about(client, to)
        reasons = []
        ways: dict[str, Callable[[], list[Seen]]] = {
            "prompt_logprobs": lambda: _prompt_logprobs(client, model, text, top_k),
            "echo": lambda: _echo(client, model, text, top_k),
            "one by one": lambda: _one_by_one(client, model, text, top_k, most_requests, report),
        }
        for way, ask in ways.items():
            try:
                tokens = ask()
            except (Refused, NotThere) as error:
                reasons.append(str(error))
                continue
            return Answered(tokens, way, client.requests, model, vocabulary)
    raise ModelError(
        f"The server {to.name!r} gives no probabilities of a text it is given: {reasons[-1]} "
        "Let it write instead."
    )


@dataclass(frozen=True)
class Sampling:
    """How a server draws.

    Attributes:
        continuations: answers, each asked for by itself.
        temperature, top_p: of every one.
    """

    continuations: int = 1
    temperature: float = 1.0
    top_p: float = 1.0


def write_text(
    to: Connection,
    text: str,
    top_k: int,
    steps: int,
    report: Report,
    sampling: Sampling = Sampling(),
) -> list[Answered]:
    """Return the probabilities of what the server writes to ``text``, a user's message.

    Returns:
        One for each continuation, all of one model; each counts the requests up to it.

    Raises: as ``read_text``.
    """
    total = steps * sampling.continuations
    report(Progress(0, total, f"Asking {to.name}"))
    drawn = {"temperature": sampling.temperature, "top_p": sampling.top_p}
    found: list[Answered] = []
    with Client(to, report) as client:
        model, vocabulary = about(client, to)
        body = {
            **drawn,
            "model": model,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": steps,
            "logprobs": True,
            "top_logprobs": top_k,
        }
        whole = {**_PLAIN, **body}
        for place in range(sampling.continuations):

            def tell(progress: Progress, before: int = place * steps) -> None:
                done = before + progress.done if progress.total else 0
                report(replace(progress, done=done, total=total if progress.total else 0))

            try:
                tokens = _streamed(client, whole, steps, tell)
            except Refused:  # hosted ones refuse words that they do not know
                whole = body
                tokens = _streamed(client, whole, steps, tell)
            if not tokens:
                raise ModelError(f"The server {to.name!r} wrote nothing, or without probabilities.")
            found.append(Answered(tokens, "written", client.requests, model, vocabulary))
    return found


def _streamed(client: Client, body: Mapping[str, Any], steps: int, report: Report) -> list[Seen]:
    tokens: list[Seen] = []
    for piece in client.stream("/chat/completions", body):
        told = (
            dialects.choice_of(piece).get("logprobs")
            if isinstance(piece, Mapping) and piece.get("choices")
            else None
        )
        if told and told.get("content"):
            tokens += dialects.listed(told)
            report(Progress(len(tokens), steps, f"{len(tokens)} of {steps} tokens"))
    return tokens


def about(client: Client, to: Connection) -> tuple[str, int]:
    """Return the name of the model and the size of its vocabulary.

    Raises:
        InputError: nobody says how large the vocabulary is.
        ModelError: the server has no such model, or cannot be asked.
    """
    listed = client.get("/models")
    found = listed.get("data") if isinstance(listed, Mapping) else None
    models = [each for each in found or () if isinstance(each, Mapping) and each.get("id")]
    names = [str(each["id"]) for each in models]
    if to.model and names and to.model not in names:
        known = ", ".join(names[:10])
        raise ModelError(f"The server {to.name!r} has no model {to.model!r}; it has {known}.")
    if not (to.model or names):
        raise ModelError(f"The server {to.name!r} does not say which models it has.")
    model = to.model or names[0]
    meta = next((each.get("meta") for each in models if each["id"] == model), None)
    told = meta.get("n_vocab") if isinstance(meta, Mapping) else None
    vocabulary = to.vocabulary or (told if isinstance(told, int) else 0)
    if vocabulary < 1:
        raise InputError(
            f"The server {to.name!r} does not say how many tokens its model knows, which the upper "
            'bound needs. Add "vocabulary" to the server, such as 128256 for Llama 3.'
        )
    return model, vocabulary


def _prompt_logprobs(client: Client, model: str, text: str, top_k: int) -> list[Seen]:
    body = {
        **_PLAIN, "model": model, "prompt": text, "max_tokens": 1, "prompt_logprobs": top_k,
        "return_token_ids": True,
    }  # fmt: skip
    return dialects.prompt_logprobs(client.post("/completions", body))


def _echo(client: Client, model: str, text: str, top_k: int) -> list[Seen]:
    body = {
        **_PLAIN, "model": model, "prompt": text, "max_tokens": 0, "echo": True, "logprobs": top_k,
    }  # fmt: skip
    return dialects.echoed(client.post("/completions", body))


def _one_by_one(
    client: Client, model: str, text: str, top_k: int, most: int, report: Report
) -> list[Seen]:
    """Ask for the next token after every beginning of the text."""
    # Every server takes the word it knows.
    body = {
        "model": model, "content": text, "prompt": text, "with_pieces": True,
        "add_special": False, "add_special_tokens": False, "return_token_strs": True,
    }  # fmt: skip
    cut = dialects.tokenized(client.post("//tokenize", body))
    total = len(cut.ids)
    if total - 1 > most:
        raise OverBudgetError(
            f"This server is asked once for every token: {total - 1:,} requests, each of which "
            f"reads the text up to there; at most {most:,} are allowed. Shorten the text, or raise "
            "the limit."
        )
    found = [Seen(cut.texts[0], cut.pieces[0], cut.ids[0])]
    for place in range(1, total):
        report(Progress(place, total, f"Token {place:,} of {total - 1:,}, one request each"))
        asked = {
            **_PLAIN, "model": model, "prompt": list(cut.ids[:place]), "max_tokens": 1,
            "logprobs": top_k,
        }  # fmt: skip
        seen = dialects.next_token(client.post("/completions", asked))
        own = cut.ids[place], cut.texts[place], cut.pieces[place]
        found.append(dialects.with_token(seen, *own))
    return found
