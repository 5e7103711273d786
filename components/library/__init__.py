"""The page of saved runs: cards to find, open, name, compare and throw away."""

from .page import library_page

__all__ = ["library_page"]
