"""`formcall mcp`: the tools over standard input and output, for assistants that start a command. One message a line.

Calls are answered as they end, not in the order in which they came. What else this process says goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.catalogue import Action
from connector.errors import FormcallError
from connector.jobs.telling import described
from connector.mcp.messages import (
    INTERNAL_ERROR,
    METHOD_HEADER,
    NAME_HEADER,
    NAMES,
    NOT_ALLOWED,
    PARSE_ERROR,
    VERSION_HEADER,
    Message,
    Refusal,
    answered,
    encoded,
    id_of,
    read_message,
    refused,
)
from connector.mcp.results import of_told
from connector.mcp.tools import Tools
from connector.store.notes import OPEN

if TYPE_CHECKING:
    import requests

    from connector.jobs.workshop import Workshop
    from connector.settings import Settings
    from connector.store.keys import Key

Json = dict[str, Any]
Answer = Callable[[Any], Json | None]  # of one message

_AT_ONCE = 32  # calls of one assistant
_STOP_SECONDS = 5.0
_TIMEOUT = 130.0  # beyond the longest that a call waits
_CANCELLED = "notifications/cancelled"


def serve_lines(answer: Answer, lines: IO[bytes], out: IO[bytes], *, longest: int) -> None:
    """Answer every line of ``lines`` on ``out`` until there are no more; ``longest`` bytes are the most that a line may have."""
    writing = threading.Lock()

    def reply(line: bytes) -> None:
        body = _answer(answer, line, longest)
        if body is not None:
            with writing:
                out.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
                out.flush()

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="call") as pool:
        for line in _lines(lines, longest):
            pool.submit(reply, line)


def _lines(lines: IO[bytes], longest: int) -> Iterator[bytes]:
    """Each line; one that is too long is given as far as it shows that."""
    while line := lines.readline(longest + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = lines.readline(longest + 1)
        if line.strip():
            yield line


def _answer(answer: Answer, line: bytes, longest: int) -> Json | None:
    value = None
    try:
        value = _parsed(line, longest)
        return answer(value)
    except Refusal as refusal:
        return refused(id_of(value), refusal)
    except FormcallError as error:
        return refused(id_of(value), Refusal(NOT_ALLOWED, error.detail, error.as_problem("")))
    except Exception as error:  # its words may hold the caller's text
        print(f"formcall: a message could not be answered ({type(error).__name__})", file=sys.stderr)
        return refused(id_of(value), Refusal(INTERNAL_ERROR, "Something went wrong on our side."))


def _parsed(line: bytes, longest: int) -> Any:
    if len(line) > longest:
        raise Refusal(PARSE_ERROR, f"The line has more than {longest:,} bytes. Shorten the text, or split it into parts.")
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise Refusal(PARSE_ERROR, "The line is not JSON. Send each message as one line of JSON in UTF-8.") from None


@contextmanager
def _only_messages() -> Iterator[IO[bytes]]:
    """Standard output for messages alone: what else is printed meanwhile, by whatever library, goes to standard error."""
    sys.stdout.flush()
    wire = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(wire, "wb", closefd=False) as out:
            yield out
    finally:
        os.dup2(wire, 1)
        os.close(wire)


# --- here --------------------------------------------------------------------------------------------------------------


def serve_here(settings: Settings, *, key_name: str = "") -> None:
    """Carry out the calls in this process, as the key of that name; ``FormcallError`` when that cannot begin."""
    from connector import logs
    from connector.jobs.workshop import open_workshop
    from connector.store.folder import hold_folder

    try:
        hold_folder(settings, wait_seconds=1)
    except FormcallError as error:
        words = f"A service is running on the data folder {settings.data_dir}. Give its address with --url, or stop it."
        raise FormcallError(error.code, words) from None
    logs.set_up("off")
    workshop = open_workshop(settings)
    try:
        key = workshop.keys.named(key_name) if key_name else workshop.keys.of_command_line()
        workshop.launch()
        with _only_messages() as out:
            serve_lines(_Here(workshop, key).answer, sys.stdin.buffer, out, longest=settings.max_body_bytes)
    finally:
        workshop.stop(_STOP_SECONDS)


class _Here:
    """A key of this machine as the caller of all that comes in."""

    request_id = ""

    def __init__(self, workshop: Workshop, key: Key) -> None:
        self._workshop, self._key, self._tools = workshop, key, Tools(workshop.catalogue)
        self._calls: dict[Any, str] = {}  # runs under way, by the id of the message that asked for them
        self._unwanted: set[Any] = set()

    def answer(self, value: Any) -> Json | None:
        message = read_message(value)
        if message.method == _CANCELLED:
            self._cancel(message.params.get("requestId"))
        try:
            result = self._tools.answer(message, _Call(self, message))
        finally:
            self._calls.pop(message.id, None)
        if result is None or message.id in self._unwanted:
            self._unwanted.discard(message.id)
            return None
        return answered(message, result)

    def run(self, message: Message, action: Action, values: Json) -> Json:
        key = self._workshop.keys.by_id(self._key.id)
        if key is None or key.revoked_at:
            raise FormcallError("unauthorized", "The API key of these calls was revoked.")
        self._workshop.rates.check(key)
        asked = self._workshop.runner.admission.ask(key, action.id, values)
        self._calls[message.id] = asked.run.id
        return of_told(self._workshop.runner.run(asked), action.id)

    def show(self, run_id: str, wait_seconds: float) -> Json:
        row = self._found(run_id)
        if wait_seconds and row.status in OPEN:
            self._workshop.runner.wait(run_id, wait_seconds)
            row = self._found(run_id)
        return described(row)

    def _found(self, run_id: str) -> Any:
        row = self._workshop.records.find(run_id)
        if row is None or row.key_id != self._key.id:
            raise FormcallError("not_found", "There is no such run. Check the id; a run is deleted some time after it has ended.")
        return row

    def _cancel(self, message_id: Any) -> None:
        """The assistant does not want an answer any more: none is sent, and the run makes no further call."""
        if isinstance(message_id, str | int) and (run_id := self._calls.get(message_id)):
            self._unwanted.add(message_id)
            self._workshop.runner.cancel(run_id)


class _Call:
    """One message's way to the caller of all."""

    request_id = ""

    def __init__(self, caller: _Here, message: Message) -> None:
        self._caller, self._message = caller, message

    def run(self, action: Action, values: Json) -> Json:
        return self._caller.run(self._message, action, values)

    def show(self, run_id: str, wait_seconds: float) -> Json:
        return self._caller.show(run_id, wait_seconds)


# --- by a service ------------------------------------------------------------------------------------------------------


def serve_through(url: str, key: str, *, longest: int) -> None:
    """Pass every message on to the service at ``url``, with ``key``."""
    import requests

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FormcallError("bad_request", "--url must be an address such as http://127.0.0.1:8080.")
    address = f"{url.rstrip('/').removesuffix('/mcp')}/mcp"
    with requests.Session() as session, _only_messages() as out:
        session.headers.update({"X-API-Key": key, "Accept": "application/json, text/event-stream"})
        serve_lines(_passed_on(session, address), sys.stdin.buffer, out, longest=longest)


def _passed_on(session: requests.Session, address: str) -> Answer:
    import requests

    def answer(value: Any) -> Json | None:
        message = read_message(value)
        try:
            response = session.post(address, json=value, headers=_headers(message), timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException:
            raise FormcallError("bad_request", f"Nothing answers at {address}. Check --url.") from None
        if not message.wants_answer:
            return None
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
            raise FormcallError("bad_request", f"What answers at this address is no Formcall (status {response.status_code}). Check --url.")
        return found if found.get("id") is not None else {**found, "id": message.id}

    return answer


def _headers(message: Message) -> dict[str, str]:
    """What a message that brings its version says in headers as well."""
    if not message.version:
        return {}
    name = message.params.get(NAMES.get(message.method, ""))
    named = {NAME_HEADER: encoded(name)} if isinstance(name, str) else {}
    return {VERSION_HEADER: message.version, METHOD_HEADER: message.method, **named}
