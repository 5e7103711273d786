"""Holes: what stands in a hole of a text, with and without its right side."""

from components.stage import show

show("holes")
