"""Networks of rising size learn a source whose floor is known; a fit looks for it."""

from components.stage import show

show("ladder")
