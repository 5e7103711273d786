"""Routes, headers and start-up work of the server that also serves the pages; no Streamlit."""

from .lifespan import lifespan
from .routes import routes
from .security import middleware
from .source import Parcel, Source

__all__ = ["Parcel", "Source", "lifespan", "middleware", "routes"]
