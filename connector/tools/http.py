"""Tools that an operator declares as data: one call of a web service each.

The model sets only the declared parameters. The host, the fixed values and the secret are those of
the declaration; a value of the model is encoded for its location and cannot be anything else there.
Secrets are removed from the response, and only the declared fields of it are kept.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from connector.json_types import Json
from connector.outbound import Outbound, OutboundError, OutboundResponse, Refused
from connector.tools.base import Tool, ToolContext, ToolError, ToolParameter, ToolResult

MAX_BYTES = 1_000_000
_SHOWN = 300
_MAX_REDIRECTS = 3
# so that the call itself reports its time-out, and whether the request may have had an effect
_MARGIN_SECONDS = 1.0
_REDACTED = "[hidden]"
_PATH_PARAMETER = re.compile(r"\{([^{}]*)\}")
_MIN_SECRET_LENGTH = 4  # a shorter one would be found in many texts that do not contain it
_SUCCESS = range(200, 300)
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "choice": (str,),
    "list": (list,),
}
_JSON_TYPES = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "choice": "string",
    "list": "array",
}


@dataclass(frozen=True)
class Argument:
    """One value of the call that the model sets.

    ``location``  path, query, header or body
    ``key``       its name there; in a body with dots between levels
    """

    name: str
    location: str
    key: str
    kind: str = "text"
    help: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()

    def parameter(self) -> ToolParameter:
        """The parameter that the model is shown."""
        json_type = _JSON_TYPES[self.kind]
        kinds = KINDS[self.kind]
        schema: Json = {"type": [json_type, "null"] if self.optional else json_type}
        if self.help:
            schema["description"] = self.help
        if self.choices:
            schema["enum"] = [*self.choices, None] if self.optional else list(self.choices)
        if self.kind == "list":
            schema["items"] = {"type": "string"}
        return ToolParameter(
            schema=schema,
            kinds=(*kinds, type(None)) if self.optional else kinds,
            choices=self.choices,
            items=(str,) if self.kind == "list" else (),
        )


@dataclass(frozen=True)
class FixedArgument:
    """A value of the call that the model neither sees nor sets."""

    location: str
    key: str
    value: Any


@dataclass(frozen=True)
class SecretUse:
    """Where the secret ``name`` (FORMCALL_SECRET_NAME) is sent: in a header or in the query."""

    name: str
    location: str = "header"
    key: str = "Authorization"
    prefix: str = "Bearer "


@dataclass(frozen=True)
class HttpTool:
    """A validated declaration.

    ``keep``   the fields of the response that the model is shown, such as ``offers.*.price``
    ``value``  the field of the response that is the tool's value
    """

    name: str
    title: str
    purpose: str
    method: str
    url: str
    arguments: tuple[Argument, ...] = ()
    fixed: tuple[FixedArgument, ...] = ()
    secret: SecretUse | None = None
    writes: bool = False
    always_needs_approval: bool = False
    keep: tuple[str, ...] = ()
    value: str = ""
    seconds: float = 15.0


@dataclass
class _Request:
    path: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)

    def set(self, location: str, key: str, value: Any) -> None:
        if location == "path":
            self.path[key] = _path_segment(value)
        elif location == "query":
            values = value if isinstance(value, list) else [value]
            self.query += [(key, _as_text(item)) for item in values]
        elif location == "header":
            self.header[key] = _as_text(value)
        else:
            self._set_in_body(key.split("."), value)

    def _set_in_body(self, path: list[str], value: Any) -> None:
        *parents, last = path
        target = self.body
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value


def http_tool(declared: HttpTool, outbound: Outbound, secrets: Mapping[str, str]) -> Tool:
    """The tool that makes the declared call; ``secrets`` are all of the service, by name."""

    def run(context: ToolContext, **arguments: Any) -> ToolResult:
        return _call(declared, outbound, secrets, arguments, context)

    return Tool(
        name=declared.name,
        description=declared.purpose,
        arguments={argument.name: argument.parameter() for argument in declared.arguments},
        run=run,
        takes_context=True,
        seconds=declared.seconds + _MARGIN_SECONDS,
        title=declared.title,
        needs_permission=True,
        writes=declared.writes,
        always_needs_approval=declared.always_needs_approval,
    )


def _call(
    declared: HttpTool,
    outbound: Outbound,
    secrets: Mapping[str, str],
    arguments: Json,
    context: ToolContext,
) -> ToolResult:
    request = _build_request(declared, secrets, arguments)
    response = _send(declared, outbound, request, context)
    text = response.body.decode("utf-8", "replace")
    if response.status not in _SUCCESS:
        detail = redact_secrets(text, secrets)[:_SHOWN].strip() or "nothing"
        raise ToolError(f"{declared.title} answered {response.status}: {detail}")
    return _result(declared, text, secrets)


def _build_request(declared: HttpTool, secrets: Mapping[str, str], arguments: Json) -> _Request:
    request = _Request()
    for argument in declared.arguments:
        value = arguments[argument.name]
        if value is not None:
            request.set(argument.location, argument.key, value)
    for fixed in declared.fixed:
        request.set(fixed.location, fixed.key, fixed.value)
    if declared.secret:
        secret = declared.secret
        request.set(secret.location, secret.key, secret.prefix + secrets[secret.name])
    return request


def _send(
    declared: HttpTool, outbound: Outbound, request: _Request, context: ToolContext
) -> OutboundResponse:
    headers = {"Accept": "application/json, text/plain;q=0.9, */*;q=0.1", **request.header}
    if declared.writes and context.call_key:
        headers["Idempotency-Key"] = context.call_key
    body = None
    if request.body or declared.method in {"POST", "PUT", "PATCH"}:
        body = json.dumps(request.body).encode()
        headers["Content-Type"] = "application/json"
    try:
        return outbound.request(
            declared.method,
            _url(declared.url, request),
            headers=headers,
            body=body,
            seconds=min(declared.seconds, context.seconds),
            max_bytes=MAX_BYTES,
            max_redirects=0 if declared.writes else _MAX_REDIRECTS,
            require_complete=True,
        )
    except Refused as error:
        raise ToolError(
            f"{declared.title} may not be called from here: {error.detail.rstrip('.')}"
        ) from None
    except OutboundError as error:
        message = f"{declared.title}: {error.detail.rstrip('.')}"
        if declared.writes and error.kind != "unreachable":
            message += "; it is unknown whether it was done, so do not call it again"
        raise ToolError(message) from None
    except ValueError:
        raise ToolError("a value has a character that a header cannot have") from None


def _result(declared: HttpTool, text: str, secrets: Mapping[str, str]) -> ToolResult:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ToolResult(redact_secrets(text.strip() or "Done; the answer was empty.", secrets))
    selected = _keep_fields(content, declared.keep) if declared.keep else content
    shown = redact_secrets(json.dumps(selected, ensure_ascii=False, separators=(",", ":")), secrets)
    value = select_path(content, declared.value) if declared.value else None
    if value is None or isinstance(value, dict | list):
        return ToolResult(shown)
    return ToolResult(shown, redact_secrets(_as_text(value), secrets))


def _keep_fields(content: Any, paths: tuple[str, ...]) -> Json:
    fields = {path: select_path(content, path) for path in paths}
    return {path: value for path, value in fields.items() if value is not None}


def select_path(value: Any, path: str) -> Any:
    """The value at ``path``; None if there is none.

    A path is names and list indexes separated by dots; ``*`` selects every item of a list.
    """
    parts = path.split(".")
    for index, part in enumerate(parts):
        if part == "*" and isinstance(value, list):
            rest = ".".join(parts[index + 1 :])
            return [select_path(item, rest) for item in value] if rest else value
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and _is_index(part, value):
            value = value[int(part)]
        else:
            return None
    return value


def _is_index(part: str, items: list[Any]) -> bool:
    return part.isascii() and part.isdigit() and int(part) < len(items)


def path_parameters(url: str) -> list[str]:
    """The names in braces of a URL."""
    return _PATH_PARAMETER.findall(url)


def _url(template: str, request: _Request) -> str:
    url = _PATH_PARAMETER.sub(lambda match: request.path[match[1]], template)
    if not request.query:
        return url
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{urlencode(request.query, quote_via=quote)}"


def _path_segment(value: Any) -> str:
    """``value`` as one segment of a path, which it can neither end nor leave."""
    text = _as_text(value)
    if text in {"", ".", ".."}:
        raise ToolError(f"{text!r} cannot be part of an address")
    return quote(text.encode("utf-8", "replace"), safe="")


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def redact_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """``text`` with every secret hidden, however it is encoded there."""
    for secret in sorted(secrets.values(), key=len, reverse=True):
        if len(secret) >= _MIN_SECRET_LENGTH:
            for encoded in _encodings(secret):
                text = text.replace(encoded, _REDACTED)
    return text


def _encodings(secret: str) -> set[str]:
    """``secret`` as text, in a URL, in JSON and in base64."""
    in_base64 = base64.b64encode(secret.encode()).decode()
    return {
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        in_base64,
        in_base64.rstrip("="),
        base64.urlsafe_b64encode(secret.encode()).decode(),
    }
