"""Who comes next: readers take turns, and each reader's own orders stay in theirs."""

from __future__ import annotations

from collections import OrderedDict

from .ticket import Ticket

_REMEMBERED = 1000
"""Readers whose last turn is remembered."""


class Line:
    """Orders that wait for one model. Not locked: its owner does that.

    A round over readers: first everybody's first order, then everybody's second. Within a round
    the reader comes first whose last turn is longest ago. Of one reader it is a plain line.
    """

    def __init__(self) -> None:
        self._waiting: list[Ticket] = []
        self._turns: OrderedDict[str, int] = OrderedDict()
        self._turn = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self._waiting

    def append(self, ticket: Ticket) -> None:
        """Put an order in line."""
        self._waiting.append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Take an order out of the line."""
        self._waiting.remove(ticket)

    def clear(self) -> list[Ticket]:
        """Take all orders out of the line, and return them in their turn."""
        found = self.in_turn()
        self._waiting.clear()
        return found

    def in_turn(self) -> list[Ticket]:
        """Return the orders as they will come."""
        rounds: dict[str, int] = {}
        places = []
        for ticket in self._waiting:
            reader = ticket.order.reader
            rounds[reader] = rounds.get(reader, 0) + 1
            places.append((rounds[reader], self._turns.get(reader, 0), len(places), ticket))
        return [each[-1] for each in sorted(places, key=lambda place: place[:3])]

    def next(self) -> Ticket:
        """Take the next order out of the line, which must not be empty."""
        ticket = self.in_turn()[0]
        self.take(ticket)
        return ticket

    def take(self, ticket: Ticket) -> None:
        """Take an order out of the line, as its reader's turn."""
        self._waiting.remove(ticket)
        self._turn += 1
        self._turns.pop(ticket.order.reader, None)
        self._turns[ticket.order.reader] = self._turn
        while len(self._turns) > _REMEMBERED:
            self._turns.popitem(last=False)
