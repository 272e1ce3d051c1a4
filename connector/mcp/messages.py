"""Messages of the protocol: validating requests, writing responses and errors.

This module knows no transport and no action.

    read_message(value, headers) -> Message          ``ProtocolError`` for an invalid one
    response_message(message, result) -> Json        error_message(id, error) -> Json
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.json_types import Json

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
VERSIONS = ("2026-07-28",)  # those that each request states

# codes of JSON-RPC
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
# codes of the protocol
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
# a code from the range left to servers: refused for the key, the URL or the rate
NOT_ALLOWED = -32010
# the HTTP status of an error; other codes are sent with 200
STATUSES = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    UNSUPPORTED_VERSION: 400,
    METHOD_NOT_FOUND: 404,
    INTERNAL_ERROR: 500,
}

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"
VERSION_HEADER = "Mcp-Protocol-Version"
METHOD_HEADER = "Mcp-Method"
NAME_HEADER = "Mcp-Name"
# the parameter that is repeated in the header Mcp-Name, so that gateways need not read bodies
NAME_PARAMS = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_BASE64_PREFIX = "=?base64?"
_BASE64_SUFFIX = "?="


class ProtocolError(Exception):
    """A message is refused: ``code`` is one of the protocol's, ``data`` has details."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True)
class Message:
    """A request, or a notification (``is_request`` is False).

    ``version`` is "" where the client has initialized a session with a handshake.
    """

    method: str
    id: str | int | None = None
    params: Json = field(default_factory=dict)
    version: str = ""

    @property
    def is_request(self) -> bool:
        return self.id is not None


def read_message(value: Any, headers: Mapping[str, str] | None = None) -> Message:
    """The message in a JSON value; ``headers`` are the transport's, where it has any."""
    if (
        not isinstance(value, dict)
        or value.get("jsonrpc") != "2.0"
        or not isinstance(value.get("method"), str)
    ):
        raise ProtocolError(
            INVALID_REQUEST,
            "Send one message of JSON-RPC 2.0: an object with jsonrpc, id, method and params. "
            "Lists of messages are not accepted.",
        )
    params = {} if value.get("params") is None else value["params"]
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_PARAMS, "The params must be an object.")
    message = Message(value["method"], _id(value), params, _version(value["method"], params))
    if message.is_request and (message.version or _is_modern(headers)):
        _check_envelope(message, headers)
    elif not message.is_request and _is_modern(headers):
        _check_version(str((headers or {}).get(VERSION_HEADER)))
    return message


def message_id(value: Any) -> str | int | None:
    """The id of any JSON value, for an error message; None when it has no valid one."""
    given = value.get("id") if isinstance(value, dict) else None
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def response_message(message: Message, result: Json) -> Json:
    """The response to a request; ``result`` has the form of the request's version already."""
    return {"jsonrpc": "2.0", "id": message.id, "result": result}


def error_message(id: str | int | None, error: ProtocolError) -> Json:
    """The response to a request that is refused; ``id`` is None where it could not be read."""
    body: Json = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return {"jsonrpc": "2.0", "id": id, "error": body}


def _id(value: Json) -> str | int | None:
    if "id" not in value:
        return None
    given = message_id(value)
    if given is None:
        raise ProtocolError(
            INVALID_REQUEST, "The id of a request must be a text or a whole number."
        )
    return given


def _version(method: str, params: Json) -> str:
    """The version that a request states; "" for none, as in every request after a handshake."""
    if method == "initialize":
        return ""
    meta = params.get("_meta")
    version = meta.get(VERSION_KEY) if isinstance(meta, dict) else None
    if version is not None and not isinstance(version, str):
        raise ProtocolError(INVALID_PARAMS, f"{VERSION_KEY} must be a text.")
    return version or ""


def _is_modern(headers: Mapping[str, str] | None) -> bool:
    """Whether the headers state a version without a handshake, or an unknown one."""
    version = (headers or {}).get(VERSION_HEADER)
    return version is not None and version not in HANDSHAKES


def _check_envelope(message: Message, headers: Mapping[str, str] | None) -> None:
    meta = message.params.get("_meta")
    keys = meta if isinstance(meta, dict) else {}
    missing = [key for key in (VERSION_KEY, CAPABILITIES_KEY) if key not in keys]
    if missing:
        raise ProtocolError(
            INVALID_PARAMS,
            f"The params' _meta has no {' and no '.join(missing)}; each request needs it.",
        )
    if headers is not None:
        _check_headers(message, headers)
    _check_version(message.version)


def _check_headers(message: Message, headers: Mapping[str, str]) -> None:
    """Headers and body must agree: a gateway decides by the headers, and the body is executed."""
    expected = {VERSION_HEADER: message.version, METHOD_HEADER: message.method}
    if message.method in NAME_PARAMS:
        name = message.params.get(NAME_PARAMS[message.method])
        if name is not None:
            expected[NAME_HEADER] = name
    for header, value in expected.items():
        if _decode_header(headers.get(header)) != value:
            raise ProtocolError(
                HEADER_MISMATCH,
                f"The header {header} must be present and have the same value as the body.",
            )


def _check_version(version: str) -> None:
    if version in VERSIONS:
        return
    raise ProtocolError(
        UNSUPPORTED_VERSION,
        f"This version of the protocol is not supported. Use {', '.join(VERSIONS)}, or with a "
        f"handshake {', '.join(HANDSHAKES)}.",
        {"supported": list(VERSIONS), "requested": version},
    )


def encode_header(value: str) -> str:
    """``value`` in a form that a header can hold."""
    is_plain = value.isascii() and value.isprintable() and value == value.strip()
    if is_plain and not value.startswith(_BASE64_PREFIX):
        return value
    return f"{_BASE64_PREFIX}{base64.b64encode(value.encode()).decode()}{_BASE64_SUFFIX}"


def _decode_header(value: str | None) -> str | None:
    """A header's value, decoded where it is written as ``=?base64?...?=``; None when invalid."""
    if value is None:
        return None
    if not (value.startswith(_BASE64_PREFIX) and value.endswith(_BASE64_SUFFIX)):
        return value
    encoded = value[len(_BASE64_PREFIX) : -len(_BASE64_SUFFIX)]
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
