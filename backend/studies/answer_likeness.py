"""How alike sampled answers are: by words, states, embeddings, and whoever judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..decoding.answers import Sampled
from ..decoding.judging import judge_sameness, judge_truth
from ..measures.meanings import (
    eigen_score,
    graph,
    kernel_language_entropy,
    mean_of_pairs,
    vendi,
    volume,
)
from ..models.entailment import EntailmentModel
from ..models.sentences import sentence_encoder
from ..progress import Progress, Report
from ..runs.answers import AnswersRequest

if TYPE_CHECKING:
    from ..models.language import LanguageModel

Matrices = dict[str, np.ndarray]


def answer_text(model: LanguageModel, sampled: Sampled, temperature: int, answer: int) -> str:
    """Return what an answer says, without what ends it and without white space around it."""
    ids = sampled.ids(temperature, answer)
    ending = sampled.endings[temperature * sampled.token_ids.shape[1] + answer]
    text = model.tokenizer.decode(ids[:-1] if ending == "end" else ids)
    return (text.split("\n")[0] if ending == "line" else text).strip()


def compared(
    model: LanguageModel,
    request: AnswersRequest,
    sampled: Sampled,
    judge: EntailmentModel | None,
    report: Report,
) -> Matrices:
    """Return what needs more than the answers' tokens: embeddings and judgements, [V, …] each."""
    report(Progress(0, 0, "embedding"))
    encoder, question = sentence_encoder(), request.question
    found: dict[str, list[np.ndarray]] = {}
    for place in range(len(request.temperatures)):
        texts = [answer_text(model, sampled, place, each) for each in range(request.answers)]
        embeddings = encoder.embed(texts)
        made = {
            "cosine": _cosine(embeddings),
            "cosine_asked": _cosine(encoder.embed([f"{question} {each}" for each in texts])),
            "vendi": np.float64(vendi(embeddings)),
            "volume": np.float64(volume(embeddings)),
        }
        if request.judge:
            made |= _own_judgement(model, question, texts, report)
        if judge is not None:
            made |= _entailment(judge, question, texts)
        there = ("entails", "contradicts") if judge is not None else ("judged", "judged_not")
        if there[0] in made:
            pair = [torch.from_numpy(made[each]) for each in there]
            made["kle"] = np.float64(kernel_language_entropy(pair[0], pair[1]))
        for name, value in made.items():
            found.setdefault(name, []).append(value)
    found.pop("judged_not", None)
    return {name: np.stack(rows).astype(np.float32) for name, rows in found.items()}


def _cosine(embeddings: torch.Tensor) -> np.ndarray:
    return (embeddings @ embeddings.T).clamp(-1, 1).numpy()


def _own_judgement(
    model: LanguageModel, question: str, texts: list[str], report: Report
) -> dict[str, Any]:
    """Ask about every different text, and every ordered pair of different ones, once."""
    names = list(dict.fromkeys(texts))
    place = {name: i for i, name in enumerate(names)}
    true, mass = judge_truth(model, question, names, report)
    pairs = [(one, other) for one in names for other in names if one != other]
    same, _ = judge_sameness(model, question, pairs, report)
    table = np.eye(len(names))
    for (one, other), share in zip(pairs, same, strict=True):
        table[place[one], place[other]] = share
    of = np.array([place[each] for each in texts])
    judged = table[np.ix_(of, of)]
    return {
        "p_true": true[of], "p_true_mass": mass[of], "judged": judged, "judged_not": 1 - judged,
    }  # fmt: skip


def _entailment(judge: EntailmentModel, question: str, texts: list[str]) -> dict[str, Any]:
    """Judge every ordered pair, each answer behind the question, as Farquhar et al. do."""
    count = len(texts)
    asked = [f"{question} {each}" for each in texts]
    pairs = [(one, other) for one in asked for other in asked]
    entails, contradicts = judge.judge(pairs)
    shape = (count, count)
    return {
        "entails": entails.reshape(shape).numpy(), "contradicts": contradicts.reshape(shape).numpy()
    }  # fmt: skip


def scores(sampled: Sampled, words: list[torch.Tensor], nothing: np.ndarray) -> Matrices:
    """Return what words and states alone say, [V, …] each; ``nothing`` is NaN, [V, Y]."""
    graphs = [graph(each) for each in words]
    states = [torch.from_numpy(each) for each in sampled.states]
    whole = [bool(each.isfinite().all()) for each in states]
    one = nothing[:, 0]
    found = {
        "eigv": [each.number for each in graphs],
        "deg": [each.distance for each in graphs],
        "ecc": [each.eccentricity for each in graphs],
        "to_cut": [each.to_cut for each in graphs],
        "ecc_each": [each.each.numpy() for each in graphs],
        "lexical": [-mean_of_pairs(each) for each in words],
        "eigenscore": [
            eigen_score(each) if known else np.nan
            for each, known in zip(states, whole, strict=True)
        ],
        "vendi": one, "volume": one, "kle": one,
    }  # fmt: skip
    return {name: np.array(values, np.float32) for name, values in found.items()}
