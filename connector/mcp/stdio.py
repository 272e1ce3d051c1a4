"""`formcall mcp`: the tools over standard input and output, one message a line.

For assistants that start a command. Calls are answered as they finish, not in the order in which
they came. Everything else that this process prints goes to standard error.
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
from connector.json_types import Json
from connector.mcp.messages import (
    INTERNAL_ERROR,
    METHOD_HEADER,
    NAME_HEADER,
    NAME_PARAMS,
    NOT_ALLOWED,
    PARSE_ERROR,
    VERSION_HEADER,
    Message,
    ProtocolError,
    encode_header,
    error_message,
    message_id,
    read_message,
    response_message,
)
from connector.mcp.results import run_result
from connector.mcp.tools import Tools
from connector.runs.responses import run_view
from connector.store.ledger.records import OPEN_STATUSES

if TYPE_CHECKING:
    import requests

    from connector.service import Service
    from connector.settings import Settings
    from connector.store.keys import Key
    from connector.store.rows import RunRow

Responder = Callable[[Any], Json | None]  # from a message to its response

_MAX_CONCURRENT_CALLS = 32  # of one assistant
_STOP_SECONDS = 5.0
_TIMEOUT_SECONDS = 130.0  # above the longest wait_seconds of a call
_CANCELLED = "notifications/cancelled"


def serve_lines(respond: Responder, lines: IO[bytes], out: IO[bytes], *, max_bytes: int) -> None:
    """Respond to every line of ``lines`` on ``out`` until they end; a line has ``max_bytes``."""
    write_lock = threading.Lock()

    def reply(line: bytes) -> None:
        body = _respond_to_line(respond, line, max_bytes)
        if body is not None:
            with write_lock:
                out.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
                out.flush()

    with ThreadPoolExecutor(_MAX_CONCURRENT_CALLS, thread_name_prefix="call") as pool:
        for line in _read_lines(lines, max_bytes):
            pool.submit(reply, line)


def _read_lines(lines: IO[bytes], max_bytes: int) -> Iterator[bytes]:
    """Each line; one that is too long is cut off after ``max_bytes + 1``."""
    while line := lines.readline(max_bytes + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = lines.readline(max_bytes + 1)
        if line.strip():
            yield line


def _respond_to_line(respond: Responder, line: bytes, max_bytes: int) -> Json | None:
    value = None
    try:
        value = _parse_line(line, max_bytes)
        return respond(value)
    except ProtocolError as error:
        return error_message(message_id(value), error)
    except FormcallError as error:
        refused = ProtocolError(NOT_ALLOWED, error.detail, error.as_problem(""))
        return error_message(message_id(value), refused)
    except Exception as error:  # only its type is printed: its text may quote the caller's
        print(
            f"formcall: a message could not be answered ({type(error).__name__})", file=sys.stderr
        )
        internal = ProtocolError(INTERNAL_ERROR, "Something went wrong on our side.")
        return error_message(message_id(value), internal)


def _parse_line(line: bytes, max_bytes: int) -> Any:
    if len(line) > max_bytes:
        raise ProtocolError(
            PARSE_ERROR,
            f"The line has more than {max_bytes:,} bytes. Shorten the text, or split it into "
            "parts.",
        )
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError(
            PARSE_ERROR, "The line is not JSON. Send each message as one line of JSON in UTF-8."
        ) from None


@contextmanager
def _stdout_for_messages() -> Iterator[IO[bytes]]:
    """Reserve standard output for messages; what any library prints goes to standard error."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(saved, "wb", closefd=False) as out:
            yield out
    finally:
        os.dup2(saved, 1)
        os.close(saved)


# --- in this process ------------------------------------------------------------------------------


def serve_local(settings: Settings, *, key_name: str = "") -> None:
    """Run the calls in this process, as the key of that name (default: the command line's).

    ``FormcallError`` when another process uses the data folder, or there is no such key.
    """
    from connector import logs
    from connector.service import build_service
    from connector.store.data_dir_lock import lock_data_dir

    try:
        lock_data_dir(settings, wait_seconds=1)
    except FormcallError as error:
        detail = (
            f"A service is running on the data folder {settings.data_dir}. Give its address "
            "with --url, or stop it."
        )
        raise FormcallError(error.code, detail) from None
    logs.configure("off")
    service = build_service(settings)
    try:
        key = service.keys.by_name(key_name) if key_name else service.keys.command_line_key()
        service.launch()
        with _stdout_for_messages() as out:
            respond = _LocalCaller(service, key).respond
            serve_lines(respond, sys.stdin.buffer, out, max_bytes=settings.max_body_bytes)
    finally:
        service.stop(_STOP_SECONDS)


class _LocalCaller:
    """The caller of all messages: a key of this machine."""

    def __init__(self, service: Service, key: Key) -> None:
        self._service = service
        self._key = key
        self._tools = Tools(service.catalogue)
        self._run_ids: dict[Any, str] = {}  # of runs in progress, by the id of their message
        self._cancelled: set[Any] = set()  # ids of messages that get no response

    def respond(self, value: Any) -> Json | None:
        message = read_message(value)
        if message.method == _CANCELLED:
            self._cancel(message.params.get("requestId"))
        try:
            result = self._tools.respond(message, _PendingMessage(self, message))
        finally:
            self._run_ids.pop(message.id, None)
        if result is None or message.id in self._cancelled:
            self._cancelled.discard(message.id)
            return None
        return response_message(message, result)

    def run(self, message: Message, action: Action, values: Json) -> Json:
        key = self._service.keys.by_id(self._key.id)
        if key is None or key.revoked_at:
            raise FormcallError("unauthorized", "The API key of these calls was revoked.")
        self._service.rate_limits.check(key)

        def note_run(run_id: str) -> None:
            self._run_ids[message.id] = run_id

        response = self._service.run(key, action.id, values, on_start=note_run)
        return run_result(response, action.id, self._service.catalogue)

    def get_run(self, run_id: str, wait_seconds: float) -> Json:
        row = self._owned_run(run_id)
        if wait_seconds and row.status in OPEN_STATUSES:
            self._service.runner.wait(run_id, wait_seconds)
            row = self._owned_run(run_id)
        return run_view(row, self._service.catalogue)

    def _owned_run(self, run_id: str) -> RunRow:
        row: RunRow | None = self._service.records.find(run_id)
        if row is None or row.key_id != self._key.id:
            raise FormcallError(
                "not_found",
                "There is no such run. Check the id; a run is deleted some time after it has "
                "ended.",
            )
        return row

    def _cancel(self, message_id: Any) -> None:
        """Send no response to a message that the assistant cancels, and cancel its run."""
        if isinstance(message_id, str | int) and (run_id := self._run_ids.get(message_id)):
            self._cancelled.add(message_id)
            self._service.runner.cancel(run_id)


class _PendingMessage:
    """The caller of tools for one message, by whose id its run can be cancelled."""

    request_id = ""

    def __init__(self, caller: _LocalCaller, message: Message) -> None:
        self._caller = caller
        self._message = message

    def run(self, action: Action, values: Json) -> Json:
        return self._caller.run(self._message, action, values)

    def get_run(self, run_id: str, wait_seconds: float) -> Json:
        return self._caller.get_run(run_id, wait_seconds)


# --- by a service ---------------------------------------------------------------------------------


def serve_remote(url: str, key: str, *, max_bytes: int) -> None:
    """Forward every message to the service at ``url``, with ``key``."""
    import requests

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FormcallError(
            "bad_request", "--url must be an address such as http://127.0.0.1:8080."
        )
    endpoint = f"{url.rstrip('/').removesuffix('/mcp')}/mcp"
    with requests.Session() as session, _stdout_for_messages() as out:
        session.headers.update({"X-API-Key": key, "Accept": "application/json, text/event-stream"})
        serve_lines(_forwarder(session, endpoint), sys.stdin.buffer, out, max_bytes=max_bytes)


def _forwarder(session: requests.Session, endpoint: str) -> Responder:
    import requests

    def respond(value: Any) -> Json | None:
        message = read_message(value)
        try:
            response = session.post(
                endpoint,
                json=value,
                headers=_protocol_headers(message),
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            raise FormcallError(
                "bad_request", f"Nothing answers at {endpoint}. Check --url."
            ) from None
        if not message.is_request:
            return None
        body = _response_body(response)
        return body if body.get("id") is not None else {**body, "id": message.id}

    return respond


def _response_body(response: requests.Response) -> Json:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
        raise FormcallError(
            "bad_request",
            f"The server at this address is not Formcall (status {response.status_code}). Check "
            "--url.",
        )
    return body


def _protocol_headers(message: Message) -> dict[str, str]:
    """The headers of a message that states its version: the same values as in its body."""
    if not message.version:
        return {}
    headers = {VERSION_HEADER: message.version, METHOD_HEADER: message.method}
    name = message.params.get(NAME_PARAMS.get(message.method, ""))
    if isinstance(name, str):
        headers[NAME_HEADER] = encode_header(name)
    return headers
