"""Settings, read once from the environment (and a ``.env`` file) into one frozen object.

Nothing else in Formcall reads the environment. An invalid value stops the start with the
variable's name and its valid values.
"""
# ruff: noqa: RUF009 - each default is a `field(...)`, made by `_setting`

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from connector.environment import (
    TOOL_SECRET,
    describe_unknown,
    invalid_variable,
    is_http_url,
    is_origin,
    parse_number,
    parse_switch,
    provider_secrets,
    read_env_file,
    tool_secrets,
)
from connector.errors import SettingsError
from connector.machine import runs_that_fit

ENGINES = ("auto", "openai", "local", "scripted")
DIALECTS = ("auto", "responses", "chat")
PROFILES = ("auto", "openai", "azure", "generic")
RETIRED = ("replace", "error")
STORE_TEXT = ("on", "hash", "off")
LOGS = ("auto", "text", "json", "off")
METRICS = ("key", "open")
CONSOLE = ("on", "off")
REVIEW_EXPIRED = ("refuse", "accept")
PYTHON = ("off", "monty", "bwrap")
_ALSO_LOWER_CASE = ("HTTPS_PROXY", "NO_PROXY")  # as other programs read them

_MAY_BE_ZERO = ("processes", "trust_proxy")  # of the numbers


def _setting(
    variable: str, default: Any, help: str, *, choices: tuple[str, ...] = (), secret: bool = False
) -> Any:
    metadata = {"variable": variable, "help": help, "choices": choices, "secret": secret}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Everything an operator can set. Times are seconds, sizes are bytes."""

    openai_api_key: str = _setting(
        "OPENAI_API_KEY",
        "",
        "the provider's API key; without it the embedded engine answers",
        secret=True,
    )
    openai_base_url: str = _setting(
        "OPENAI_BASE_URL", "https://api.openai.com/v1", "URL of the provider's API"
    )
    openai_org_id: str = _setting("OPENAI_ORG_ID", "", "organisation at the provider")
    openai_project_id: str = _setting("OPENAI_PROJECT_ID", "", "project at the provider")
    openai_custom_headers: str = _setting(
        "OPENAI_CUSTOM_HEADERS",
        "",
        "more headers of each call to the provider, one a line, as `Name: value`",
        secret=True,
    )
    extra_body: str = _setting(
        "FORMCALL_EXTRA_BODY",
        "",
        "more fields of each call's body, as a JSON object; a model's row may have its own",
    )
    https_proxy: str = _setting(
        "HTTPS_PROXY", "", "HTTP proxy through which the provider is reached over https"
    )
    no_proxy: str = _setting(
        "NO_PROXY", "", "hosts and networks that are reached without the proxy, with commas"
    )
    ssl_cert_file: str = _setting(
        "SSL_CERT_FILE",
        "",
        "file with the certificates that are trusted, instead of this machine's",
    )
    engine: str = _setting("FORMCALL_ENGINE", "auto", "the engine that answers", choices=ENGINES)
    model: str = _setting("FORMCALL_MODEL", "o4-mini", "the model")
    model_strong: str = _setting(
        "FORMCALL_MODEL_STRONG", "gpt-6.1-sol", "the model when strong quality is requested"
    )
    retired: str = _setting(
        "FORMCALL_RETIRED",
        "replace",
        "what to do when the model has been shut down",
        choices=RETIRED,
    )
    dialect: str = _setting("FORMCALL_DIALECT", "auto", "the provider's API", choices=DIALECTS)
    profile: str = _setting("FORMCALL_PROFILE", "auto", "the kind of provider", choices=PROFILES)
    models_file: Path | None = _setting(
        "FORMCALL_MODELS", None, "a file with your own models and prices"
    )
    providers_file: Path | None = _setting(
        "FORMCALL_PROVIDERS",
        None,
        "a file with several providers, in place of OPENAI_BASE_URL and the like",
    )
    provider_secrets: Mapping[str, str] = _setting(
        "*_KEY, *_TOKEN", dict, "keys that the file FORMCALL_PROVIDERS names", secret=True
    )
    data_dir: Path = _setting(
        "FORMCALL_DATA_DIR", Path("data"), "folder of the database, the jobs and the secret"
    )
    database_url: str = _setting(
        "FORMCALL_DATABASE_URL",
        "",
        "a PostgreSQL database instead of SQLite in the data folder",
        secret=True,
    )
    secret: str = _setting(
        "FORMCALL_SECRET",
        "",
        "secret that protects API keys; needed when several machines share a database",
        secret=True,
    )
    templates: Path | None = _setting(
        "FORMCALL_TEMPLATES", None, "an extra folder with your own actions"
    )
    public_url: str = _setting(
        "FORMCALL_PUBLIC_URL", "", "the URL at which others reach this service"
    )
    trust_proxy: int = _setting(
        "FORMCALL_TRUST_PROXY",
        0,
        "how many proxies in front set X-Forwarded-Host and X-Forwarded-Proto; 0: neither is read",
    )
    allow_origins: str = _setting(
        "FORMCALL_ALLOW_ORIGINS",
        "",
        "origins whose pages may call the API from a browser, with commas; *: all",
    )
    deadline_seconds: float = _setting(
        "FORMCALL_DEADLINE_SECONDS", 60.0, "longest time for one run, in seconds"
    )
    retry_after_timeout: bool = _setting(
        "FORMCALL_RETRY_AFTER_TIMEOUT",
        False,
        "repeat a call once after a time-out, at the risk of paying twice",
    )
    max_in_flight: int = _setting(
        "FORMCALL_MAX_IN_FLIGHT",
        runs_that_fit,
        "runs in progress at the same time in one process; by default up to 1,024, as many as the "
        "memory has room for",
    )
    processes: int = _setting(
        "FORMCALL_PROCESSES",
        0,
        "processes that serve one port, which need PostgreSQL; 0: one for each processor",
    )
    rows_at_once: int = _setting(
        "FORMCALL_ROWS_AT_ONCE", 16, "batch rows in progress at the same time in one process"
    )
    store_text: str = _setting(
        "FORMCALL_STORE_TEXT",
        "on",
        "whether forms and answers are stored with their runs",
        choices=STORE_TEXT,
    )
    keep_days: float = _setting(
        "FORMCALL_KEEP_DAYS", 30.0, "days after which runs, answers and deliveries are deleted"
    )
    keep_ledger_days: float = _setting(
        "FORMCALL_KEEP_LEDGER_DAYS", 400.0, "days after which the ledger of costs is deleted"
    )
    review_hours: float = _setting(
        "FORMCALL_REVIEW_HOURS", 72.0, "hours that an answer or a tool call waits for a person"
    )
    review_expired: str = _setting(
        "FORMCALL_REVIEW_EXPIRED",
        "refuse",
        "what happens to an answer after that; tool calls are always refused",
        choices=REVIEW_EXPIRED,
    )
    review_link_hours: float = _setting(
        "FORMCALL_REVIEW_LINK_HOURS", 24.0, "hours that a signed link to a review is valid"
    )
    console: str = _setting("FORMCALL_CONSOLE", "on", "the pages at /console", choices=CONSOLE)
    session_hours: float = _setting(
        "FORMCALL_SESSION_HOURS", 8.0, "hours without a page that end a session of the console"
    )
    session_days: float = _setting(
        "FORMCALL_SESSION_DAYS", 7.0, "days that end a session of the console in any case"
    )
    limits_url: str = _setting(
        "FORMCALL_LIMITS_URL",
        "",
        "a Redis for rate limits that several machines share",
        secret=True,
    )
    allow_hosts: str = _setting(
        "FORMCALL_ALLOW_HOSTS",
        "",
        "private hosts and networks that callbacks and your own tools may call",
    )
    python: str = _setting(
        "FORMCALL_PYTHON",
        "off",
        "the sandbox in which the tool python runs a model's code",
        choices=PYTHON,
    )
    tools: Path | None = _setting(
        "FORMCALL_TOOLS", None, "a folder with your own tools, one HTTP call in each file"
    )
    tool_secrets: Mapping[str, str] = _setting(
        f"{TOOL_SECRET}*", dict, "secrets that your own tools send", secret=True
    )
    fetch_allow: str = _setting(
        "FORMCALL_FETCH_ALLOW",
        "",
        "the only hosts that fetch_page may read, with commas; empty: all public ones",
    )
    fetch_deny: str = _setting(
        "FORMCALL_FETCH_DENY", "", "hosts that fetch_page may not read, with commas"
    )
    search_url: str = _setting(
        "FORMCALL_SEARCH_URL", "", "URL of a SearXNG search service for the tool web_search"
    )
    delivery_retries: str = _setting(
        "FORMCALL_DELIVERY_RETRIES",
        "5,300,1800,7200,18000,36000,50400,72000,86400",
        "seconds before each further attempt to send a message",
    )
    log: str = _setting(
        "FORMCALL_LOG",
        "auto",
        "format of the log on standard error; auto: text in a terminal, else json; "
        "off: warnings and errors only",
        choices=LOGS,
    )
    metrics: str = _setting(
        "FORMCALL_METRICS",
        "key",
        "who may read /metrics: keys with the scope admin, or all",
        choices=METRICS,
    )
    max_body_bytes: int = _setting(
        "FORMCALL_MAX_BODY_BYTES", 16_000_000, "largest request body, in bytes"
    )
    max_file_bytes: int = _setting(
        "FORMCALL_MAX_FILE_BYTES",
        20_000_000,
        "largest document or image, in bytes, sent or downloaded",
    )
    max_pages: int = _setting(
        "FORMCALL_MAX_PAGES", 2_000, "maximum number of pages of a document that one run reads"
    )
    ocr_languages: str = _setting(
        "FORMCALL_OCR_LANGUAGES", "eng", "languages of OCR as Tesseract names them; empty: no OCR"
    )
    part_tokens: int = _setting(
        "FORMCALL_PART_TOKENS",
        30_000,
        "tokens in each part of a document that is too long for one call",
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            choices = entry.metadata["choices"]
            if choices and getattr(self, entry.name) not in choices:
                raise invalid_variable(
                    entry.metadata["variable"],
                    f"one of {', '.join(choices)}",
                    getattr(self, entry.name),
                )
            is_number = entry.type in {"int", "float"} and entry.name not in _MAY_BE_ZERO
            if is_number and not 0 < getattr(self, entry.name) < math.inf:
                raise SettingsError(
                    f"{entry.metadata['variable']} must be more than 0, "
                    f"not {getattr(self, entry.name)}."
                )
        if self.processes < 0:
            raise invalid_variable(
                "FORMCALL_PROCESSES", "a number of processes, or 0", self.processes
            )
        if self.trust_proxy < 0:
            raise invalid_variable("FORMCALL_TRUST_PROXY", "a number of proxies", self.trust_proxy)
        for origin in self.allowed_origins:
            if origin != "*" and not is_origin(origin):
                raise invalid_variable(
                    "FORMCALL_ALLOW_ORIGINS",
                    "* or origins such as https://app.example, without a path",
                    origin,
                )
        for name in ("public_url", "search_url"):
            url = getattr(self, name)
            if url and not is_http_url(url):
                raise invalid_variable(
                    _variable(name),
                    "an address such as https://host.example",
                    without_password(url),
                )

    @property
    def answering_engine(self) -> str:
        """The engine in use; ``auto`` is openai when there is a key, else local."""
        if self.engine != "auto":
            return self.engine
        return "openai" if self.openai_api_key or self.providers_file else "local"

    @cached_property
    def allowed_origins(self) -> frozenset[str]:
        """The origins whose pages may call the API; "*" among them stands for all."""
        origins = (origin.strip().lower() for origin in self.allow_origins.split(","))
        return frozenset(origin for origin in origins if origin)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'formcall.db'}"

    @property
    def jobs_database(self) -> str:
        """The SQLAlchemy URL of the database for durable jobs: a separate SQLite file beside ours,
        or the same PostgreSQL."""
        if "sqlite" in self.database.partition(":")[0]:
            return f"sqlite:///{self.data_dir / 'jobs.db'}"
        return self.database

    def redacted_rows(self) -> list[tuple[str, str, str]]:
        """(variable, value, help) of each setting; of a secret only whether it is set."""
        rows = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            text = "" if value is None else without_password(str(value))
            if entry.metadata["secret"]:
                text = "set (hidden)" if value else "not set"
            rows.append((entry.metadata["variable"], text, entry.metadata["help"]))
        return rows


def without_password(url: str) -> str:
    """``url`` without a user name and password before its host."""
    return re.sub(r"//[^/@\s]*@", "//", url)


def _variable(name: str) -> str:
    return next(str(entry.metadata["variable"]) for entry in fields(Settings) if entry.name == name)


def _parse_value(name: str, variable: str, text: str) -> Any:
    annotation = Settings.__annotations__[name]
    if annotation == "bool":
        return parse_switch(variable, text)
    if annotation in {"int", "float"}:
        return parse_number(variable, text, int if annotation == "int" else float)
    return Path(text).expanduser() if annotation.startswith("Path") else text


def unknown_settings(*, env_file: str | Path = ".env") -> list[str]:
    """A sentence for each variable with our prefix that is no setting."""
    known = [str(entry.metadata["variable"]) for entry in fields(Settings)]
    return describe_unknown([*read_env_file(env_file), *os.environ], known)


def read_settings(
    environment: Mapping[str, str] | None = None,
    *,
    env_file: str | Path = ".env",
    providers_file: Path | None = None,
) -> Settings:
    """The settings of this process; ``environment`` (the real one by default) overrides the lines
    of ``env_file``, and ``providers_file`` the setting FORMCALL_PROVIDERS."""
    variables = read_env_file(env_file)
    variables.update(os.environ if environment is None else environment)
    values: dict[str, Any] = {}
    for entry in fields(Settings):
        variable = entry.metadata["variable"]
        text = variables.get(variable, "").strip()
        if not text and variable in _ALSO_LOWER_CASE:
            text = variables.get(variable.lower(), "").strip()
        if text:
            values[entry.name] = _parse_value(entry.name, variable, text)
    if providers_file:
        values["providers_file"] = providers_file
    if "providers_file" in values:
        values["provider_secrets"] = provider_secrets(variables)
    return Settings(**values, tool_secrets=tool_secrets(variables))
