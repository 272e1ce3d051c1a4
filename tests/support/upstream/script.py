"""The script of a server, request by request: replies, and faults of real servers."""

import gzip
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tests.support.upstream.dialects import CHAT
from tests.support.upstream.replies import automatic
from tests.support.upstream.rules import deprecated
from tests.support.upstream.wire import JSON_TYPE, Reply, Request, Step, Usage, json_reply

GLANCE = 0.02
"""Seconds between two looks of a gated step at whether its server closes."""


class Script:
    """Steps consumed one a request, from any thread. After the last one the server answers by
    itself, or repeats it."""

    def __init__(self, steps: Iterable[Step] = (), *, repeat: bool = False) -> None:
        self._steps = list(steps)
        self._repeat = repeat
        self._lock = threading.Lock()

    def take(self) -> Step | None:
        """The next step, None when there is none left."""
        with self._lock:
            if self._repeat and len(self._steps) == 1:
                return self._steps[0]
            return self._steps.pop(0) if self._steps else None

    @property
    def left(self) -> int:
        """How many steps were not consumed yet: a test that expects all of them to be asks for
        0."""
        return len(self._steps)


def slow(seconds: float, step: Step = automatic) -> Step:
    """The step, `seconds` later."""

    def later(request: Request) -> Reply:
        request.hurry.wait(seconds)
        return step(request)

    return later


def gated(event: threading.Event, step: Step = automatic) -> Step:
    """The step, once `event` is set: until then the request is held in flight."""

    def released(request: Request) -> Reply:
        while not event.wait(GLANCE) and not request.hurry.is_set():
            pass
        return step(request)

    return released


def billed(usage: Usage | tuple[int, int, int | None, int], step: Step = automatic) -> Step:
    """The step, whose reply says that it cost `usage`."""
    return lambda request: step(replace(request, usage=Usage(*usage)))


def error_reply(
    status: int, message: str, kind: str, code: str | None, param: str | None = None, **headers: str
) -> Reply:
    """An error in the service's own shape; `retry_after="1"` becomes the header Retry-After."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_reply(
        {"error": error}, status, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def fault(name: str, **options: Any) -> Step:
    """The named fault as a script step; the options are the keyword arguments of its function
    below."""
    if name not in FAULTS:
        raise ValueError(f"unknown fault {name!r}; there are: {', '.join(sorted(FAULTS))}")
    return lambda request: FAULTS[name](request, **options)


def html(request: Request) -> Reply:
    """A proxy's page in place of the API's answer, with status 200."""
    return Reply(
        200,
        b"<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>",
        {"Content-Type": "text/html"},
    )


def empty(request: Request) -> Reply:
    """Status 200 and no body."""
    return Reply()


def truncated(request: Request) -> Reply:
    """Half an answer whose Content-Length is right: only the JSON tells."""
    whole = automatic(request).body
    return Reply(200, whole[: len(whole) // 2])


def disconnect(request: Request) -> Reply:
    """Half an answer, then the connection is closed although more was announced."""
    whole = automatic(request).body
    return Reply(200, whole[: len(whole) // 2], announced=len(whole))


def error_in_200(
    request: Request, *, message: str = "Provider returned error", code: int = 502
) -> Reply:
    """An error inside a success, as routers in front of several providers send it."""
    return json_reply({"error": {"message": message, "code": code}})


def null(request: Request) -> Reply:
    """The JSON value null."""
    return json_reply(None)


def rate_limit(request: Request, *, retry_after: float | None = 1) -> Reply:
    """429 that is worth another try, after `retry_after` seconds when given."""
    message = (
        f"Rate limit reached for {request.row.id} on requests per min (RPM): Limit 500, "
        "Used 500, Requested 1."
    )
    headers = {} if retry_after is None else {"Retry_After": f"{retry_after:g}"}
    return error_reply(429, message, "requests", "rate_limit_exceeded", **headers)


def quota(request: Request) -> Reply:
    """429 that no retry mends: the account has no money left."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return error_reply(429, message, "insufficient_quota", "insufficient_quota")


def server_error(request: Request) -> Reply:
    """500."""
    return error_reply(
        500, "The server had an error while processing your request.", "server_error", None
    )


def unavailable(request: Request, *, retry_after: float | None = None) -> Reply:
    """503."""
    message = "The engine is currently overloaded, please try again later."
    headers = {} if retry_after is None else {"Retry_After": f"{retry_after:g}"}
    return error_reply(503, message, "service_unavailable_error", None, **headers)


def drip(request: Request, *, interval: float = 0.05) -> Reply:
    """One byte at a time, for ever: each read succeeds, so a time-out per read never fires."""
    return Reply(200, drip=interval)


def stall(request: Request) -> Reply:
    """Accepts the request and never answers."""
    return Reply(silent=True)


def redirect(request: Request, *, to: str) -> Reply:
    """307 to another address: a client that follows hands the whole body to a stranger."""
    return Reply(307, b"", {"Location": to})


def huge(request: Request, *, mib: int = 12) -> Reply:
    """Valid JSON of `mib` MiB."""
    return Reply(200, b'{"id": "' + b"a" * (mib << 20) + b'"}')


def gzip_bomb(request: Request, *, mib: int = 64) -> Reply:
    """Valid JSON that is small on the wire and `mib` MiB once inflated."""
    return Reply(200, _bomb(mib), JSON_TYPE | {"Content-Encoding": "gzip"})


@lru_cache(maxsize=2)
def _bomb(mib: int) -> bytes:
    return gzip.compress(b'{"id": "' + b"a" * (mib << 20) + b'"}', compresslevel=6)


def auth(request: Request) -> Reply:
    """401."""
    return error_reply(
        401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"
    )


def forbidden(request: Request) -> Reply:
    """403."""
    message = f"Project does not have access to model `{request.row.id}`"
    return error_reply(403, message, "invalid_request_error", "model_not_found")


def context(request: Request) -> Reply:
    """400: the input is longer than the model's window."""
    message = (
        "Your input exceeds the context window of this model. Please adjust your input and "
        "try again."
    )
    return error_reply(
        400, message, "invalid_request_error", "context_length_exceeded", request.dialect.history
    )


def content_filter(request: Request) -> Reply:
    """400 as Azure's filter sends it, with its own object inside."""
    inner = {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"violence": {"filtered": True, "severity": "high"}},
    }
    message = (
        "The response was filtered due to the prompt triggering the content management policy."
    )
    error = {
        "message": message,
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
    }
    return json_reply({"error": error | {"innererror": inner}}, 400)


def string_error(request: Request) -> Reply:
    """500 whose error is a text, not an object."""
    return json_reply({"error": "something went wrong"}, 500)


def model_gone(request: Request) -> Reply:
    """404 for a model after its shutdown."""
    return json_reply({"error": deprecated(request.row.id)["error"]}, 404)


def no_responses(request: Request) -> Reply:
    """404 from a server that speaks chat only; chat requests are answered."""
    if request.dialect is CHAT:
        return Reply(200, automatic(request).body)
    return json_reply({"detail": "Not Found"}, 404)


FAULTS: dict[str, Callable[..., Reply]] = {
    each.__name__: each
    for each in (
        html,
        empty,
        truncated,
        disconnect,
        error_in_200,
        null,
        rate_limit,
        quota,
        server_error,
        unavailable,
        drip,
        stall,
        redirect,
        huge,
        gzip_bomb,
        auth,
        forbidden,
        context,
        content_filter,
        string_error,
        model_gone,
        no_responses,
    )
}
