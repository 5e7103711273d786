"""Settings read from the environment, all with the prefix ``ENTROSCOPE_``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Server(BaseModel):
    """A server with the API of OpenAI; see ``backend.servers``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(repr=False)
    key: SecretStr = SecretStr("")
    model: str = ""
    vocabulary: int = Field(default=0, ge=0)


class Settings(BaseSettings):
    """Where files go and how much of the machine Entroscope may use."""

    model_config = SettingsConfigDict(env_prefix="ENTROSCOPE_", frozen=True)

    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path("entroscope"),
        description="Converted models, and how fast this machine is; safe to delete.",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("entroscope"),
        description="The library of saved runs, and teachers' lessons.",
    )
    result_bytes: int = Field(
        default=1_000_000_000, gt=0, description="Runs kept in memory, in bytes."
    )
    model_bytes: int = Field(
        default=16_000_000_000, gt=0, description="Loaded models kept in memory, in bytes."
    )
    work_bytes: int = Field(
        default=4_000_000_000,
        gt=0,
        description="The most memory one study may need on top of the model.",
    )
    max_queue: int = Field(default=16, gt=0, description="Studies that may wait for one model.")
    max_text_bytes: int = Field(
        default=2_000_000, gt=0, description="The longest text accepted, in UTF-8 bytes."
    )
    preload: bool = Field(
        default=True,
        description="Whether the bundled model is loaded when the server starts, and not only "
        "when somebody asks for it.",
    )
    models: tuple[str, ...] = Field(
        default=(),
        description="More models to offer beside the bundled one, as a JSON list of hub ids, "
        "folders and .gguf files.",
    )
    any_model: bool = Field(
        default=True,
        description="Whether readers may name other models. Turn it off on a shared server, "
        "where a name could fill the disk or read a folder.",
    )
    library_bytes: int = Field(
        default=20_000_000_000,
        gt=0,
        description="The most that all saved runs may have together, in bytes, those in the trash "
        "included.",
    )
    servers: dict[str, Server] = Field(
        default={},
        description="Servers that readers choose by name, as JSON: their `address`, and, where "
        "needed, `key`, `model` and `vocabulary` (how many tokens the model knows).",
    )
    server_addresses: tuple[str, ...] = Field(
        default=(),
        description="Addresses of servers that a program may connect to by itself, as a JSON list; "
        "empty for any.",
    )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings, read once; tests call ``settings.cache_clear()``."""
    return Settings()
