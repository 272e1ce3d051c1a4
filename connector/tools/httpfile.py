"""Reads and validates the file of a declared tool; errors name the file, the line and the rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.catalogue.values import suggestion
from connector.errors import TemplateError
from connector.json_types import Json
from connector.tools.http import (
    KINDS,
    Argument,
    FixedArgument,
    HttpTool,
    SecretUse,
    path_parameters,
)
from connector.yaml_subset import LineNumbers, read_yaml

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TOOL_KEYS = (
    "title",
    "purpose",
    "method",
    "url",
    "parameters",
    "locked",
    "secret",
    "writes",
    "approve",
    "keep",
    "value",
    "seconds",
)
PARAMETER_KEYS = ("type", "help", "in", "at", "optional", "choices")
LOCATIONS = ("path", "query", "header", "body")
MAX_FILE = 100_000
MAX_SECONDS = 60.0
_DEFAULT_SECONDS = 15
_MAX_PARAMETERS = 40
_MAX_NAME = 40
_MAX_TITLE = 60
_MAX_PURPOSE = 1_000
_MAX_URL = 1_000
_MAX_HELP = 300
_MAX_SECRET_KEY = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SECRET = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


def read_tool_file(path: Path) -> HttpTool:
    """The tool in a file, named as the file without ``.yaml``; ``TemplateError`` if invalid."""
    if path.stat().st_size > MAX_FILE:
        raise TemplateError(f"the file has more than {MAX_FILE:,} bytes.", file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TemplateError("the file is not UTF-8 text.", file=str(path)) from None
    value, lines = read_yaml(text, file=str(path))
    return read_tool(path.stem, value, lines=lines, file=str(path))


def read_tool(
    name: str, value: Any, *, lines: LineNumbers | None = None, file: str = ""
) -> HttpTool:
    """The tool that ``value`` declares as ``name``; ``TemplateError`` for its first error."""
    return _ToolReader(lines or LineNumbers(), file).read(name, value)


class _ValueReader:
    """Reads values of a declaration by their type; the path to a value leads to its line."""

    def __init__(self, lines: LineNumbers, file: str) -> None:
        self._lines = lines
        self._file = file

    def _map(self, value: Any, keys: tuple[str, ...], *path: str) -> Json:
        if not isinstance(value, dict):
            subject = "this" if path else "the file"
            raise self._error(f"{subject} must be a map with {', '.join(keys)}.", *path)
        for key in value:
            if key not in keys:
                hint = suggestion(str(key), keys) or f" The keys are {', '.join(keys)}."
                raise self._error(f"`{key}` is not a key here.{hint}", *path, str(key))
        return value

    def _named(self, top: Mapping[str, Any], key: str) -> Json:
        value = top.get(key) or {}
        if not isinstance(value, dict):
            raise self._error(f"`{key}` must be a map of names.", key)
        return value

    def _text(
        self, entry: Mapping[str, Any], key: str, limit: int, *path: str, required: bool = True
    ) -> str:
        value = entry.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > limit:
            raise self._error(f"`{key}` must be a text of 1 to {limit} characters.", *path, key)
        return value.strip()

    def _texts(self, value: Any, *path: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self._error(f"`{path[-1]}` must be a list of texts.", *path)
        return value

    def _boolean(self, value: Any, *path: str) -> bool:
        if not isinstance(value, bool):
            raise self._error(f"`{path[-1]}` must be true or false.", *path)
        return value

    def _choice(self, value: Any, choices: tuple[str, ...], *path: str) -> str:
        if value not in choices or not isinstance(value, str):
            raise self._error(f"`{path[-1]}` must be one of {', '.join(choices)}.", *path)
        return value

    def _error(self, problem: str, *path: str) -> TemplateError:
        line = self._lines.of(*path) if self._file else 0
        return TemplateError(problem, file=self._file, line=line)


class _ToolReader(_ValueReader):
    """Reads one declaration."""

    def read(self, name: str, value: Any) -> HttpTool:
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            raise self._error(
                f'"{name}" is not a tool\'s name: lower-case words joined by _, at most '
                f"{_MAX_NAME} characters."
            )
        top = self._map(value, TOOL_KEYS)
        method = self._choice(top.get("method", "GET"), METHODS, "method")
        url = self._url(self._text(top, "url", _MAX_URL))
        arguments = tuple(
            self._argument(key, entry, url, method)
            for key, entry in self._named(top, "parameters").items()
        )
        fixed = tuple(
            self._fixed(key, entry, url, method)
            for key, entry in self._named(top, "locked").items()
        )
        self._check_locations(url, arguments, fixed)
        approval = self._choice(top.get("approve", "form"), ("form", "always"), "approve")
        return HttpTool(
            name=name,
            title=self._text(top, "title", _MAX_TITLE),
            purpose=self._text(top, "purpose", _MAX_PURPOSE),
            method=method,
            url=url,
            arguments=arguments,
            fixed=fixed,
            secret=self._secret(top["secret"]) if top.get("secret") is not None else None,
            writes=self._boolean(top.get("writes", method != "GET"), "writes"),
            always_needs_approval=approval == "always",
            keep=tuple(self._texts(top.get("keep", []), "keep")),
            value=self._text(top, "value", _MAX_HELP, required=False),
            seconds=self._seconds(top.get("seconds", _DEFAULT_SECONDS)),
        )

    def _seconds(self, value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= MAX_SECONDS:
            raise self._error(
                f"`seconds` must be more than 0 and at most {MAX_SECONDS:g}.", "seconds"
            )
        return float(value)

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            is_valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
            is_valid = is_valid and parts.port != 0 and not parts.fragment
        except ValueError:
            is_valid = False
        if not is_valid:
            raise self._error(
                "`url` must be an address such as https://api.example/v1/quotes/{symbol}.", "url"
            )
        if "@" in parts.netloc:
            raise self._error("`url` must have no name or password in it; use `secret`.", "url")
        if "{" in parts.netloc + parts.scheme + parts.query:
            raise self._error(
                "only the path of `url` may have names in braces; its host is always the same.",
                "url",
            )
        return url

    def _argument(self, name: str, value: Any, url: str, method: str) -> Argument:
        path = ("parameters", name)
        if not _PARAMETER.fullmatch(name) or name == "context":
            raise self._error(
                f'"{name[:60]}" is not a name for a parameter (letters, digits and _, at most 64, '
                "and not `context`); give its own with `at`.",
                *path,
            )
        entry = self._map(value, PARAMETER_KEYS, *path)
        kind = self._choice(entry.get("type", "text"), tuple(KINDS), *path, "type")
        choices = tuple(self._texts(entry.get("choices", []), *path, "choices"))
        if (kind == "choice") != bool(choices):
            raise self._error(
                "a choice has `choices`, such as [aisle, window], and nothing else has.", *path
            )
        optional = self._boolean(entry.get("optional", False), *path, "optional")
        location, key = self._location(name, entry, url, method, path)
        if location == "header":
            raise self._error("a model may not set headers; use `locked` or `secret`.", *path, "in")
        if location == "path" and (optional or kind == "list"):
            raise self._error("a value in the path can be neither optional nor a list.", *path)
        return Argument(
            name=name,
            location=location,
            key=key,
            kind=kind,
            help=self._text(entry, "help", _MAX_HELP, *path, required=False),
            optional=optional,
            choices=choices,
        )

    def _fixed(self, name: str, value: Any, url: str, method: str) -> FixedArgument:
        path = ("locked", name)
        entry = {"value": value}
        if isinstance(value, dict):
            entry = self._map(value, ("value", "in", "at"), *path)
        if "value" not in entry or isinstance(entry["value"], dict):
            raise self._error(
                "a locked field has a `value`, a text, a number, true, false or a list.", *path
            )
        location, key = self._location(name, entry, url, method, path)
        if location == "header" and not _HEADER.fullmatch(key):
            raise self._error(f'"{key[:60]}" is not a header\'s name.', *path)
        return FixedArgument(location, key, entry["value"])

    def _location(
        self, name: str, entry: Json, url: str, method: str, path: tuple[str, ...]
    ) -> tuple[str, str]:
        """(where a value is sent, its name there)."""
        key = self._text(entry, "at", _MAX_HELP, *path, required=False) or name
        is_in_path = key in path_parameters(url)
        default = "query" if method in {"GET", "DELETE"} else "body"
        if is_in_path:
            default = "path"
        location = self._choice(entry.get("in", default), LOCATIONS, *path, "in")
        if location == "path" and not is_in_path:
            raise self._error(f"`url` has no {{{key}}} in its path.", *path)
        if location == "body" and method == "GET":
            raise self._error("a GET has no body; use `in: query`.", *path, "in")
        return location, key

    def _secret(self, value: Any) -> SecretUse:
        if isinstance(value, str):
            return SecretUse(self._secret_name(value))
        entry = self._map(value, ("name", "in", "at", "prefix"), "secret")
        location = self._choice(entry.get("in", "header"), ("header", "query"), "secret", "in")
        key = self._text(entry, "at", _MAX_SECRET_KEY, "secret", required=False)
        if not key and location == "header":
            key = "Authorization"
        if not key or (location == "header" and not _HEADER.fullmatch(key)):
            raise self._error(
                "`secret` needs `at`, the name of the header or of the part of the query that it "
                "goes into.",
                "secret",
            )
        is_bearer = location == "header" and key == "Authorization"
        prefix = entry.get("prefix", "Bearer " if is_bearer else "")
        if not isinstance(prefix, str):
            raise self._error("`prefix` must be text.", "secret", "prefix")
        return SecretUse(self._secret_name(entry.get("name")), location, key, prefix)

    def _secret_name(self, value: Any) -> str:
        if not isinstance(value, str) or not _SECRET.fullmatch(value):
            raise self._error(
                "`secret` names a secret, such as STOCKS for the setting "
                "FORMCALL_SECRET_STOCKS; it is never the secret itself.",
                "secret",
            )
        return value

    def _check_locations(
        self, url: str, arguments: tuple[Argument, ...], fixed: tuple[FixedArgument, ...]
    ) -> None:
        if len(arguments) > _MAX_PARAMETERS:
            raise self._error(f"there are more than {_MAX_PARAMETERS} parameters.", "parameters")
        used: set[tuple[str, str]] = set()
        values: list[Argument | FixedArgument] = [*arguments, *fixed]
        for value in values:
            if (value.location, value.key) in used:
                raise self._error(
                    f"`{value.key}` stands twice in the {value.location}.", "parameters"
                )
            used.add((value.location, value.key))
        for name in path_parameters(url):
            if ("path", name) not in used:
                raise self._error(
                    f"nothing fills {{{name}}} of `url`; declare it under `parameters` or "
                    "`locked`.",
                    "url",
                )
