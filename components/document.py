"""The document of each page: Streamlit's own, which says besides what our frame needs at once."""

from __future__ import annotations

from .menu import Page, all_pages
from .modules import modules_of
from .streamlit_private import SERVER_OF_PAGE, document, element_modules

# Every page lies right below the server's own path, so all of this holds behind any proxy.
_HEAD = f"<script>{SERVER_OF_PAGE}</script>"


def documents(assets_version: str) -> dict[str, str]:
    """Return the HTML of every page and of its older addresses, by path."""
    return {
        path: document(_HEAD + _preloads(page, assets_version))
        for page in all_pages()
        for path in (page.path, *page.formerly)
    }


def _preloads(page: Page, version: str) -> str:
    ours = [f"assets/{version}/{each}" for each in modules_of(page)]
    return "".join(
        f'<link rel="modulepreload" href="./{each}">' for each in (*element_modules(), *ours)
    )
