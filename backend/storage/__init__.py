"""Runs on disk and on their way: files, the library, links, tables, snippets."""
