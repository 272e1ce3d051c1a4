"""Variables from a ``.env`` file, how their values are read, and which are secrets of others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from connector.errors import SettingsError

# the variables that a file of providers may name; ours are never sent to one
PROVIDER_SECRET = re.compile(r"(?!FORMCALL_)[A-Z][A-Z0-9_]{0,93}_(?:KEY|TOKEN)")
TOOL_SECRET = "FORMCALL_SECRET_"  # noqa: S105  the prefix of these variables
_PREFIX = "FORMCALL_"
_OF_CALLERS = {"FORMCALL_KEY", "FORMCALL_URL"}  # in the examples of calls
_SIMILAR = 0.7
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?")


def read_env_file(env_file: str | Path) -> dict[str, str]:
    """The variables of a file; {} without one. Raises ``SettingsError``."""
    try:
        return {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    except OSError as error:
        raise SettingsError(f"The file {env_file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The file {env_file} is not text in UTF-8.") from None


def provider_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a file of providers may name."""
    return {
        variable: text.strip()
        for variable, text in variables.items()
        if text.strip() and PROVIDER_SECRET.fullmatch(variable)
    }


def tool_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The secrets that are set as ``FORMCALL_SECRET_NAME``, by name."""
    secrets = {}
    for variable, text in variables.items():
        name = variable.removeprefix(TOOL_SECRET)
        if variable.startswith(TOOL_SECRET) and name and text.strip():
            secrets[name] = text.strip()
    return secrets


def describe_unknown(variables: Iterable[str], known: Collection[str]) -> list[str]:
    """A sentence for each variable that has our prefix and is neither known nor a secret."""
    sentences = []
    names = {variable.removeprefix(_PREFIX): variable for variable in known}
    for variable in sorted(set(variables) - set(known) - _OF_CALLERS):
        if variable.startswith(_PREFIX) and not variable.startswith(TOOL_SECRET):
            close = difflib.get_close_matches(variable.removeprefix(_PREFIX), names, 1, _SIMILAR)
            hint = f" Did you mean {names[close[0]]}?" if close else ""
            sentences.append(f"{variable[:60]} is not a setting.{hint}")
    return sentences


def invalid_variable(variable: str, expected: str, value: object) -> SettingsError:
    """The error for a variable with an invalid value."""
    return SettingsError(f"{variable} must be {expected}, not {str(value)!r}.")


def parse_number(variable: str, text: str, kind: type) -> Any:
    """A number of ``kind``; ``SettingsError`` for anything else."""
    try:
        return kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise invalid_variable(variable, expected, text) from None


def parse_switch(variable: str, text: str) -> bool:
    """True or False in one of the usual words; ``SettingsError`` for another one."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise invalid_variable(variable, "true or false", text)


def is_http_url(text: str) -> bool:
    """Whether ``text`` is an absolute http or https address."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_origin(text: str) -> bool:
    """Whether ``text`` is a scheme and a host, as browsers send it in the header Origin."""
    return _ORIGIN.fullmatch(text) is not None and is_http_url(text)
