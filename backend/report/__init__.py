"""A whole run as one HTML file that opens anywhere, offline, and sends nothing anywhere."""

from .build import report_html

__all__ = ["report_html"]
