"""Tools that an operator declares as data: one call of a web service, of which the model sets only what the declaration lets it.

The address's host, what is locked and the secret are the declaration's; a value of the model is encoded into its one place and can be
nothing but that value. What comes back is cut down to the fields to keep, and has no secret in it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from connector.outbound import Outbound, OutboundError, Refused
from connector.tools.base import Parameter, Result, Tool, ToolContext, ToolError

Json = dict[str, Any]

MAX_BYTES = 1_000_000
_SHOWN = 300
_REDIRECTS = 3
_MARGIN = 1.0  # so that the call itself says that it took too long, and whether it may have been done
_HIDDEN = "[hidden]"
_PLACE = re.compile(r"\{([^{}]*)\}")
_SHORTEST_SECRET = 4  # anything shorter would be found everywhere
_GOOD = range(200, 300)
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "choice": (str,), "list": (list,),
}  # fmt: skip
_JSON_KINDS = {"text": "string", "integer": "integer", "number": "number", "boolean": "boolean", "choice": "string", "list": "array"}


@dataclass(frozen=True)
class Argument:
    """One value of the call. ``place`` is path, query, header or body; ``at`` its name there, in a body with dots between levels."""

    name: str
    place: str
    at: str
    kind: str = "text"
    help: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()

    def parameter(self) -> Parameter:
        """What the model is told of it."""
        named = _JSON_KINDS[self.kind]
        schema: Json = {"type": [named, "null"] if self.optional else named}
        if self.help:
            schema["description"] = self.help
        if self.choices:
            schema["enum"] = [*self.choices, None] if self.optional else list(self.choices)
        if self.kind == "list":
            schema["items"] = {"type": "string"}
        kinds = KINDS[self.kind]
        return Parameter(schema, (*kinds, type(None)) if self.optional else kinds, self.choices, (str,) if self.kind == "list" else ())


@dataclass(frozen=True)
class Locked:
    """A value that the model neither sees nor sets."""

    place: str
    at: str
    value: Any


@dataclass(frozen=True)
class SecretUse:
    """The secret called ``name`` (FORMCALL_SECRET_NAME) goes into a header or the query, after ``prefix``."""

    name: str
    place: str = "header"
    at: str = "Authorization"
    prefix: str = "Bearer "


@dataclass(frozen=True)
class HttpTool:
    """A declaration, read and found to be right. ``keep`` and ``value`` are paths such as ``offers.*.price``."""

    name: str
    title: str
    purpose: str
    method: str
    url: str
    arguments: tuple[Argument, ...] = ()
    locked: tuple[Locked, ...] = ()
    secret: SecretUse | None = None
    writes: bool = False
    asks: bool = False
    keep: tuple[str, ...] = ()
    value: str = ""
    seconds: float = 15.0


@dataclass
class _Request:
    path: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)

    def put(self, place: str, at: str, value: Any) -> None:
        if place == "path":
            self.path[at] = _segment(value)
        elif place == "query":
            self.query += [(at, _text(one)) for one in (value if isinstance(value, list) else [value])]
        elif place == "header":
            self.header[at] = _text(value)
        else:
            *above, last = at.split(".")
            inside = self.body
            for level in above:
                inside = inside.setdefault(level, {})
            inside[last] = value


def http_tool(declared: HttpTool, outbound: Outbound, secrets: Mapping[str, str]) -> Tool:
    """The tool that makes the declared call; ``secrets`` are all that the service has, by name."""

    def run(context: ToolContext, **given: Any) -> Result:
        return _call(declared, outbound, secrets, given, context)

    arguments = {argument.name: argument.parameter() for argument in declared.arguments}
    return Tool(
        declared.name, declared.purpose, arguments, run, True, declared.seconds + _MARGIN, title=declared.title, reaches=True,
        writes=declared.writes, asks=declared.asks,
    )  # fmt: skip


def _call(declared: HttpTool, outbound: Outbound, secrets: Mapping[str, str], given: Json, context: ToolContext) -> Result:
    request = _Request()
    for argument in declared.arguments:
        if given[argument.name] is not None:
            request.put(argument.place, argument.at, given[argument.name])
    for locked in declared.locked:
        request.put(locked.place, locked.at, locked.value)
    if use := declared.secret:
        request.put(use.place, use.at, use.prefix + secrets[use.name])
    headers = {"Accept": "application/json, text/plain;q=0.9, */*;q=0.1", **request.header}
    if declared.writes and context.call_key:
        headers["Idempotency-Key"] = context.call_key
    body = None
    if request.body or declared.method in {"POST", "PUT", "PATCH"}:
        body, headers["Content-Type"] = json.dumps(request.body).encode(), "application/json"
    try:
        answer = outbound.request(
            declared.method, _address(declared.url, request), headers=headers, body=body, seconds=min(declared.seconds, context.seconds),
            max_bytes=MAX_BYTES, max_redirects=0 if declared.writes else _REDIRECTS, whole=True,
        )  # fmt: skip
    except Refused as refused:
        raise ToolError(f"{declared.title} may not be called from here: {refused.detail.rstrip('.')}") from None
    except OutboundError as error:
        unsure = "; nobody knows whether it was done, so do not call it again" if declared.writes and error.kind != "unreachable" else ""
        raise ToolError(f"{declared.title}: {error.detail.rstrip('.')}{unsure}") from None
    except ValueError:
        raise ToolError("a value has a sign that a header cannot have") from None
    text = answer.body.decode("utf-8", "replace")
    if answer.status not in _GOOD:
        raise ToolError(f"{declared.title} answered {answer.status}: {without_secrets(text, secrets)[:_SHOWN].strip() or 'nothing'}")
    return _result(declared, text, secrets)


def _result(declared: HttpTool, text: str, secrets: Mapping[str, str]) -> Result:
    try:
        answered = json.loads(text)
    except (ValueError, RecursionError):
        return Result(without_secrets(text.strip() or "Done; the answer was empty.", secrets))
    kept = {path: found for path in declared.keep if (found := picked(answered, path)) is not None} if declared.keep else answered
    value = picked(answered, declared.value) if declared.value else None
    said = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    shown = None if value is None or isinstance(value, dict | list) else without_secrets(_text(value), secrets)
    return Result(without_secrets(said, secrets), shown)


def picked(value: Any, path: str) -> Any:
    """What stands at ``path`` (names and places with dots between them, * for each entry of a list); None if nothing does."""
    for number, part in enumerate(path.split(".")):
        if part == "*" and isinstance(value, list):
            rest = ".".join(path.split(".")[number + 1 :])
            return [picked(one, rest) for one in value] if rest else value
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def places_in(url: str) -> list[str]:
    """The names in braces of an address."""
    return _PLACE.findall(url)


def _address(url: str, request: _Request) -> str:
    path = _PLACE.sub(lambda found: request.path[found[1]], url)
    if not request.query:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(request.query, quote_via=quote)}"


def _segment(value: Any) -> str:
    """``value`` as one part of a path: it can neither end the part nor climb above it."""
    text = _text(value)
    if text in {"", ".", ".."}:
        raise ToolError(f"{text!r} cannot stand in an address")
    return quote(text.encode("utf-8", "replace"), safe="")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """``text`` with every secret hidden, however it may be written there."""
    for secret in sorted(secrets.values(), key=len, reverse=True):
        if len(secret) < _SHORTEST_SECRET:
            continue
        in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        for written in {secret, quote(secret, safe=""), *in_json, *_in_base64(secret)}:
            text = text.replace(written, _HIDDEN)
    return text


def _in_base64(secret: str) -> set[str]:
    whole = base64.b64encode(secret.encode()).decode()
    return {whole, whole.rstrip("="), base64.urlsafe_b64encode(secret.encode()).decode()}
