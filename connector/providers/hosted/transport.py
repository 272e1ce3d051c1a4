"""The way to a hosted model: OpenAI's SDK over connections that keep our limits.

The SDK bounds each read, not the whole answer: a server that drips a byte a second is waited for without end, a huge body is
read to its end, and a redirect re-posts the prompt to another host. Here every read and write of a call is bounded by the
call's own deadline and byte budget, redirects are not followed, and the SDK's own retries are off (ours are in ``openai.py``).
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import httpx2
import openai

from connector.providers.connections import Wire, limits
from connector.providers.dialects.reading import decoded

MAX_RESPONSE_BYTES = 10_000_000
MAX_STREAM_BYTES = 40_000_000  # each few letters of an answer come in an event of their own
MAX_DOWNLOAD_BYTES = 2_000_000_000  # the answers to a file of 50,000 calls, with their reasoning
_PIECE = 262_144
_EVENTS = "text/event-stream"
# what the SDK tells of this machine with each call; nobody needs it, and each header costs time
_TELLTALES = (
    "X-Stainless-Lang",
    "X-Stainless-Package-Version",
    "X-Stainless-OS",
    "X-Stainless-Arch",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
    "X-Stainless-Async",
)
# the options of a call as they are anyway: the SDK copies those that it is not given, one after the other, for each call. The key
# is not sent; without one it would make one up
_PLAIN: Any = {"headers": {}, "max_retries": 0, "timeout": None, "security": {"bearer_auth": True}, "idempotency_key": "-"}


class _PlainWire(Wire):
    """Takes answers as they are: a compressed body could grow past any limit after it was counted, and we asked for a plain one."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            limits.too_large = True
            raise httpx2.ReadError("the answer is compressed, which was not asked for")
        return response


@functools.lru_cache(maxsize=64)
def _read_address(text: str) -> httpx2.URL:
    return httpx2.URL(text)


class _Client(httpx2.Client):
    """httpx2's client without what no call to a provider has: cookies, redirects, sign-in flows and environment proxies.

    The SDK hands it finished headers and content, so a request is made as it is and goes straight to the transport.
    """

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        # the SDK gives the address as text again; there are only a few, and reading one costs as much as a header block
        url = _read_address(str(url))
        return httpx2.Request(method, url, **{name: given.get(name) for name in ("headers", "content", "data", "files")})

    def send(self, request: httpx2.Request, *, stream: bool = False, **_: Any) -> httpx2.Response:
        response = self._transport.handle_request(request)
        response.request = request
        try:
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response


class Transport:
    """An SDK client for one provider address; ``post`` makes one call within a deadline."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._client = _client(base_url, api_key)
        self._address = base_url.rstrip("/")  # whole addresses spare the SDK from merging one for each call

    def post(self, path: str, body: dict[str, Any], *, deadline: float) -> Any:
        """The decoded answer (whatever it may be) to ``body``.

        Raises the SDK's own errors, ``ValueError`` for a body that is not JSON, and ``AnswerTooLarge``.
        """
        # bytes, not the dict: the SDK would copy a dict deeply and walk it several times
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        url = self._address + path
        # the response itself: what the SDK would do to decode it for us takes longer than to decode it
        made: Any = {"content": content, "cast_to": httpx2.Response, "options": _PLAIN}
        response: httpx2.Response = self._within(deadline, lambda client: client.post(url, **made))
        return decoded(response.content)

    def listen(
        self, path: str, body: dict[str, Any], hear: Callable[[Iterator[Any]], Any], *, deadline: float, left: threading.Event
    ) -> Any:
        """What ``hear`` makes of the events of the answer to ``body``, or the decoded answer of a server that sends it whole.

        Raises what ``post`` raises, and ``Abandoned`` once ``left`` is set.
        """
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        url = self._address + path

        def call(client: openai.OpenAI) -> Any:
            made: Any = {"content": content, "cast_to": httpx2.Response, "stream": True, "stream_cls": openai.Stream[Any]}
            response: httpx2.Response = client.post(url, **made)
            with _told_by_sdk(response):
                if not response.headers.get("content-type", "").startswith(_EVENTS):
                    return decoded(response.read())
                return hear(_events(response))

        return self._within(deadline, call, MAX_STREAM_BYTES, left)

    def close(self) -> None:
        """Close the connections that are idle."""
        self._client.close()

    def get(self, path: str, *, deadline: float) -> Any:
        return self._within(deadline, lambda client: client.get(self._address + path, cast_to=object))

    def tell(self, path: str, *, deadline: float) -> Any:
        """The decoded answer to a POST without a body."""
        return self._within(deadline, lambda client: client.post(self._address + path, cast_to=object))

    def delete(self, path: str, *, deadline: float) -> Any:
        return self._within(deadline, lambda client: client.delete(self._address + path, cast_to=object))

    def upload(self, path: str, fields: Mapping[str, Any], name: str, file: IO[bytes], *, deadline: float) -> Any:
        """The decoded answer to a form of ``fields`` and of ``file``, which is read from its beginning, piece by piece."""
        form: Any = {"body": fields, "files": {"file": (name, file)}, "options": {"headers": {"Content-Type": "multipart/form-data"}}}
        file.seek(0)
        return self._within(deadline, lambda client: client.post(self._address + path, cast_to=object, **form))

    def download(self, path: str, to: IO[bytes], *, deadline: float) -> None:
        """Write the answer as it is to the file ``to``, piece by piece; it may have ``MAX_DOWNLOAD_BYTES``."""
        url = self._address + path

        def call(client: openai.OpenAI) -> None:
            response: Any = client.get(url, cast_to=httpx2.Response, stream=True, stream_cls=openai.Stream[Any])
            _write(response, to)

        self._within(deadline, call, MAX_DOWNLOAD_BYTES)

    def _within(
        self,
        deadline: float,
        call: Callable[[openai.OpenAI], Any],
        most_bytes: int = MAX_RESPONSE_BYTES,
        left: threading.Event | None = None,
    ) -> Any:
        limits.deadline, limits.bytes_left, limits.too_large, limits.left = deadline, most_bytes, False, left
        try:
            return call(self._client)
        except openai.APIConnectionError as error:
            if limits.too_large:
                raise AnswerTooLarge(str(error.__cause__ or error)) from None
            if left and left.is_set():
                raise Abandoned from None
            raise
        finally:
            limits.deadline, limits.left = float("inf"), None


class AnswerTooLarge(Exception):
    """The provider sent more than it may, or a compressed body."""


class Abandoned(Exception):
    """The call was broken off by us, since nobody wanted its answer any more."""


def _write(response: httpx2.Response, to: IO[bytes]) -> None:
    """Write the body of ``response`` to a file."""
    with _told_by_sdk(response):
        for piece in response.iter_raw(_PIECE):
            to.write(piece)


def _events(response: httpx2.Response) -> Iterator[Any]:
    """The decoded data of each server-sent event of ``response``, up to ``[DONE]``."""
    waiting: list[bytes] = []
    for line in _lines(response):
        if line.startswith(b"data:"):
            waiting.append(line[5:].removeprefix(b" "))
        elif not line and waiting:
            data, waiting = b"\n".join(waiting), []
            if data.strip() == b"[DONE]":
                return
            yield decoded(data)
    if waiting and b"\n".join(waiting).strip() != b"[DONE]":
        yield decoded(b"\n".join(waiting))


def _lines(response: httpx2.Response) -> Iterator[bytes]:
    rest = b""
    for piece in response.iter_raw():
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
    if rest:
        yield rest


@contextmanager
def _told_by_sdk(response: httpx2.Response) -> Iterator[None]:
    """Close ``response`` in the end; what breaks it off is told in the SDK's words, as for any other answer."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=response.request) from error
    except httpx2.RequestError as error:
        raise openai.APIConnectionError(request=response.request) from error
    finally:
        response.close()


def _client(base_url: str, api_key: str) -> openai.OpenAI:
    headers: Any = {"Accept-Encoding": "identity", **dict.fromkeys(_TELLTALES, openai.Omit())}
    return openai.OpenAI(
        base_url=base_url,
        api_key=api_key.strip() or "none",  # servers without keys still need the header to be well-formed
        max_retries=0,
        timeout=None,
        default_headers=headers,
        http_client=_Client(transport=_PlainWire(), follow_redirects=False, trust_env=False),
    )
