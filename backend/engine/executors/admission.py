"""Which orders are taken at all: models on the list, and each reader's share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import OverBudgetError
from ...models.offers import any_model, check_model, check_work
from ...runs import ModelSpec, Request
from ...settings import Settings
from ..budget import check_tokens
from .base import Call, LoadedModel, Order

if TYPE_CHECKING:
    from ...models import LanguageModel


def check_offered(
    order: Order, loaded: Callable[[ModelSpec], LoadedModel | None], limits: Settings
) -> None:
    """Refuse models and files that this server does not offer, however deep in the work.

    Args:
        order: of a reader, with whatever they wrote.
        loaded: returns a model if it is in memory. An offered one may be named by the commit that
            it turned out to be, as runs and links do.
        limits: the settings that say what is offered.

    Raises:
        InputError: with what is offered.
    """

    def check(spec: ModelSpec) -> None:
        known = loaded(spec) if spec.revision is not None else None
        same = known is not None and known.facts.revision == spec.revision
        check_model(replace(spec, revision=None) if same else spec, limits)

    asked = order.work.args if isinstance(order.work, Call) else order.work
    check_work((order.model, asked), check, files=any_model(limits))


def check_places(order: Order, others: Iterable[Order]) -> None:
    """Refuse more than a reader's share of the queue.

    Args:
        order: of the reader.
        others: orders of all readers that wait or run.

    Raises:
        OverBudgetError: with both numbers.
    """
    most, a_call = order.limits.places, isinstance(order.work, Call)
    if most is None:
        return
    mine = sum(
        each.reader == order.reader and isinstance(each.work, Call) == a_call for each in others
    )
    if mine >= most:
        raise OverBudgetError(
            f"{mine} studies of yours wait or run already, and {most} may. Wait for one of them, "
            "or stop it."
        )


def check_queue(waiting: int, limits: Settings) -> None:
    """Refuse more than may wait for one model.

    Args:
        waiting: how many wait already.
        limits: the settings that say how many may.

    Raises:
        OverBudgetError: with both numbers.
    """
    if waiting >= limits.queue_places:
        raise OverBudgetError(
            f"{waiting} studies wait for this model already, and {limits.queue_places} may. "
            "Try again in a moment."
        )


def check_size(order: Order, model: LanguageModel | None) -> None:
    """Refuse a study of more tokens than one may read and write.

    Args:
        order: of the reader.
        model: that reads; without it only texts beyond all measure are refused.

    Raises:
        OverBudgetError: with both numbers.
    """
    if isinstance(order.work, Request) and order.limits.tokens is not None:
        check_tokens(order.work, model and model.tokenizer, order.limits.tokens)
