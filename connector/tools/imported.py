"""Declarations made from an OpenAPI document (3.x or 2.0): chosen operations become tools, each a file that an operator reads and keeps.

What a model can fill in becomes a parameter, whatever it cannot is left out with a note, or is a reason not to import the operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue.values import nearest
from connector.errors import FormcallError
from connector.tools.httpfile import read_tool

Json = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_KINDS = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
_MOST_REFS, _DEEPEST = 20, 4
_NAME_LENGTH, _TITLE, _PURPOSE, _HELP, _CHOICES = 40, 60, 1_000, 300, 100
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")


@dataclass
class Import:
    """What an operation became: ``value`` is the file's content, ``notes`` what its reader should know."""

    name: str
    value: Json
    notes: list[str] = field(default_factory=list)


def import_operations(document: Any, wanted: list[str], *, secret: str = "", base_url: str = "") -> list[Import]:
    """A declaration for each of the ``wanted`` operations, by operationId or as "GET /path"; ``FormcallError`` says what cannot be one."""
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise _wrong("This is no OpenAPI document: it has no paths.")
    known = {name: found for found in _operations(document) for name in (found[0], f"{found[1].upper()} {found[2]}") if name}
    made = []
    for name in wanted:
        if name not in known:
            hint = nearest(name, known) or f" There are: {', '.join(list(known)[:20])}."
            raise _wrong(f'The document has no operation "{name[:100]}".{hint}')
        made.append(_Operation(document, *known[name]).imported(secret, base_url))
    return made


def _operations(document: Json) -> Iterator[tuple[str, str, str]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                yield str(item[method].get("operationId") or ""), method, str(path)


class _Operation:
    def __init__(self, document: Json, operation_id: str, method: str, path: str) -> None:
        self._document, self._id, self._method, self._path = document, operation_id or f"{method} {path}", method, path
        self._item: Json = document["paths"][path]
        self._said: Json = self._item[method]
        self._parameters: Json = {}
        self._notes: list[str] = []

    def imported(self, secret: str, base_url: str) -> Import:
        for parameter in self._all_parameters():
            self._parameter(parameter)
        self._body()
        name = _snake(self._id)
        title = str(self._said.get("summary") or self._id)[:_TITLE].strip()
        value: Json = {
            "title": title,
            "purpose": str(self._said.get("description") or self._said.get("summary") or title)[:_PURPOSE].strip(),
            "method": self._method.upper(),
            "url": (base_url or self._server()).rstrip("/") + self._path,
            **({"parameters": self._parameters} if self._parameters else {}),
            **self._secret(secret),
            "writes": self._method != "get",
        }
        read_tool(name, value)
        return Import(name, value, self._notes)

    # --- where it is called ---

    def _server(self) -> str:
        if "swagger" in self._document:
            scheme = (self._document.get("schemes") or ["https"])[0]
            found = f"{scheme}://{self._document.get('host', '')}{self._document.get('basePath', '')}"
        else:
            lists = [place.get("servers") for place in (self._said, self._item, self._document)]
            server: Json = next((one[0] for one in lists if one), {})
            variables = server.get("variables") or {}
            found = re.sub(r"\{(\w+)\}", lambda match: str(variables.get(match[1], {}).get("default", "")), str(server.get("url", "")))
        if "://" not in found or found.endswith("://"):
            raise _wrong("The document does not say at which address it is served. Give it with --base-url.")
        return found

    def _secret(self, secret: str) -> Json:
        needed = self._said.get("security", self._document.get("security")) or []
        schemes = self._document.get("components", {}).get("securitySchemes") or self._document.get("securityDefinitions") or {}
        names = [name for one in needed for name in one]
        if not names:
            return {"secret": secret} if secret else {}
        if not secret:
            self._note("it needs a secret; give one with --secret NAME")
            return {}
        scheme = self._resolved(schemes.get(names[0]) or {})
        if scheme.get("type") == "apiKey" and scheme.get("in") in {"header", "query"}:
            return {"secret": {"name": secret, "in": scheme["in"], "at": scheme["name"], "prefix": ""}}
        if scheme.get("type") == "basic" or scheme.get("scheme") == "basic":
            self._note("the secret is name:password in base64")
            return {"secret": {"name": secret, "prefix": "Basic "}}
        return {"secret": secret}

    # --- what it is called with ---

    def _all_parameters(self) -> list[Json]:
        found: dict[tuple[str, str], Json] = {}
        for one in [*(self._item.get("parameters") or []), *(self._said.get("parameters") or [])]:
            parameter = self._resolved(one)
            found[str(parameter.get("name")), str(parameter.get("in"))] = parameter
        return list(found.values())

    def _parameter(self, parameter: Json) -> None:
        place, name, needed = parameter.get("in"), str(parameter.get("name")), bool(parameter.get("required"))
        if place == "body":
            self._properties(self._resolved(parameter.get("schema") or {}), (), needed=True)
        elif place in {"path", "query"}:
            schema = parameter.get("schema") or parameter
            self._add(name, name, str(place), schema, str(parameter.get("description") or ""), needed=needed or place == "path")
        elif needed:
            self._note(f"it needs {name} in its {place}: add it under `locked`" if place == "header" else f"{name} ({place}) is left out")

    def _body(self) -> None:
        content = self._resolved(self._said.get("requestBody") or {}).get("content") or {}
        found = next((content[kind] for kind in content if kind.partition(";")[0].endswith("json")), None)
        if found:
            self._properties(self._resolved(found.get("schema") or {}), (), needed=True)
        elif content:
            raise _wrong(f"{self._id} takes {next(iter(content))}, and only JSON can be sent.")

    def _properties(self, schema: Json, above: tuple[str, ...], *, needed: bool) -> None:
        required = schema.get("required") or []
        for name, one in (schema.get("properties") or {}).items():
            inside, path = self._resolved(one), (*above, name)
            if inside.get("readOnly"):
                continue
            is_needed = needed and name in required
            if (inside.get("properties")) and len(path) < _DEEPEST:
                self._properties(inside, path, needed=is_needed)
            else:
                self._add("_".join(path), ".".join(path), "body", inside, str(inside.get("description") or ""), needed=is_needed)

    def _add(self, name: str, at: str, place: str, schema: Json, help: str, *, needed: bool) -> None:
        schema = self._resolved(schema)
        kind = _kind(schema)
        if kind is None:
            if needed:
                raise _wrong(f"{self._id} needs {at}, which is neither a text, a number, true or false, a choice nor a list of texts.")
            self._note(f"{at} is left out: a form cannot hold it")
            return
        name = re.sub(r"\W", "_", name, flags=re.ASCII)[:64]
        name = f"{name}_" if name == "context" or name in self._parameters else name
        entry: Json = {"type": kind}
        if help.strip():
            entry["help"] = " ".join(help.split())[:_HELP]
        if kind == "choice":
            entry["choices"] = [str(one) for one in schema["enum"] if one is not None]
        if name != at:
            entry["at"] = at
        if not needed:
            entry["optional"] = True
        if place != ("path" if place == "path" else "query" if self._method in {"get", "delete"} else "body"):
            entry["in"] = place
        self._parameters[name] = entry

    def _note(self, words: str) -> None:
        self._notes.append(words)

    def _resolved(self, schema: Any) -> Json:
        """``schema`` without references: what it points to, and all parts of an allOf as one."""
        for _ in range(_MOST_REFS):
            if not isinstance(schema, dict):
                return {}
            if "$ref" in schema:
                schema = self._at(str(schema["$ref"]))
            elif parts := schema.get("allOf"):
                schema = _together([{key: value for key, value in schema.items() if key != "allOf"}, *map(self._resolved, parts)])
            elif len(parts := [one for key in ("anyOf", "oneOf") for one in schema.get(key) or [] if one != {"type": "null"}]) == 1:
                schema = {**{key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}, **self._resolved(parts[0])}
            else:
                return schema
        raise _wrong(f"{self._id} refers to itself without end.")

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise _wrong(f"{self._id} refers to another document ({reference[:80]}); only references within it are followed.")
        found: Any = self._document
        for part in (one.replace("~1", "/").replace("~0", "~") for one in reference[2:].split("/")):
            if not isinstance(found, dict) or part not in found:
                raise _wrong(f"{self._id} refers to {reference[:80]}, which is not there.")
            found = found[part]
        return found


def _together(parts: list[Json]) -> Json:
    found: Json = {}
    for part in parts:
        properties = {**found.get("properties", {}), **part.get("properties", {})}
        required = [*found.get("required", []), *part.get("required", [])]
        found = {**found, **part, **({"properties": properties} if properties else {}), **({"required": required} if required else {})}
    return found


def _kind(schema: Json) -> str | None:
    types = [one for one in (schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]) if one != "null"]
    named = types[0] if len(types) == 1 else None
    choices = [one for one in schema.get("enum") or [] if one is not None]
    if choices and named in {"string", None} and len(choices) <= _CHOICES and all(isinstance(one, str) and one for one in choices):
        return "choice"
    if named == "array":
        return "list" if _kind(schema.get("items") or {}) in {"text", "choice"} else None
    return _KINDS.get(str(named))


def _snake(text: str) -> str:
    words = "_".join(word.lower() for word in _WORD.findall(text))
    return (words if words[:1].isalpha() else f"call_{words}")[:_NAME_LENGTH].strip("_")


def _wrong(words: str) -> FormcallError:
    return FormcallError("bad_request", words)
