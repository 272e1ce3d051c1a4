"""Messages of the protocol: reading one with distrust, and writing answers and refusals. It knows no transport and no action.

    read_message(value, headers) -> Message         ``Refusal`` for what is none, or contradicts its headers
    answered(message, result) -> JSON object        refused(id, refusal) -> JSON object
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
VERSIONS = ("2026-07-28",)  # those that come with each request

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
NOT_ALLOWED = -32010  # of those that the protocol leaves to servers: the key, the address or the moment is not right
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
# the HTTP status of a refusal; what is not here is told with 200
STATUSES = {
    PARSE_ERROR: 400, INVALID_REQUEST: 400, INVALID_PARAMS: 400, HEADER_MISMATCH: 400, UNSUPPORTED_VERSION: 400, METHOD_NOT_FOUND: 404,
    INTERNAL_ERROR: 500,
}  # fmt: skip

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name"
# the parameter that stands in the header Mcp-Name as well, so that gateways need not read bodies
NAMES = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_OPENED, _CLOSED = "=?base64?", "?="


class Refusal(Exception):
    """A message is not answered: ``code`` is one of the protocol's, ``data`` says more."""

    def __init__(self, code: int, words: str, data: Json | None = None) -> None:
        super().__init__(words)
        self.code, self.words, self.data = code, words, data


@dataclass(frozen=True)
class Message:
    """A request, or a notification (``wants_answer`` is False). ``version`` is "" where the client shook hands."""

    method: str
    id: str | int | None = None
    params: Json = field(default_factory=dict)
    version: str = ""

    @property
    def wants_answer(self) -> bool:
        return self.id is not None


def read_message(value: Any, headers: Mapping[str, str] | None = None) -> Message:
    """The message in a JSON value. ``headers`` are those it came with, where its transport has any."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0" or not isinstance(value.get("method"), str):
        words = "Send one message of JSON-RPC 2.0: an object with jsonrpc, id, method and params. Lists of messages are not taken."
        raise Refusal(INVALID_REQUEST, words)
    params = {} if value.get("params") is None else value["params"]
    if not isinstance(params, dict):
        raise Refusal(INVALID_PARAMS, "The params must be an object.")
    message = Message(value["method"], _id(value), params, _version(value["method"], params))
    if message.wants_answer and (message.version or _is_modern(headers)):
        _check_envelope(message, headers)
    elif not message.wants_answer and _is_modern(headers):
        _check_version(str((headers or {}).get(VERSION_HEADER)))
    return message


def id_of(value: Any) -> str | int | None:
    """The id to refuse a message under, whatever else is wrong with it."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def answered(message: Message, result: Json) -> Json:
    """The answer to a request; ``result`` is already in the words of its version."""
    return {"jsonrpc": "2.0", "id": message.id, "result": result}


def refused(id: str | int | None, refusal: Refusal) -> Json:
    """The answer to a request that is refused; ``id`` is None where it could not be read."""
    data = {"data": refusal.data} if refusal.data is not None else {}
    return {"jsonrpc": "2.0", "id": id, "error": {"code": refusal.code, "message": refusal.words, **data}}


def _id(value: Json) -> str | int | None:
    if "id" not in value:
        return None
    if (found := id_of(value)) is None:
        raise Refusal(INVALID_REQUEST, "The id of a request must be a text or a whole number.")
    return found


def _version(method: str, params: Json) -> str:
    meta = params.get("_meta") if method != "initialize" else None  # which only those send who shake hands
    found = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
    if found is not None and not isinstance(found, str):
        raise Refusal(INVALID_PARAMS, f"{VERSION_KEY} must be a text.")
    return found or ""


def _is_modern(headers: Mapping[str, str] | None) -> bool:
    """Whether the headers name a version that comes with each request, or one that nobody knows."""
    given = (headers or {}).get(VERSION_HEADER)
    return given is not None and given not in HANDSHAKES


def _check_envelope(message: Message, headers: Mapping[str, str] | None) -> None:
    meta = message.params.get("_meta")
    missing = [key for key in (VERSION_KEY, CAPABILITIES_KEY) if not isinstance(meta, dict) or key not in meta]
    if missing:
        raise Refusal(INVALID_PARAMS, f"The params' _meta has no {' and no '.join(missing)}; each request needs it.")
    if headers is not None:
        _check_headers(message, headers)
    _check_version(message.version)


def _check_headers(message: Message, headers: Mapping[str, str]) -> None:
    """What stands in a header and in the body is the same, so that a gateway decides on what is then carried out."""
    wanted = {VERSION_HEADER: message.version, METHOD_HEADER: message.method}
    if message.method in NAMES and (named := message.params.get(NAMES[message.method])) is not None:
        wanted[NAME_HEADER] = named
    for header, value in wanted.items():
        if _decoded(headers.get(header)) != value:
            raise Refusal(HEADER_MISMATCH, f"The header {header} must be there, and say the same as the body.")


def _check_version(version: str) -> None:
    if version not in VERSIONS:
        data = {"supported": list(VERSIONS), "requested": version}
        spoken = f"There are {', '.join(VERSIONS)}, and with a handshake {', '.join(HANDSHAKES)}."
        raise Refusal(UNSUPPORTED_VERSION, f"This version of the protocol is not spoken here. {spoken}", data)


def encoded(value: str) -> str:
    """``value`` as a header can hold it."""
    if value.isascii() and value.isprintable() and value == value.strip() and not value.startswith(_OPENED):
        return value
    return f"{_OPENED}{base64.b64encode(value.encode()).decode()}{_CLOSED}"


def _decoded(value: str | None) -> str | None:
    """A header's value; what no header can hold comes as =?base64?...?=."""
    if value is None or not (value.startswith(_OPENED) and value.endswith(_CLOSED)):
        return value
    try:
        return base64.b64decode(value[len(_OPENED) : -len(_CLOSED)], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
