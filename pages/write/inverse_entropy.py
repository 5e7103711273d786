"""Inverse entropy: one question in several ways, and two walks."""

from components.stage import show

show("inverse_entropy")
