"""What each method of the protocol leads to. The tools run through the same admission, money and records as every other way in.

    Tools(catalogue).answer(message, caller) -> the result, or None for a notification; ``Refusal`` for what the protocol refuses
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from connector import __version__
from connector.catalogue import Action, Catalogue
from connector.catalogue.action import read_values
from connector.catalogue.fields import form_schema
from connector.errors import FormcallError
from connector.mcp.messages import HANDSHAKES, INVALID_PARAMS, METHOD_NOT_FOUND, SERVER_KEY, VERSIONS, Message, Refusal
from connector.mcp.results import of_error, of_run
from connector.publish.mcp import GET_RUN, RUN_FORM, tools

Json = dict[str, Any]

WAIT_SECONDS = 25.0
_FRESH_MS = 60_000  # how long a client may keep the list
_SERVER = {"name": "formcall", "title": "Formcall", "version": __version__}
_INSTRUCTIONS = (
    "Each tool is one prebuilt step on a text or a question. Fields are flat; lists are typed as lines. Null in an answer means that "
    "the text does not say. A call that takes long is answered with status running: fetch it with get_run. Every call may cost money; "
    "cost_usd says how much, and dry_run asks for the price alone."
)


class Caller(Protocol):
    """Whoever calls the tools: a key, and the transport that its answers go back by. All may raise ``FormcallError``."""

    request_id: str

    def run(self, action: Action, values: Json) -> Json:
        """The result of running ``action``."""

    def show(self, run_id: str, wait_seconds: float) -> Json:
        """A run of the caller's as its own address shows it, once it has ended or the seconds are over."""


class Tools:
    """The catalogue as tools. Thread-safe; it keeps nothing of any caller."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._methods: dict[str, Callable[[Message, Caller], Json]] = {
            "server/discover": self._discover,
            "initialize": self._initialize,
            "ping": lambda message, caller: {},
            "tools/list": self._list,
            "tools/call": self._call,
        }

    def answer(self, message: Message, caller: Caller) -> Json | None:
        """The result for a request, in the words of its version; a notification leads to nothing."""
        if not message.wants_answer:
            return None
        method = self._methods.get(message.method)
        if method is None or (message.version and message.method in _HANDSHAKE_ONLY):
            raise Refusal(METHOD_NOT_FOUND, f"There is no method {message.method[:60]!r} here.")
        return worded(message, method(message, caller))

    def _discover(self, message: Message, caller: Caller) -> Json:
        return {"supportedVersions": list(VERSIONS), "capabilities": {"tools": {}}, "instructions": _INSTRUCTIONS, **_kept(message)}

    def _initialize(self, message: Message, caller: Caller) -> Json:
        asked = message.params.get("protocolVersion")
        if not isinstance(asked, str):
            raise Refusal(INVALID_PARAMS, "The params have no protocolVersion.")
        version = asked if asked in HANDSHAKES else HANDSHAKES[-1]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": _SERVER, "instructions": _INSTRUCTIONS}

    def _list(self, message: Message, caller: Caller) -> Json:
        if message.params.get("cursor") is not None:
            raise Refusal(INVALID_PARAMS, "There is no such page: all tools are on the first one, which has no cursor.")
        return {"tools": tools(self._catalogue), **_kept(message)}

    def _call(self, message: Message, caller: Caller) -> Json:
        name, arguments = message.params.get("name"), message.params.get("arguments")
        if not isinstance(name, str) or name not in {*self._catalogue, GET_RUN}:
            there_are = ", ".join([*self._catalogue, GET_RUN])
            raise Refusal(INVALID_PARAMS, f"There is no tool {str(name)[:60]!r}. The tools are {there_are}.")
        if not isinstance(arguments, dict | None):
            raise Refusal(INVALID_PARAMS, "The arguments must be an object of fields and their values.")
        try:
            return self._run(name, arguments or {}, caller)
        except FormcallError as error:
            return of_error(error, "" if name == GET_RUN else name, caller.request_id)

    def _run(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Json:
        if name != GET_RUN:
            return caller.run(self._catalogue[name], dict(arguments))
        form = read_values(_RUN_SCHEMA, arguments)
        return of_run(caller.show(form["id"], form.get("wait_seconds", WAIT_SECONDS)))


def worded(message: Message, result: Json) -> Json:
    """A result in the words of its message's version."""
    return {"resultType": "complete", "_meta": {SERVER_KEY: _SERVER}, **result} if message.version else result


def _kept(message: Message) -> Json:
    """How long a list stays good, for versions that have words for it: what there is depends on the key's service."""
    return {"ttlMs": _FRESH_MS, "cacheScope": "private"} if message.version else {}


_HANDSHAKE_ONLY = {"initialize", "ping"}
_RUN_SCHEMA = form_schema({entry.name: entry for entry in RUN_FORM})
