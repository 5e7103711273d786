"""Servers that speak the API of OpenAI: llama.cpp, vLLM, Ollama, LM Studio, hosted ones."""

from .connections import (
    Connection,
    check_owner,
    connect,
    connect_typed,
    connection,
    forget,
    names,
)

__all__ = [
    "Connection",
    "check_owner",
    "connect",
    "connect_typed",
    "connection",
    "forget",
    "names",
]
