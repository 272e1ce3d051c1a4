"""The methods of the protocol, and the catalogue as its tools.

Tools go through the same admission, budgets and records as every other door.

    Tools(catalogue).respond(message, caller) -> result, or None for a notification

``ProtocolError`` for what the protocol refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from connector import __version__
from connector.catalogue import Action, Catalogue
from connector.catalogue.form_schema import form_schema, read_values
from connector.errors import FormcallError
from connector.json_types import Json
from connector.mcp.messages import (
    HANDSHAKES,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    SERVER_KEY,
    VERSIONS,
    Message,
    ProtocolError,
)
from connector.mcp.results import error_result, run_view_result
from connector.publish.mcp import GET_RUN, GET_RUN_FORM, tools

WAIT_SECONDS = 25.0
_LIST_TTL_MS = 60_000  # how long a client may cache the list
_SERVER = {"name": "formcall", "title": "Formcall", "version": __version__}
_INSTRUCTIONS = (
    "Each tool is one prebuilt step on a text or a question. Fields are flat; lists are typed as "
    "lines. Null in an answer means that the text does not say. A call that takes long is "
    "answered with status running: fetch it with get_run. Every call may cost money; cost_usd "
    "states how much, and dry_run returns the price alone."
)


class ToolCaller(Protocol):
    """The caller of tools: a key, over one of the transports. May raise ``FormcallError``."""

    request_id: str

    def run(self, action: Action, values: Json) -> Json:
        """The result of running ``action``."""

    def get_run(self, run_id: str, wait_seconds: float) -> Json:
        """A run of the caller's, once it has ended or after ``wait_seconds``."""


class Tools:
    """The catalogue as tools. Thread-safe; it stores nothing about its callers."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._methods: dict[str, Callable[[Message, ToolCaller], Json]] = {
            "server/discover": self._discover,
            "initialize": self._initialize,
            "ping": lambda message, caller: {},
            "tools/list": self._list,
            "tools/call": self._call,
        }

    def respond(self, message: Message, caller: ToolCaller) -> Json | None:
        """The result for a request, in the form of its version; None for a notification."""
        if not message.is_request:
            return None
        method = self._methods.get(message.method)
        if method is None or (message.version and message.method in _HANDSHAKE_ONLY):
            raise ProtocolError(
                METHOD_NOT_FOUND, f"There is no method {message.method[:60]!r} here."
            )
        return versioned(message, method(message, caller))

    def _discover(self, message: Message, caller: ToolCaller) -> Json:
        return {
            "supportedVersions": list(VERSIONS),
            "capabilities": {"tools": {}},
            "instructions": _INSTRUCTIONS,
            **_cache_hints(message),
        }

    def _initialize(self, message: Message, caller: ToolCaller) -> Json:
        requested = message.params.get("protocolVersion")
        if not isinstance(requested, str):
            raise ProtocolError(INVALID_PARAMS, "The params have no protocolVersion.")
        version = requested if requested in HANDSHAKES else HANDSHAKES[-1]
        return {
            "protocolVersion": version,
            "capabilities": {"tools": {}},
            "serverInfo": _SERVER,
            "instructions": _INSTRUCTIONS,
        }

    def _list(self, message: Message, caller: ToolCaller) -> Json:
        if message.params.get("cursor") is not None:
            raise ProtocolError(
                INVALID_PARAMS,
                "There is no such page: all tools are on the first one, which has no cursor.",
            )
        return {"tools": tools(self._catalogue), **_cache_hints(message)}

    def _call(self, message: Message, caller: ToolCaller) -> Json:
        name = message.params.get("name")
        arguments = message.params.get("arguments")
        names = [*self._catalogue, GET_RUN]
        if not isinstance(name, str) or name not in names:
            raise ProtocolError(
                INVALID_PARAMS,
                f"There is no tool {str(name)[:60]!r}. The tools are {', '.join(names)}.",
            )
        if not isinstance(arguments, dict | None):
            raise ProtocolError(
                INVALID_PARAMS, "The arguments must be an object of fields and their values."
            )
        try:
            return self._run(name, arguments or {}, caller)
        except FormcallError as error:
            return error_result(error, "" if name == GET_RUN else name, caller.request_id)

    def _run(self, name: str, arguments: Mapping[str, Any], caller: ToolCaller) -> Json:
        if name != GET_RUN:
            return caller.run(self._catalogue[name], dict(arguments))
        form = read_values(_RUN_SCHEMA, arguments)
        return run_view_result(caller.get_run(form["id"], form.get("wait_seconds", WAIT_SECONDS)))


def versioned(message: Message, result: Json) -> Json:
    """A result in the form of its message's version."""
    if not message.version:
        return result
    return {"resultType": "complete", "_meta": {SERVER_KEY: _SERVER}, **result}


def _cache_hints(message: Message) -> Json:
    """How long a client may cache a list, for the versions that state it."""
    return {"ttlMs": _LIST_TTL_MS, "cacheScope": "private"} if message.version else {}


_HANDSHAKE_ONLY = {"initialize", "ping"}
_RUN_SCHEMA = form_schema({entry.name: entry for entry in GET_RUN_FORM})
