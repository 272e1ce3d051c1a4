"""Creates declared tools from an OpenAPI document (3.x or 2.0), one for each chosen operation.

What a model can fill in becomes a parameter. Anything else is left out with a note, or prevents
the import if the operation requires it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue.values import suggestion
from connector.errors import FormcallError
from connector.json_types import Json
from connector.tools.httpfile import read_tool
from connector.tools.openapi_schema import SchemaResolver, choices_of, parameter_type

_METHODS = ("get", "post", "put", "patch", "delete")
_MAX_DEPTH = 4  # levels of a body whose properties become parameters of their own
_MAX_NAME = 40
_MAX_TITLE = 60
_MAX_PURPOSE = 1_000
_MAX_HELP = 300
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")


@dataclass
class ImportedOperation:
    """A declaration made from an operation: the file's content, and notes for its reader."""

    name: str
    value: Json
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _OperationKey:
    operation_id: str
    method: str
    path: str


def import_operations(
    document: Any, names: Sequence[str], *, secret: str = "", base_url: str = ""
) -> list[ImportedOperation]:
    """A declaration for each operation, named by its operationId or as "GET /path".

    ``FormcallError`` states why an operation cannot become a tool.
    """
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise _error("This is no OpenAPI document: it has no paths.")
    operations: dict[str, _OperationKey] = {}
    for key in _operation_keys(document):
        if key.operation_id:
            operations[key.operation_id] = key
        operations[f"{key.method.upper()} {key.path}"] = key
    imported = []
    for name in names:
        if name not in operations:
            known = ", ".join(list(operations)[:20])
            hint = suggestion(name, operations) or f" There are: {known}."
            raise _error(f'The document has no operation "{name[:100]}".{hint}')
        importer = _OperationImporter(document, operations[name])
        imported.append(importer.import_operation(secret, base_url))
    return imported


def _operation_keys(document: Json) -> Iterator[_OperationKey]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if isinstance(item, dict) and isinstance(item.get(method), dict):
                operation_id = str(item[method].get("operationId") or "")
                yield _OperationKey(operation_id, method, str(path))


class _OperationImporter:
    def __init__(self, document: Json, key: _OperationKey) -> None:
        self._document = document
        self._method = key.method
        self._path = key.path
        self._id = key.operation_id or f"{key.method} {key.path}"
        self._item: Json = document["paths"][key.path]
        self._operation: Json = self._item[key.method]
        self._resolve = SchemaResolver(document, self._id).resolve
        self._parameters: Json = {}
        self._notes: list[str] = []

    def import_operation(self, secret: str, base_url: str) -> ImportedOperation:
        for parameter in self._declared_parameters():
            self._add_declared_parameter(parameter)
        self._add_body()
        name = _snake_case(self._id)
        title = str(self._operation.get("summary") or self._id)[:_MAX_TITLE].strip()
        purpose = self._operation.get("description") or self._operation.get("summary") or title
        value: Json = {
            "title": title,
            "purpose": str(purpose)[:_MAX_PURPOSE].strip(),
            "method": self._method.upper(),
            "url": (base_url or self._server_url()).rstrip("/") + self._path,
        }
        if self._parameters:
            value["parameters"] = self._parameters
        value |= self._secret(secret)
        value["writes"] = self._method != "get"
        read_tool(name, value)
        return ImportedOperation(name, value, self._notes)

    # --- server and security --------------------------------------------------------------------

    def _server_url(self) -> str:
        url = self._swagger_url() if "swagger" in self._document else self._openapi_url()
        if "://" not in url or url.endswith("://"):
            raise _error(
                "The document does not state at which address it is served. Give it with "
                "--base-url."
            )
        return url

    def _swagger_url(self) -> str:
        scheme = (self._document.get("schemes") or ["https"])[0]
        host = self._document.get("host", "")
        return f"{scheme}://{host}{self._document.get('basePath', '')}"

    def _openapi_url(self) -> str:
        server: Json = {}
        for level in (self._operation, self._item, self._document):
            if level.get("servers"):
                server = level["servers"][0]
                break
        variables = server.get("variables") or {}

        def default(match: re.Match[str]) -> str:
            return str(variables.get(match[1], {}).get("default", ""))

        return re.sub(r"\{(\w+)\}", default, str(server.get("url", "")))

    def _secret(self, secret: str) -> Json:
        """The ``secret`` of the declaration, by the operation's first security scheme."""
        requirements = self._operation.get("security", self._document.get("security")) or []
        names = [name for requirement in requirements for name in requirement]
        if not names:
            return {"secret": secret} if secret else {}
        if not secret:
            self._notes.append("it needs a secret; give one with --secret NAME")
            return {}
        scheme = self._security_scheme(names[0])
        if scheme.get("type") == "apiKey" and scheme.get("in") in {"header", "query"}:
            return {
                "secret": {"name": secret, "in": scheme["in"], "at": scheme["name"], "prefix": ""}
            }
        if scheme.get("type") == "basic" or scheme.get("scheme") == "basic":
            self._notes.append("the secret is name:password in base64")
            return {"secret": {"name": secret, "prefix": "Basic "}}
        return {"secret": secret}

    def _security_scheme(self, name: str) -> Json:
        schemes = (
            self._document.get("components", {}).get("securitySchemes")
            or self._document.get("securityDefinitions")
            or {}
        )
        return self._resolve(schemes.get(name) or {})

    # --- parameters and body --------------------------------------------------------------------

    def _declared_parameters(self) -> list[Json]:
        """The parameters of the path and of the operation, which replace those of the path."""
        parameters: dict[tuple[str, str], Json] = {}
        for level in (self._item, self._operation):
            for entry in level.get("parameters") or []:
                parameter = self._resolve(entry)
                parameters[str(parameter.get("name")), str(parameter.get("in"))] = parameter
        return list(parameters.values())

    def _add_declared_parameter(self, parameter: Json) -> None:
        location = parameter.get("in")
        name = str(parameter.get("name"))
        required = bool(parameter.get("required"))
        if location == "body":
            self._add_properties(self._resolve(parameter.get("schema") or {}), (), required=True)
        elif location in {"path", "query"}:
            schema = self._resolve(parameter.get("schema") or parameter)
            schema = {**schema, "description": parameter.get("description")}
            is_required = required or location == "path"
            self._add_parameter(name, name, str(location), schema, required=is_required)
        elif required and location == "header":
            self._notes.append(f"it needs {name} in its header: add it under `locked`")
        elif required:
            self._notes.append(f"{name} ({location}) is left out")

    def _add_body(self) -> None:
        content = self._resolve(self._operation.get("requestBody") or {}).get("content") or {}
        json_bodies = [
            entry for media, entry in content.items() if media.partition(";")[0].endswith("json")
        ]
        if json_bodies and json_bodies[0]:
            schema = self._resolve(json_bodies[0].get("schema") or {})
            self._add_properties(schema, (), required=True)
        elif content:
            raise _error(f"{self._id} takes {next(iter(content))}, and only JSON can be sent.")

    def _add_properties(self, schema: Json, parents: tuple[str, ...], *, required: bool) -> None:
        """A parameter for each property; those of inner objects are named by their path."""
        for name, entry in (schema.get("properties") or {}).items():
            inner = self._resolve(entry)
            path = (*parents, name)
            if inner.get("readOnly"):
                continue
            is_required = required and name in (schema.get("required") or [])
            if inner.get("properties") and len(path) < _MAX_DEPTH:
                self._add_properties(inner, path, required=is_required)
            else:
                self._add_parameter(
                    "_".join(path), ".".join(path), "body", inner, required=is_required
                )

    def _add_parameter(
        self, name: str, key: str, location: str, schema: Json, *, required: bool
    ) -> None:
        kind = parameter_type(schema)
        if kind is None:
            if required:
                raise _error(
                    f"{self._id} needs {key}, which is neither a text, a number, true or false, a "
                    "choice nor a list of texts."
                )
            self._notes.append(f"{key} is left out: a form cannot hold it")
            return
        name = re.sub(r"\W", "_", name, flags=re.ASCII)[:64]
        if name == "context" or name in self._parameters:
            name = f"{name}_"
        entry: Json = {"type": kind}
        help_text = " ".join(str(schema.get("description") or "").split())
        if help_text:
            entry["help"] = help_text[:_MAX_HELP]
        if kind == "choice":
            entry["choices"] = choices_of(schema)
        if name != key:
            entry["at"] = key
        if not required:
            entry["optional"] = True
        if location not in {"path", self._default_location()}:
            entry["in"] = location
        self._parameters[name] = entry

    def _default_location(self) -> str:
        return "query" if self._method in {"get", "delete"} else "body"


def _snake_case(text: str) -> str:
    name = "_".join(word.lower() for word in _WORD.findall(text))
    if not name[:1].isalpha():
        name = f"call_{name}"
    return name[:_MAX_NAME].strip("_")


def _error(problem: str) -> FormcallError:
    return FormcallError("bad_request", problem)
