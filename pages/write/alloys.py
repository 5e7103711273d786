"""Entropy outside of language: elements mixed into one metal."""

from components.stage import show

show("alloys")
