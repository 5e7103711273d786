"""Directed information of every sentence of a context on an answer."""

from components.stage import show

show("flow")
