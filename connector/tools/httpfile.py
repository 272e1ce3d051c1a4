"""Reading a declared tool from its file: every key known, every name linked, said with file and line where something is not right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.catalogue.values import nearest
from connector.errors import TemplateError
from connector.strictyaml import Lines, read_yaml
from connector.tools.http import KINDS, Argument, HttpTool, Locked, SecretUse, places_in

Json = dict[str, Any]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TOOL_KEYS = (
    "title", "purpose", "method", "url", "parameters", "locked", "secret", "writes", "approve", "keep", "value", "seconds",
)  # fmt: skip
PARAMETER_KEYS = ("type", "help", "in", "at", "optional", "choices")
PLACES = ("path", "query", "header", "body")
MAX_FILE = 100_000
MOST_SECONDS = 60.0
_MOST_PARAMETERS = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SECRET = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_NAME_LENGTH, _TITLE_LENGTH, _PURPOSE_LENGTH, _HELP_LENGTH = 40, 60, 1_000, 300


def read_tool_file(path: Path) -> HttpTool:
    """The tool that a file declares; its name without ``.yaml`` is the tool's. ``TemplateError`` for what is not right."""
    if path.stat().st_size > MAX_FILE:
        raise TemplateError(f"the file has more than {MAX_FILE:,} bytes.", file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TemplateError("the file is not UTF-8 text.", file=str(path)) from None
    value, lines = read_yaml(text, file=str(path))
    return read_tool(path.stem, value, lines=lines, file=str(path))


def read_tool(name: str, value: Any, *, lines: Lines | None = None, file: str = "") -> HttpTool:
    """The tool that ``value`` declares under ``name``; ``TemplateError`` for the first thing that is not right."""
    return _Reader(name, lines or Lines(), file).read(value)


class _Reader:
    def __init__(self, name: str, lines: Lines, file: str) -> None:
        self._name, self._lines, self._file = name, lines, file

    def read(self, value: Any) -> HttpTool:
        if not _NAME.fullmatch(self._name) or len(self._name) > _NAME_LENGTH:
            raise self._wrong(f'"{self._name}" is not a tool\'s name: lower-case words joined by _, at most {_NAME_LENGTH} characters.')
        top = self._map(value, TOOL_KEYS)
        method = self._choice(top.get("method", "GET"), METHODS, "method")
        url = self._url(self._text(top, "url", 1_000))
        arguments = tuple(self._argument(name, entry, url, method) for name, entry in self._named(top, "parameters").items())
        locked = tuple(self._locked(name, entry, url, method) for name, entry in self._named(top, "locked").items())
        self._check_places(url, arguments, locked)
        seconds = top.get("seconds", 15)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= MOST_SECONDS:
            raise self._wrong(f"`seconds` must be more than 0 and at most {MOST_SECONDS:g}.", "seconds")
        return HttpTool(
            name=self._name,
            title=self._text(top, "title", _TITLE_LENGTH),
            purpose=self._text(top, "purpose", _PURPOSE_LENGTH),
            method=method,
            url=url,
            arguments=arguments,
            locked=locked,
            secret=self._secret(top["secret"]) if top.get("secret") is not None else None,
            writes=self._switch(top.get("writes", method != "GET"), "writes"),
            asks=self._choice(top.get("approve", "form"), ("form", "always"), "approve") == "always",
            keep=tuple(self._texts(top.get("keep", []), "keep")),
            value=self._text(top, "value", _HELP_LENGTH, needed=False),
            seconds=float(seconds),
        )

    # --- its parts ---

    def _url(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            is_right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not parts.fragment
        except ValueError:
            is_right = False
        if not is_right:
            raise self._wrong("`url` must be an address such as https://api.example/v1/quotes/{symbol}.", "url")
        if "@" in parts.netloc:
            raise self._wrong("`url` must have no name or password in it; use `secret`.", "url")
        if "{" in parts.netloc + parts.scheme or "{" in parts.query:
            raise self._wrong("only the path of `url` may have names in braces; its host is always the same.", "url")
        return url

    def _argument(self, name: str, value: Any, url: str, method: str) -> Argument:
        path = ("parameters", name)
        if not _PARAMETER.fullmatch(name) or name == "context":
            words = "is not a name for a parameter (letters, digits and _, at most 64, and not `context`); give its own with `at`."
            raise self._wrong(f'"{name[:60]}" {words}', *path)
        entry = self._map(value, PARAMETER_KEYS, *path)
        kind = self._choice(entry.get("type", "text"), tuple(KINDS), *path, "type")
        choices = tuple(self._texts(entry.get("choices", []), *path, "choices"))
        if (kind == "choice") != bool(choices):
            raise self._wrong("a choice has `choices`, such as [aisle, window], and nothing else has.", *path)
        optional = self._switch(entry.get("optional", False), *path, "optional")
        place, at = self._place(name, entry, url, method, path)
        if place == "header":
            raise self._wrong("a model may not set headers; use `locked` or `secret`.", *path, "in")
        if place == "path" and (optional or kind == "list"):
            raise self._wrong("a value in the path can be neither optional nor a list.", *path)
        return Argument(name, place, at, kind, self._text(entry, "help", _HELP_LENGTH, *path, needed=False), optional, choices)

    def _locked(self, name: str, value: Any, url: str, method: str) -> Locked:
        path = ("locked", name)
        entry = self._map(value, ("value", "in", "at"), *path) if isinstance(value, dict) else {"value": value}
        if "value" not in entry or isinstance(entry["value"], dict):
            raise self._wrong("a locked field has a `value`, a text, a number, true, false or a list.", *path)
        place, at = self._place(name, entry, url, method, path)
        if place == "header" and not _HEADER.fullmatch(at):
            raise self._wrong(f'"{at[:60]}" is not a header\'s name.', *path)
        return Locked(place, at, entry["value"])

    def _place(self, name: str, entry: Json, url: str, method: str, path: tuple[str, ...]) -> tuple[str, str]:
        at = self._text(entry, "at", _HELP_LENGTH, *path, needed=False) or name
        usual = "path" if at in places_in(url) else "query" if method in {"GET", "DELETE"} else "body"
        place = self._choice(entry.get("in", usual), PLACES, *path, "in")
        if place == "path" and at not in places_in(url):
            raise self._wrong(f"`url` has no {{{at}}} in its path.", *path)
        if place == "body" and method == "GET":
            raise self._wrong("a GET has no body; use `in: query`.", *path, "in")
        return place, at

    def _secret(self, value: Any) -> SecretUse:
        if isinstance(value, str):
            return SecretUse(self._secret_name(value))
        entry = self._map(value, ("name", "in", "at", "prefix"), "secret")
        place = self._choice(entry.get("in", "header"), ("header", "query"), "secret", "in")
        at = self._text(entry, "at", 60, "secret", needed=False) or ("Authorization" if place == "header" else "")
        if not at or (place == "header" and not _HEADER.fullmatch(at)):
            raise self._wrong("`secret` needs `at`, the name of the header or of the part of the query that it goes into.", "secret")
        usual = "Bearer " if place == "header" and at == "Authorization" else ""
        prefix = entry.get("prefix", usual)
        if not isinstance(prefix, str):
            raise self._wrong("`prefix` must be text.", "secret", "prefix")
        return SecretUse(self._secret_name(entry.get("name")), place, at, prefix)

    def _secret_name(self, value: Any) -> str:
        if not isinstance(value, str) or not _SECRET.fullmatch(value):
            words = "`secret` names a secret, such as STOCKS for the setting FORMCALL_SECRET_STOCKS; it is never the secret itself."
            raise self._wrong(words, "secret")
        return value

    def _check_places(self, url: str, arguments: tuple[Argument, ...], locked: tuple[Locked, ...]) -> None:
        if len(arguments) > _MOST_PARAMETERS:
            raise self._wrong(f"there are more than {_MOST_PARAMETERS} parameters.", "parameters")
        taken = [(one.place, one.at) for one in arguments] + [(one.place, one.at) for one in locked]
        if again := [one for one in taken if taken.count(one) > 1]:
            raise self._wrong(f"`{again[0][1]}` stands twice in the {again[0][0]}.", "parameters")
        for name in places_in(url):
            if ("path", name) not in taken:
                raise self._wrong(f"nothing fills {{{name}}} of `url`; declare it under `parameters` or `locked`.", "url")

    # --- values ---

    def _map(self, value: Any, keys: tuple[str, ...], *path: str) -> Json:
        if not isinstance(value, dict):
            raise self._wrong(f"{'this' if path else 'the file'} must be a map with {', '.join(keys)}.", *path)
        for key in value:
            if key not in keys:
                hint = nearest(str(key), keys) or f" The keys are {', '.join(keys)}."
                raise self._wrong(f"`{key}` is not a key here.{hint}", *path, str(key))
        return value

    def _named(self, top: Mapping[str, Any], key: str) -> Json:
        value = top.get(key) or {}
        if not isinstance(value, dict):
            raise self._wrong(f"`{key}` must be a map of names.", key)
        return value

    def _text(self, entry: Mapping[str, Any], key: str, limit: int, *path: str, needed: bool = True) -> str:
        value = entry.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > limit:
            raise self._wrong(f"`{key}` must be a text of 1 to {limit} characters.", *path, key)
        return value.strip()

    def _texts(self, value: Any, *path: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self._wrong(f"`{path[-1]}` must be a list of texts.", *path)
        return value

    def _switch(self, value: Any, *path: str) -> bool:
        if not isinstance(value, bool):
            raise self._wrong(f"`{path[-1]}` must be true or false.", *path)
        return value

    def _choice(self, value: Any, choices: tuple[str, ...], *path: str) -> str:
        if value not in choices or not isinstance(value, str):
            raise self._wrong(f"`{path[-1]}` must be one of {', '.join(choices)}.", *path)
        return value

    def _wrong(self, problem: str, *path: str) -> TemplateError:
        return TemplateError(problem, file=self._file, line=self._lines.of(*path) if self._file else 0)
