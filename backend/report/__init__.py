"""A whole run as one HTML file that opens anywhere, offline, and sends nothing anywhere."""

from .build import notebook_html, report_html, write_report

__all__ = ["notebook_html", "report_html", "write_report"]
