"""Settings read from the environment, all with the prefix ``ENTROSCOPE_``."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PLACES_OF_MANY = 400

LimitName = Literal[
    "rate",
    "burst",
    "streams",
    "sessions",
    "body_bytes",
    "file_bytes",
    "minute_bytes",
    "all_streams",
    "all_sessions",
]
"""What is limited for a network address; ``web.allowance.Limits`` says what each means."""


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

    mode: Literal["local", "class", "public"] = Field(
        default="local",
        description="Whom this server serves: one person, a class, or anybody.",
    )
    address: str = Field(
        default="",
        description="The address that readers type, such as http://192.168.1.20:8501; what links, "
        "QR codes and the log show.",
    )
    teacher_key: str = Field(
        default="",
        repr=False,
        description="What makes a browser the teacher's, at /teach; made at the start of a class "
        "and printed once where it is empty.",
    )
    proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses and networks of the proxies whose forwarded headers are believed, "
        "as a JSON list.",
    )
    address_limits: dict[LimitName, PositiveFloat] = Field(
        default={},
        description="Other limits of a network address than those of the mode, as a JSON object.",
    )
    sign_in: Literal["none", "offered", "required"] = Field(
        default="none",
        description="Whether readers of a public server may, or must, sign in at an identity "
        "provider.",
    )
    sign_in_hours: float = Field(
        default=168, gt=0, le=720, description="Hours after which to sign in again."
    )
    groups_claim: str = Field(
        default="groups",
        min_length=1,
        description="The claim of the provider that lists a person's groups; dots lead into it.",
    )
    teacher_groups: tuple[str, ...] = Field(
        default=(), description="Groups whose members are teachers, as a JSON list."
    )
    administrator_groups: tuple[str, ...] = Field(
        default=(), description="Groups whose members are administrators, as a JSON list."
    )
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
    max_queue: int = Field(
        default=16,
        gt=0,
        description="Studies that may wait for one model; in a class and in public at least 400, "
        "unless it is set.",
    )
    reader_places: int = Field(
        default=4,
        gt=0,
        description="Studies of one reader that may wait or run at once, in a class and in public.",
    )
    study_tokens: int = Field(
        default=4096,
        gt=0,
        description="Tokens that one study may read and write, in a class and in public.",
    )
    study_seconds: float = Field(
        default=120,
        gt=0,
        description="Seconds that one study may take, in a class and in public.",
    )
    reader_bytes: int = Field(
        default=100_000_000,
        gt=0,
        description="Bytes of runs that one reader may save in 24 hours, in a class and in public.",
    )
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
    executor: str = Field(
        default="local",
        pattern=r"^(local|ray://(local|auto|.+:\d+))$",
        description="Where models work: `local`, in this process, or on a Ray cluster: "
        "`ray://auto` for the one of this machine, `ray://host:6379` for one that it joined, "
        "`ray://local` for one on this machine alone.",
    )
    actor_cpus: int = Field(
        default=0,
        ge=0,
        description="Processors that a model gets on a cluster; 0 for as many as torch uses here.",
    )
    actor_gpus: float = Field(
        default=0, ge=0, description="GPUs that a model gets on a cluster, such as 0.25."
    )

    @field_validator("address")
    @classmethod
    def _is_address(cls, given: str) -> str:
        if given and urlsplit(given).scheme not in ("http", "https"):
            raise ValueError("an address begins with http:// or https://")
        return given.rstrip("/")

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for each in given:
            ip_network(each, strict=False)
        return given

    @property
    def queue_places(self) -> int:
        """How many studies may wait for one model.

        Where every reader has places of their own, the queue itself need not be short.
        """
        chosen = self.mode == "local" or "max_queue" in self.model_fields_set
        return self.max_queue if chosen else max(self.max_queue, _PLACES_OF_MANY)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings, read once; tests call ``settings.cache_clear()``."""
    return Settings()
