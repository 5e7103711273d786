"""How many directions the states of a text fill, layer by layer."""

from components.stage import show

show("spectra")
