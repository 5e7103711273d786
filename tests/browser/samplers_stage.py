"""A page with the views of samplers alone: rows, one step and tree, on runs made here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from playwright.sync_api import Page, Route

from backend.charts.colours import javascript
from backend.decoding.one_step import apply_samplers, catalogue, temperature_sweep
from backend.errors import EntroscopeError
from backend.lenses import LENSES
from backend.lenses.descriptors import describe
from backend.lenses.panels.trajectories.catalogue import plain_samplers
from backend.runs.trajectories import Origin, TrajectoryRun, plans
from backend.storage.files import load_run
from backend.web.samplers import Steps
from tests.runs.makers import trajectory_run

ROOT = Path(__file__).parents[2]
BROWSER = ROOT / "components" / "browser"
URL = "http://stage.test/"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Samplers</title>
<link rel="icon" href="data:,"><style>html,body{margin:0;height:100%}</style></head>
<body><div id="host" style="height:100%"></div><script type="module">
import { dressRoot } from "/assets/colour.js";
const root = document.getElementById("host").attachShadow({ mode: "open" });
const sheet = document.createElement("link");
Object.assign(sheet, { rel: "stylesheet", href: "/styles.css" });
const frame = document.createElement("div");
frame.className = "frame";
frame.style.cssText = "display:grid;height:100vh;grid-template:auto minmax(0,1fr) 12rem" +
  " / minmax(0,1fr) min(21rem, max(0px, 100vw - 400px))";
root.append(sheet, frame);
window.calls = [];
window.asked = [];
window.stage = {
  state: {
    unit: "nats", theme: "light", colour: null, spread: false, row: null, step: null, seed: 0,
    reference: null, wrapped: false, draft: null,
  },
  address: { base: "/" },
  fields: {
    run: () => window.asked.push({ do: "run", ...window.views[0].fields() }),
    estimate: async () => "about 3 s",
  },
  reports: { ask: (what) => window.asked.push(what) },
  dataUrl: (content, part, asked = {}) =>
    `/data/${content}/${part}?${new URLSearchParams(asked)}`,
  set(change) {
    const { state } = window.stage;
    const other = (key) => JSON.stringify(change[key]) !== JSON.stringify(state[key]);
    const names = Object.keys(change).filter(other);
    Object.assign(state, change);
    if (!names.length) return;
    window.calls.push(change);
    if (names.includes("theme")) dressRoot(root, state.theme);
    for (const view of window.views) view.update(new Set(names));
  },
};
dressRoot(root, "light");
window.mount = async (panels, run, state) => {
  Object.assign(window.stage.state, state);
  const places = { samplers: "2 / 1", step: "1 / 2 / -1", tree: "3 / 1" };
  window.views = [];
  for (const panel of panels) {
    const { default: View } = await import(`/assets/views/${panel.module}.js`);
    const view = new View(window.stage, panel);
    const box = document.createElement("div");
    box.style.cssText = `grid-area:${places[panel.module]};min-height:0;min-width:0;overflow:auto`;
    box.append(view.node);
    if (view.legend) frame.append(view.legend);
    frame.append(box);
    window.views.push(view);
  }
  await Promise.all(window.views.map((view) => view.show(run)));
};
window.show = (run) => Promise.all(window.views.map((view) => view.show(run)));
window.ready = true;
</script></body></html>"""

CLASSICS = "classics"
LENS = LENSES["trajectories"]


def example(name: str) -> TrajectoryRun:
    """Return a shipped run."""
    run = load_run(ROOT / "examples" / f"trajectories_{name}.safetensors")
    assert isinstance(run, TrajectoryRun)
    return run


def branch_of(run: TrajectoryRun, sampler: int, step: int) -> TrajectoryRun:
    """Return a branch of seed 0 of ``run`` that puts t49 in the place of a step."""
    shared = run.token_ids[sampler, 0, :step].tolist()
    made = trajectory_run(("greedy",), seeds=(0,))
    request = replace(
        made.request,
        samplers=(run.request.samplers[sampler],),
        prefix_ids=(*run.request.prefix_ids, *shared, 49),
        origin=Origin(run.request.key, sampler, 0, step),
    )
    texts = {str(each): run.token(each) for each in shared}
    return replace(
        made,
        request=request,
        labels=[run.labels[sampler]],
        vocabulary={**texts, **made.vocabulary, "49": " chosen"},
    )


def hostile(run: TrajectoryRun) -> TrajectoryRun:
    """Return the run with tokens that would be markup."""
    words = ["<img src=x onerror='window.hacked=1'>", "\n", "", "{{x}}", " <b>bold</b>"]
    texts = {each: words[int(each) % len(words)] for each in run.vocabulary}
    return replace(run, vocabulary=texts, labels=["<i>greedy</i>", "top_p"])


def runs() -> dict[str, TrajectoryRun]:
    """Return the runs by their content."""
    made = trajectory_run(seeds=(0,))
    single = example("classics")
    stopped = np.full_like(made.token_ids, -1)
    growing = [
        replace(
            made,
            lengths=np.minimum(made.lengths, each),
            endings=[["stopped"], ["stopped"]],
            stopped=True,
        )
        for each in (1, 3)
    ]
    chain = plans(["greedy", ["top_k", ("top_p", {"p": 0.8})]])
    mirostat = plans(["greedy", ("mirostat_v2", {"tau": 3.0})])
    return {
        CLASSICS: single,
        "branch": branch_of(single, 1, 2),
        "traps": example("traps"),
        "made": made,
        "seeds": trajectory_run(seeds=(4, 9)),
        "chain": replace(made, request=replace(made.request, samplers=chain)),
        "mirostat": replace(made, request=replace(made.request, samplers=mirostat)),
        "hostile": hostile(made),
        "one": replace(made, lengths=np.ones_like(made.lengths)),
        "empty": replace(
            made, lengths=np.zeros_like(made.lengths), token_ids=stopped, stopped=True
        ),
        "partial-1": growing[0],
        "partial-2": growing[1],
    }


class Server:
    """Answers the page's requests without a port."""

    def __init__(self) -> None:
        self.runs = runs()
        self.asked: list[Any] = []
        source = SimpleNamespace(
            run_of=self.runs.get,
            apply_samplers=apply_samplers,
            temperature_sweep=temperature_sweep,
            next_token=lambda spec, ids: SimpleNamespace(result=lambda timeout: falling()),
        )
        self._steps = Steps(source)  # type: ignore[reportArgumentType]

    def __call__(self, route: Route) -> None:
        """Fulfil one request."""
        url = urlsplit(route.request.url)
        path, asked = url.path.removeprefix("/"), dict(parse_qsl(url.query))
        try:
            body, kind = self._answer(path, asked, route.request.post_data)
        except EntroscopeError as error:
            route.fulfill(status=400, body=str(error))
            return
        route.fulfill(body=body, content_type=kind)

    def _answer(self, path: str, asked: Mapping[str, str], posted: str | None) -> tuple[Any, str]:
        script = "text/javascript"
        if path == "":
            return PAGE, "text/html"
        if path == "styles.css":
            sheets = [BROWSER / "base.css", *sorted((BROWSER / "views").glob("*.css"))]
            return "\n".join(each.read_text("utf-8") for each in sheets), "text/css"
        if path == "assets/colours.js":
            return javascript(), script
        if path.startswith("assets/"):
            return (BROWSER / path.removeprefix("assets/")).read_text("utf-8"), script
        if path == "sampling":
            return json.dumps(plain_samplers(catalogue())), "application/json"
        if path == "sampling/step":
            self.asked.append(json.loads(posted or ""))
            return json.dumps(self._steps.answer(self.asked[-1])), "application/json"
        _, content, part = path.split("/")
        panel = LENS.panel(part)
        assert panel is not None
        return panel.parcel(self.runs[content], asked), "application/octet-stream"


def falling() -> np.ndarray:
    """Return a distribution over a vocabulary of any size that is ours."""
    weights = 0.9 ** np.arange(50_000)
    return weights / weights.sum()


def panels() -> list[dict[str, Any]]:
    """Return the panels as the browser gets them."""
    wanted = ("samplers", "step", "tree")
    return [each for each in describe(LENS)["panels"] if each["module"] in wanted]


def open_stage(page: Page, content: str, branches: list[str], **state: Any) -> Server:
    """Show a run with its branches."""
    server = Server()
    page.route(f"{URL}**", server)
    page.goto(URL)
    page.wait_for_function("() => window.ready")
    run = {"content": content, "kind": "trajectories", "branches": branches}
    page.evaluate(
        "([panels, run, state]) => window.mount(panels, run, state)", [panels(), run, state]
    )
    return server
