"""The versions of what Entroscope writes and hands out."""

VERSION = "0.1.0"
"""Of Entroscope, written into every run; ``pyproject.toml`` carries the same."""

PARCEL_VERSION = 1
"""Of what a browser is sent of a run. It is part of the name under which browsers keep that for a
year: raise it when the same run is sent in another form."""
