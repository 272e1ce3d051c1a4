"""The server: replies and recorded requests. `sockets` is its transport."""

import itertools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from tests.support.upstream.batches import BATCHES_PATH, Batches, Batching, route
from tests.support.upstream.dialects import Body
from tests.support.upstream.errors import Refusal, Refused, refuse
from tests.support.upstream.files import FILES_PATH, read_form
from tests.support.upstream.load import Chance, Log
from tests.support.upstream.models import ModelRow, rows
from tests.support.upstream.replies import automatic
from tests.support.upstream.rules import deprecated, refusal
from tests.support.upstream.script import Script, fault
from tests.support.upstream.sockets import Flights, Server
from tests.support.upstream.streams import streamed
from tests.support.upstream.wire import Reply, Request, Seals, Step, Usage, json_reply, refused

MODELS_PATH = "/v1/models"
CREATED = 1_744_225_351
LOST = "lost"
AT_ONCE = threading.Event()
AT_ONCE.set()


class FakeUpstream:
    """An OpenAI-compatible server that refuses what the real one refuses.

    `requests` holds each POST as {"path", "headers", "body", "request_id"} (header names in lower
    case), `lines` each line of a batch that was run as {"batch", "custom_id", "path", "body"},
    `errors` each refused one of them, and each file or batch that was not found, with "status" and
    "error". A refused request consumes no step of the script, nor does one that `chance` fails.

    `left` holds when (time.monotonic()) clients left in the middle of a stream, `began` when the
    first piece of each was sent.

    `retired` models answer 404, `models` adds rows (a deployment's name), `delay` is the seconds
    before each answer, a `log` keeps each call of a model. `usage` is what all replies say they
    cost: (input, cached, output, reasoning), or `dearest(input)`.

    A batch takes `batch_seconds` on a clock that `advance` puts forward, and expires after
    `expire_after`. `batch_faults` is what happens to the line with a `custom_id`, or to all (`*`):
    a fault's name, a step, or `timeout` (the model did), `missing` (run, and in neither file),
    `expired` (its batch ends so) and `token_limit` (its whole batch fails). `trouble` is what the
    next calls of one kind meet, {"POST /v1/batches": ["lost", "server_error"], "GET
    /v1/files/{id}/content": [...]}: a fault's name in place of the answer, or `lost`: it is done,
    and nobody is told.
    """

    def __init__(
        self,
        script: Script | Iterable[Step] | None = None,
        *,
        retired: Iterable[str] = (),
        api_key: str | None = None,
        delay: float = 0.0,
        models: Iterable[ModelRow] = (),
        usage: Usage | tuple[int, int, int | None, int] | None = None,
        chance: Chance | None = None,
        log: Log | None = None,
        batch_seconds: float = Batching.seconds,
        batch_faults: Mapping[str, str | Step] | None = None,
        expire_after: float = Batching.expire_after,
        batch_lines: int = Batching.most_lines,
        batch_bytes: int = Batching.most_bytes,
        trouble: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.script = script if isinstance(script, Script) else Script(script or ())
        self.requests: list[Body] = []
        self.lines: list[Body] = []
        self.errors: list[Body] = []
        self.left: list[float] = []
        self.began: list[float] = []
        self.stopping = threading.Event()
        self.flights = Flights()
        self._models = rows(retired, models)
        self._api_key = api_key
        self._delay = delay
        self._usage = None if usage is None else Usage(*usage)
        self._chance = chance
        self._log = log
        self._seals = Seals()
        self._trouble = {} if trouble is None else trouble
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        faults = {} if batch_faults is None else batch_faults
        batching = Batching(batch_seconds, faults, expire_after, batch_lines, batch_bytes)
        self.batches = Batches(batching, self._models, self._line)

    @property
    def in_flight(self) -> int:
        """How many requests for a model wait for their answer."""
        return self.flights.now

    @property
    def peak(self) -> int:
        """The most that ever did at once."""
        return self.flights.peak

    def advance(self, seconds: float) -> None:
        """Put the clock of the batches forward."""
        self.batches.advance(seconds)

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def start(self, port: int = 0) -> Self:
        """Serve in a thread of its own, on a free port unless told."""
        self._server = Server(self, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and drop each open connection: a stalled client learns of it at once."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.drop_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def get(self, path: str, headers: dict[str, str], query: Mapping[str, str]) -> Reply:
        """The models, all of them or one with its shutdown date; files and batches."""
        if denied := self._denied(headers):
            return refused(denied)
        if path.startswith((FILES_PATH, BATCHES_PATH)):
            return self._managed("GET", {"path": path}, lambda: self.batches.get(path, query))
        if path == MODELS_PATH:
            living = [_model(row) for row in self._models.values() if not row.retired]
            return json_reply({"object": "list", "data": living})
        name = path.removeprefix(f"{MODELS_PATH}/")
        if name == path:
            return refused(refuse(f"Invalid URL (GET {path})", None, None, status=404))
        row = self._models.get(name)
        if row is None:
            return refused(
                refuse(f"The model '{name}' does not exist", "model", "model_not_found", status=404)
            )
        return refused(deprecated(name)) if row.retired else json_reply(_model(row))

    def delete(self, path: str, headers: dict[str, str]) -> Reply:
        """Delete a file."""
        if denied := self._denied(headers):
            return refused(denied)
        return self._managed("DELETE", {"path": path}, lambda: self.batches.delete(path))

    def post(self, path: str, headers: dict[str, str], raw: bytes, request_id: str) -> Reply:
        """Record, check, and only then let the script or the batches answer."""
        body, unreadable = _read(path, headers.get("content-type", ""), raw)
        record = {"path": path, "headers": headers, "body": body, "request_id": request_id}
        with self._lock:
            self.requests.append(record)
        found = self._denied(headers) or unreadable
        if path.startswith((FILES_PATH, BATCHES_PATH)):
            return self._managed("POST", record, lambda: self.batches.post(path, body), found)
        return self._called(record, len(raw), found, self.stopping)

    def _managed(
        self, method: str, record: Body, answer: Callable[[], Reply], found: Refusal | None = None
    ) -> Reply:
        """One call about files or batches, and what comes between it and its answer."""
        with self._lock:
            awaiting = self._trouble.get(route(method, record["path"]))
            name = awaiting.pop(0) if awaiting else None
        if name is not None and name != LOST:
            request = Request(record["path"], {}, {}, 0, 0, ModelRow("batches"), self._seals)
            return self._tried(record, lambda: fault(name)(request), found)
        reply = self._tried(record, answer, found)
        return Reply(reply.status, announced=1) if name == LOST else reply

    def _line(self, batch: str, entry: Body, step: Step | None) -> Reply:
        """What the model replies to a line of a batch."""
        record = {
            "batch": batch,
            "custom_id": entry["custom_id"],
            "path": entry["url"],
            "body": entry["body"],
        }
        with self._lock:
            self.lines.append(record)
        return self._called(record, len(json.dumps(entry["body"])), None, AT_ONCE, step)

    def _called(
        self,
        record: Body,
        size: int,
        found: Refusal | None,
        hurry: threading.Event,
        step: Step | None = None,
    ) -> Reply:
        """One call of a model, numbered and logged."""
        path, body, number = record["path"], record["body"], next(self._numbers)
        marker = self._log.asked(number, body) if self._log else None

        def answer() -> Reply:
            wrong = refusal(path, body, self._models, issued=self._seals.issued)
            if wrong is not None:
                raise Refused(wrong)
            headers, row = record.get("headers", {}), self._models[body["model"]]
            return self._answer(
                Request(path, headers, body, size, number, row, self._seals, self._usage, hurry),
                step,
            )

        reply = self._tried(record, answer, found)
        if self._log and not reply.lasting:
            self._log.answered(number, reply.status, marker)
        return reply

    def _tried(
        self, record: Body, answer: Callable[[], Reply], found: Refusal | None = None
    ) -> Reply:
        """The answer, or the refusal; an error of a script's own must reach the test, not a
        thread's stderr."""
        try:
            if found is not None:
                raise Refused(found)
            return answer()
        except Refused as error:
            return self._refuse(record, error.found)
        except Exception as error:
            message = f"the fake upstream failed: {type(error).__name__}: {error}"
            return self._refuse(
                record, refuse(message, None, "fake_failed", status=500, kind="server_error")
            )

    def failed(self, error: BaseException) -> None:
        """Keep an error of the socket side, so that a test sees it."""
        self.errors.append(
            {"path": None, "status": None, "error": {"message": repr(error)}, "body": None}
        )

    def _answer(self, request: Request, step: Step | None) -> Reply:
        # a line of a batch, which is in a hurry, meets the faults of the batch and no chance
        chance = self._chance if request.hurry is self.stopping else None
        unlucky = chance.fault() if chance else None
        step = step or (fault(unlucky) if unlucky else self.script.take()) or automatic
        request.hurry.wait(chance.delay(self._delay, unlucky) if chance else self._delay)
        return streamed(step(request), request)

    def _refuse(self, record: Body, found: Refusal) -> Reply:
        with self._lock:
            self.errors.append(record | found)
        return refused(found)

    def _denied(self, headers: dict[str, str]) -> Refusal | None:
        given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get(
            "api-key", ""
        )
        if self._api_key is None or given == self._api_key:
            return None
        message = (
            f"Incorrect API key provided: {given[:3]}***. You can find your API key in "
            "your account settings."
        )
        return refuse(message, None, "invalid_api_key", status=401)


def _read(path: str, content_type: str, raw: bytes) -> tuple[Any, Refusal | None]:
    """The body of a POST, or what there is of it and why it cannot be read; a batch is cancelled
    without one."""
    if path == FILES_PATH:
        return _parse_form(content_type, raw)
    return (None, None) if path.startswith(f"{BATCHES_PATH}/") and not raw else _parse(raw)


def _parse(raw: bytes) -> tuple[Any, Refusal | None]:
    """The body, or its text and why it cannot be read. NaN and Infinity are no JSON."""
    try:
        return json.loads(raw, parse_constant=_no_constant), None
    except (ValueError, RecursionError):
        message = (
            "We could not parse the JSON body of your request. The API expects a JSON payload."
        )
        return raw.decode("utf-8", "replace"), refuse(message, None, None)


def _parse_form(content_type: str, raw: bytes) -> tuple[Any, Refusal | None]:
    """The fields of an upload, or nothing and why they cannot be read."""
    try:
        return read_form(content_type, raw), None
    except Refused as error:
        return None, error.found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _model(row: ModelRow) -> Body:
    return {
        "id": row.id,
        "object": "model",
        "created": CREATED,
        "owned_by": "system",
        "shutdown_date": row.shutdown_date,
    }
