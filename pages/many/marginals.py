"""Marginals: how likely any part of a picture is, in one pass and by a chain of pixels."""

from components.stage import show

show("marginals")
