"""Decisions between two words, alone and in a row: how fair, and with what memory."""

from components.stage import show

show("coins")
