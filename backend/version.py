"""The version of Entroscope, written into every run; a release is tagged ``v`` and this."""

VERSION = "0.1.0"
