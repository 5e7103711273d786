"""Needles in a haystack, and threads through one: bits found, by depth and length."""

from components.stage import show

show("threads")
