"""Servers that speak the API of OpenAI: llama.cpp, vLLM, Ollama, LM Studio, hosted ones."""

from .connections import Connection, connect, connection, names

__all__ = ["Connection", "connect", "connection", "names"]
