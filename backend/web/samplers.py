"""Routes of the sampler lens: which samplers there are, and what they make of one distribution."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..errors import EntroscopeError, InputError
from ..lenses.panels.trajectories.catalogue import plain_samplers
from ..lenses.panels.trajectories.step import LISTED
from ..runs import ModelSpec, Run
from ..runs.sampler_info import Filtered, SamplerInfo
from ..runs.trajectories import MAX_SAMPLERS, Plan, SamplerSpec, TrajectoryRun
from ..storage.strict_json import parse
from .routes import OWN_HEADER, read_body

MOST_BYTES = 200_000
"""Of a question; longer ones are refused."""

_PATIENCE = 120  # seconds until a model must have answered, loading it included
_KEPT = 16  # distributions that are remembered, of some hundred kilobytes each
_MOST_TOKENS = 64  # of a distribution made by hand
_TEMPERATURES = np.round(np.linspace(0.2, 3.0, 15), 2)


class Answer(Protocol):
    """Work of the model."""

    def result(self, timeout: float | None = None) -> Any: ...


class Source(Protocol):
    """What these routes need of ``backend.cached``."""

    def run_of(self, content: str) -> Run | None: ...
    def sampler_catalogue(self) -> Sequence[SamplerInfo]: ...
    def next_token(self, spec: ModelSpec, ids: Sequence[int]) -> Answer: ...
    def apply_samplers(
        self, probs: np.ndarray, plans: Sequence[Plan], states: Sequence[Mapping[str, float]] = ()
    ) -> list[Filtered]: ...
    def temperature_sweep(
        self, probs: np.ndarray, plans: Sequence[Plan], temperatures: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray]: ...


def sampler_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the routes.

    - ``GET sampling``: every sampler with its parameters, as JSON
    - ``POST sampling/step``: what samplers make of one distribution; see ``Steps.answer``

    Args:
        source: the engine.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")
    steps = Steps(source)

    async def catalogue(request: Request) -> Response:
        found = await run_in_threadpool(lambda: plain_samplers(source.sampler_catalogue()))
        return JSONResponse(found)

    async def step(request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return PlainTextResponse(f"The header {OWN_HEADER} is missing.", 403)
        body = await read_body(request, MOST_BYTES)
        if body is None:
            return PlainTextResponse("The question is too long.", 413)
        try:
            return JSONResponse(await run_in_threadpool(steps.answer, parse(body)))
        except EntroscopeError as error:
            return PlainTextResponse(str(error), 400)
        except TimeoutError:
            return PlainTextResponse("The model is still at other work. Try again.", 503)
        except (LookupError, TypeError, ValueError, RecursionError):
            return PlainTextResponse("The question cannot be read.", 400)

    return [
        Route(f"{base}/sampling", catalogue),
        Route(f"{base}/sampling/step", step, methods=["POST"]),
    ]


@dataclass(frozen=True, eq=False)
class _Asked:
    """A distribution and what is known beside it.

    Attributes:
        probs: float64 [n].
        listed: places of the tokens whose probabilities are told.
        states: what the samplers remember.
    """

    probs: np.ndarray
    listed: np.ndarray
    states: list[dict[str, float]]


class Steps:
    """Answers what samplers make of a step; remembers the distributions asked for lately."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, said: Any) -> dict[str, Any]:
        """Return what every sampler makes of one distribution.

        Args:
            said: ``samplers``, a list of chains of ``{name, parameters}``; either ``probs``, or
                the ``content`` of a run with ``row`` and ``step``, and ``of``: by sampler, whose
                memory in that run it judges with, or null. With ``sweep`` also what becomes of the
                distribution at many temperatures.

        Raises:
            EntroscopeError: that makes no sense, or the model cannot be asked.
            KeyError, TypeError, ValueError: it is written wrongly.
        """
        plan_list = [_plan(each) for each in said["samplers"]]
        if len(plan_list) > MAX_SAMPLERS:
            raise InputError(f"At most {MAX_SAMPLERS} samplers are compared.")
        asked = _by_hand(said["probs"]) if "probs" in said else self._of_run(said)
        found = self._source.apply_samplers(asked.probs, plan_list, asked.states)
        heats = _TEMPERATURES.tolist() if said.get("sweep") else []
        entropy, kept = self._source.temperature_sweep(
            asked.probs, [(SamplerSpec("temperature"),), *plan_list], heats
        )
        shares = asked.probs[asked.probs > 0]
        surprisal = -np.log(shares)
        mean = float(shares @ surprisal)
        return {
            "samplers": [
                {
                    "count": int(each.kept.sum()),
                    "mass": each.kept_mass,
                    "after": each.entropy,
                    "kl": each.divergence,
                    "probs": each.probs[asked.listed].tolist(),
                    "sweep": entropy[place + 1].tolist(),
                    "kept": kept[place + 1].tolist(),
                }
                for place, each in enumerate(found)
            ],
            "temperatures": heats,
            "raw": asked.probs[asked.listed].tolist(),
            "entropy": mean,
            "varentropy": float(shares @ (surprisal - mean) ** 2),
            "sweep": entropy[0].tolist(),
        }

    def _of_run(self, said: Mapping[str, Any]) -> _Asked:
        run = self._source.run_of(str(said["content"]))
        if not isinstance(run, TrajectoryRun):
            raise InputError("This run is not here any longer. Run it again.")
        sampler, seed = divmod(int(said["row"]), len(run.request.seeds))
        step = int(said["step"])
        if not (0 <= sampler < len(run.labels) and 0 <= step < run.lengths[sampler, seed]):
            raise InputError("This row has no such step.")
        states = [_remembered(run, each, seed, step) for each in said["of"]]
        listed = run.raw_top_ids[sampler, seed, step][:LISTED]
        return _Asked(self._distribution(run, sampler, seed, step), listed, states)

    def _distribution(self, run: TrajectoryRun, sampler: int, seed: int, step: int) -> np.ndarray:
        before = run.token_ids[sampler, seed, :step].tolist()
        ids = (*run.prompt_ids.tolist(), *run.request.prefix_ids, *before)
        key = (run.request.model, ids)
        known = self._known.get(key)
        if known is None:
            known = self._source.next_token(run.request.model, ids).result(_PATIENCE)
            with self._lock:
                self._known[key] = known
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return known


def _by_hand(probs: Sequence[float]) -> _Asked:
    shares = np.array([float(each) for each in probs])
    if len(shares) > _MOST_TOKENS:
        raise InputError(f"A distribution made by hand has at most {_MOST_TOKENS} tokens.")
    if not (shares >= 0).all() or not shares.sum() > 0:
        raise InputError("A distribution needs at least one token with a probability above 0.")
    return _Asked(shares / shares.sum(), np.arange(len(shares)), [])


def _remembered(run: TrajectoryRun, sampler: Any, seed: int, step: int) -> dict[str, float]:
    """Return what a sampler of the run remembered at a step, or at its last one before."""
    if sampler is None or not 0 <= int(sampler) < len(run.labels):
        return {}
    last = min(step, int(run.lengths[int(sampler), seed]) - 1)
    told = {name: float(values[int(sampler), seed, last]) for name, values in run.details.items()}
    return {name: value for name, value in told.items() if np.isfinite(value) and last >= 0}


def _plan(chain: Any) -> Plan:
    links = tuple(SamplerSpec(str(each["name"]), dict(each["parameters"])) for each in chain)
    if not links:
        raise InputError("A chain needs at least one sampler.")
    return links
