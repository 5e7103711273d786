"""Tokens: how sure a model was of each token of a text."""

from components.shell import start_page

start_page("tokens")
