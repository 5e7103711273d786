"""Bits a summary takes from its source, sentence by sentence."""

from components.stage import show

show("summaries")
