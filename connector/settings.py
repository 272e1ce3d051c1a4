"""Settings, read once from the environment (and a ``.env`` file) into one frozen object.

Nothing else in Formcall reads the environment. A wrong value stops the start with the variable's name and what it may be.
"""

from __future__ import annotations

# ruff: noqa: RUF009  each default is a `field(...)`, made by `_setting`
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from connector.errors import SettingsError

ENGINES = ("auto", "openai", "local", "scripted")
DIALECTS = ("auto", "responses", "chat")
PROFILES = ("auto", "openai", "azure", "generic")
RETIRED = ("replace", "error")
STORE_TEXT = ("on", "hash", "off")
LOGS = ("json", "off")
METRICS = ("key", "open")
PYTHON = ("off", "monty", "bwrap")
TOOL_SECRET = "FORMCALL_SECRET_"  # noqa: S105  how the names of such variables begin


_ABOVE_0 = (
    "deadline_seconds", "max_in_flight", "max_body_bytes", "rows_at_once", "max_file_bytes", "max_pages", "part_tokens", "keep_days",
    "keep_ledger_days",
)  # fmt: skip


def _setting(variable: str, default: Any, help: str, *, choices: tuple[str, ...] = (), secret: bool = False) -> Any:
    metadata = {"variable": variable, "help": help, "choices": choices, "secret": secret}
    return field(default_factory=dict, metadata=metadata) if default == {} else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Everything an operator can set. Times are seconds, sizes are bytes."""

    openai_api_key: str = _setting("OPENAI_API_KEY", "", "key of the provider; without one the engine is local", secret=True)
    openai_base_url: str = _setting("OPENAI_BASE_URL", "https://api.openai.com/v1", "address of the provider")
    engine: str = _setting("FORMCALL_ENGINE", "auto", "who answers", choices=ENGINES)
    model: str = _setting("FORMCALL_MODEL", "o4-mini", "the model to ask")
    model_strong: str = _setting("FORMCALL_MODEL_STRONG", "o3", "the model for strong quality")
    retired: str = _setting("FORMCALL_RETIRED", "replace", "what to do once the model is gone", choices=RETIRED)
    dialect: str = _setting("FORMCALL_DIALECT", "auto", "how to speak to the provider", choices=DIALECTS)
    profile: str = _setting("FORMCALL_PROFILE", "auto", "what kind of provider it is", choices=PROFILES)
    models_file: Path | None = _setting("FORMCALL_MODELS", None, "a file with model rows of your own")
    data_dir: Path = _setting("FORMCALL_DATA_DIR", Path("data"), "where the database lies")
    database_url: str = _setting("FORMCALL_DATABASE_URL", "", "a database instead of SQLite in the data folder", secret=True)
    secret: str = _setting("FORMCALL_SECRET", "", "what keys are kept under, when several machines share a database", secret=True)
    templates: Path | None = _setting("FORMCALL_TEMPLATES", None, "an extra folder with your own actions")
    public_url: str = _setting("FORMCALL_PUBLIC_URL", "", "the address others reach this service at")
    deadline_seconds: float = _setting("FORMCALL_DEADLINE_SECONDS", 60.0, "longest time for one run")
    retry_after_timeout: bool = _setting(
        "FORMCALL_RETRY_AFTER_TIMEOUT", False, "ask once more after a time-out, at the risk of paying twice"
    )
    max_in_flight: int = _setting("FORMCALL_MAX_IN_FLIGHT", 512, "runs at the same time in one process")
    rows_at_once: int = _setting("FORMCALL_ROWS_AT_ONCE", 16, "rows of batches under way at the same time in one process")
    store_text: str = _setting("FORMCALL_STORE_TEXT", "on", "whether forms and answers are kept with their runs", choices=STORE_TEXT)
    keep_days: float = _setting("FORMCALL_KEEP_DAYS", 30.0, "days after which runs, answers and deliveries are deleted")
    keep_ledger_days: float = _setting("FORMCALL_KEEP_LEDGER_DAYS", 400.0, "days after which what was spent is forgotten")
    limits_url: str = _setting("FORMCALL_LIMITS_URL", "", "a Redis that several machines count calls in", secret=True)
    allow_hosts: str = _setting("FORMCALL_ALLOW_HOSTS", "", "private hosts and networks that callbacks and your own tools may go to")
    python: str = _setting("FORMCALL_PYTHON", "off", "where the tool python runs code that a model wrote", choices=PYTHON)
    tools: Path | None = _setting("FORMCALL_TOOLS", None, "a folder with your own tools, one web service's call a file")
    tool_secrets: Mapping[str, str] = _setting(f"{TOOL_SECRET}*", {}, "secrets that your own tools name", secret=True)
    fetch_allow: str = _setting("FORMCALL_FETCH_ALLOW", "", "the only hosts that fetch_page may read, with commas; empty: all public ones")
    fetch_deny: str = _setting("FORMCALL_FETCH_DENY", "", "hosts that fetch_page may not read, with commas")
    search_url: str = _setting("FORMCALL_SEARCH_URL", "", "a search service like SearXNG for the tool web_search")
    delivery_retries: str = _setting(
        "FORMCALL_DELIVERY_RETRIES", "5,300,1800,7200,18000,36000,50400,72000,86400", "seconds before each further try of a callback"
    )
    log: str = _setting("FORMCALL_LOG", "json", "a line for each request and run on standard error", choices=LOGS)
    metrics: str = _setting("FORMCALL_METRICS", "key", "who may read /metrics: keys with the scope admin, or all", choices=METRICS)
    max_body_bytes: int = _setting("FORMCALL_MAX_BODY_BYTES", 16_000_000, "largest request body")
    max_file_bytes: int = _setting("FORMCALL_MAX_FILE_BYTES", 20_000_000, "largest document or image, also one that is fetched")
    max_pages: int = _setting("FORMCALL_MAX_PAGES", 2_000, "most pages of a document that are read in one run")
    part_tokens: int = _setting("FORMCALL_PART_TOKENS", 30_000, "tokens of a part, when a document is too long for one call")

    def __post_init__(self) -> None:
        for entry in fields(self):
            choices = entry.metadata["choices"]
            if choices and getattr(self, entry.name) not in choices:
                raise _wrong(entry.metadata["variable"], f"one of {', '.join(choices)}", getattr(self, entry.name))
        for name in _ABOVE_0:
            if not 0 < getattr(self, name) < math.inf:
                raise SettingsError(f"{_variable(name)} must be more than 0, not {getattr(self, name)}.")
        for name in ("public_url", "search_url"):
            if (address := getattr(self, name)) and not _is_address(address):
                raise _wrong(_variable(name), "an address such as https://host.example", without_password(address))

    @property
    def answering_engine(self) -> str:
        """The engine that ``auto`` comes to: openai when there is a key, else local."""
        if self.engine != "auto":
            return self.engine
        return "openai" if self.openai_api_key else "local"

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'formcall.db'}"

    @property
    def jobs_database(self) -> str:
        """The address of the database for durable jobs: a file of its own beside ours, or the same PostgreSQL."""
        return self.database if "sqlite" not in self.database.partition(":")[0] else f"sqlite:///{self.data_dir / 'jobs.db'}"

    def shown(self) -> list[tuple[str, str, str]]:
        """(variable, value, help) of each setting, for ``formcall doctor``; a secret shows only whether it is set."""
        rows = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            text = "" if value is None else without_password(str(value))
            if entry.metadata["secret"]:
                text = "set (hidden)" if value else "not set"
            rows.append((entry.metadata["variable"], text, entry.metadata["help"]))
        return rows


def without_password(address: str) -> str:
    """``address`` without the name and password that may stand before its host."""
    return re.sub(r"//[^/@\s]*@", "//", address)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _variable(name: str) -> str:
    return next(str(entry.metadata["variable"]) for entry in fields(Settings) if entry.name == name)


def _wrong(variable: str, wanted: str, got: object) -> SettingsError:
    return SettingsError(f"{variable} must be {wanted}, not {str(got)!r}.")


def _number(variable: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise _wrong(variable, "a whole number" if kind is int else "a number", text) from None


def _switch(variable: str, text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise _wrong(variable, "true or false", text)


def _value(name: str, variable: str, text: str) -> Any:
    annotation = Settings.__annotations__[name]
    if annotation == "bool":
        return _switch(variable, text)
    if annotation in {"int", "float"}:
        return _number(variable, text, int if annotation == "int" else float)
    return Path(text).expanduser() if annotation.startswith("Path") else text


def _lines(env_file: str | Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    except OSError as error:
        raise SettingsError(f"The file {env_file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The file {env_file} is not text in UTF-8.") from None


def read_settings(environment: Mapping[str, str] | None = None, *, env_file: str | Path = ".env") -> Settings:
    """The settings of this process: ``environment`` (the real one by default) over the lines of ``env_file``."""
    given = _lines(env_file)
    given.update(os.environ if environment is None else environment)
    found: dict[str, Any] = {}
    for entry in fields(Settings):
        variable = entry.metadata["variable"]
        text = given.get(variable, "").strip()
        if text:
            found[entry.name] = _value(entry.name, variable, text)
    secrets = {name.removeprefix(TOOL_SECRET): text.strip() for name, text in given.items() if name.startswith(TOOL_SECRET)}
    return Settings(**found, tool_secrets={name: text for name, text in secrets.items() if name and text})
