"""The version of Entroscope, written into every run; ``pyproject.toml`` carries the same."""

VERSION = "0.1.0"
