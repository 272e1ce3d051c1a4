"""OpenAI's SDK over connections that keep our limits.

The SDK bounds each read, not the whole answer: a server that drips a byte a second is waited for
without end, a huge body is read to its end, and a redirect posts the prompt to another host. Here
every read and write is bounded by the call's deadline and byte budget, redirects are not followed,
and the SDK's own retries are off (ours are in ``client.py``).
"""

from __future__ import annotations

import functools
import itertools
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import httpx2
import openai
from openai._models import FinalRequestOptions

from connector.json_types import Json
from connector.providers.hosted.connections import HEAD, DeadlineTransport, head_of, limits
from connector.providers.hosted.dialects.reading import decode_json
from connector.providers.hosted.route import DIRECT, Route

MAX_RESPONSE_BYTES = 10_000_000
MAX_STREAM_BYTES = 40_000_000  # an event carries only a few characters of an answer
MAX_DOWNLOAD_BYTES = 2_000_000_000  # the answers to 50,000 calls, with their reasoning
_CHUNK = 262_144
_EVENT_STREAM = "text/event-stream"
_EVENT_STARTS = (b"data:", b"event:", b"id:", b":")
# the SDK describes this machine in each call; no server needs it, and each header costs time
_TELEMETRY_HEADERS = (
    "X-Stainless-Lang",
    "X-Stainless-Package-Version",
    "X-Stainless-OS",
    "X-Stainless-Arch",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
    "X-Stainless-Async",
)
# The options of a call with a body: the SDK looks at each that it is not given, for each call. The
# idempotency key is not sent; without one, the SDK would generate one.
_OPTIONS = FinalRequestOptions.construct(
    method="post",
    url="",
    headers={},
    max_retries=0,
    timeout=None,
    security={"bearer_auth": True},
    idempotency_key="-",
)


class _RawTransport(DeadlineTransport):
    """Refuses compressed answers, which were not requested: decompressed, a body could grow past
    any limit after it was counted."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            limits.too_large = True
            raise httpx2.ReadError("the answer is compressed, which was not requested")
        return response


@functools.lru_cache(maxsize=64)
def _parse_url(text: str) -> httpx2.URL:
    return httpx2.URL(text)


class _Client(httpx2.Client):
    """httpx2's client without cookies, redirects, sign-in flows and environment proxies.

    No call to a provider has them. The SDK passes finished headers and content, so a request is
    made from them and goes straight to the transport.
    """

    def build_request(self, method: str, url: httpx2.URL | str, **kwargs: Any) -> httpx2.Request:
        # the SDK passes the URL as text; there are few, and parsing one costs as much as a header
        # block
        parsed = _parse_url(str(url))
        parts = {name: kwargs.get(name) for name in ("headers", "content", "data", "files")}
        return httpx2.Request(method, parsed, **parts)

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


class _Sdk(openai.OpenAI):
    """The SDK's client. Calls with a finished body have a head that it builds once for each URL.

    All of it but the length of the body is the same each time: the key, the path, the headers.
    """

    @functools.cached_property
    def _heads(self) -> dict[str, tuple[httpx2.URL, httpx2.Headers, bytes]]:
        return {}

    def _build_request(
        self, options: FinalRequestOptions, *, retries_taken: int = 0
    ) -> httpx2.Request:
        content = options.content
        if not isinstance(content, bytes):
            return super()._build_request(options, retries_taken=retries_taken)
        head = self._heads.get(options.url)
        if head is None:
            built = super()._build_request(options, retries_taken=retries_taken)
            del built.headers["content-length"]
            head = (built.url, built.headers, head_of(built).removesuffix(b"\r\n"))
            self._heads[options.url] = head
        url, headers, lines = head
        return httpx2.Request(
            options.method,
            url,
            headers=headers,
            stream=httpx2.ByteStream(content),
            extensions={HEAD: b"%bContent-Length: %d\r\n\r\n" % (lines, len(content))},
        )


class Transport:
    """An SDK client for one base URL. Each method makes one call within a deadline.

    They return the decoded answer, whatever JSON it is, and raise the SDK's own errors,
    ``ValueError`` for an answer that is not JSON, and ``AnswerTooLarge``.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        headers: Mapping[str, str] | None = None,
        route: Route = DIRECT,
    ) -> None:
        self._client = _client(base_url, api_key, headers or {}, route)
        # absolute URLs spare the SDK from joining them for each call
        base, mark, query = base_url.partition("?")
        self._base_url = base.rstrip("/")
        self._query = mark + query  # such as Azure's api-version

    def _url(self, path: str) -> str:
        return self._base_url + path + self._query

    def post(
        self,
        path: str,
        body: Json,
        *,
        deadline: float,
        read: Callable[[Iterator[Any]], Any] | None = None,
    ) -> Any:
        """The answer to ``body``, sent as JSON.

        ``read`` makes it of the events that some gateways send although none were requested.
        """
        url = self._url(path)
        options = _OPTIONS.model_copy(update={"url": url, "content": _encode(body)})
        # the response itself: the SDK's way to decode it takes longer than the decoding
        response: httpx2.Response = self._within(
            deadline, lambda client: client.request(httpx2.Response, options)
        )
        return _decode(response.content, read)

    def stream(
        self,
        path: str,
        body: Json,
        read: Callable[[Iterator[Any]], Any],
        *,
        deadline: float,
        cancelled: threading.Event,
    ) -> Any:
        """What ``read`` makes of the events of the answer, or the answer if it is not a stream.

        Raises ``CallCancelled`` once ``cancelled`` is set.
        """
        content = _encode(body)
        url = self._url(path)

        def call(client: openai.OpenAI) -> Any:
            arguments: Any = {
                "content": content,
                "cast_to": httpx2.Response,
                "stream": True,
                "stream_cls": openai.Stream[Any],
            }
            response: httpx2.Response = client.post(url, **arguments)
            with _closing(response):
                if not response.headers.get("content-type", "").startswith(_EVENT_STREAM):
                    return _decode(response.read(), read)
                return read(_events(_lines(response)))

        return self._within(deadline, call, MAX_STREAM_BYTES, cancelled)

    def close(self) -> None:
        """Close the connections that are idle."""
        self._client.close()

    def get(self, path: str, *, deadline: float) -> Any:
        url = self._url(path)
        return self._within(deadline, lambda client: client.get(url, cast_to=object))

    def post_empty(self, path: str, *, deadline: float) -> Any:
        """The answer to a POST without a body."""
        url = self._url(path)
        return self._within(deadline, lambda client: client.post(url, cast_to=object))

    def delete(self, path: str, *, deadline: float) -> Any:
        url = self._url(path)
        return self._within(deadline, lambda client: client.delete(url, cast_to=object))

    def upload(
        self, path: str, fields: Mapping[str, Any], name: str, file: IO[bytes], *, deadline: float
    ) -> Any:
        """The answer to a form of ``fields`` and ``file``, which is sent in chunks."""
        url = self._url(path)
        form: Any = {
            "body": fields,
            "files": {"file": (name, file)},
            "options": {"headers": {"Content-Type": "multipart/form-data"}},
        }
        file.seek(0)
        return self._within(deadline, lambda client: client.post(url, cast_to=object, **form))

    def download(self, path: str, file: IO[bytes], *, deadline: float) -> None:
        """Write the unchanged answer to ``file`` in chunks, MAX_DOWNLOAD_BYTES at most."""
        url = self._url(path)

        def call(client: openai.OpenAI) -> None:
            response: Any = client.get(
                url, cast_to=httpx2.Response, stream=True, stream_cls=openai.Stream[Any]
            )
            with _closing(response):
                for chunk in response.iter_raw(_CHUNK):
                    file.write(chunk)

        self._within(deadline, call, MAX_DOWNLOAD_BYTES)

    def _within(
        self,
        deadline: float,
        call: Callable[[openai.OpenAI], Any],
        max_bytes: int = MAX_RESPONSE_BYTES,
        cancelled: threading.Event | None = None,
    ) -> Any:
        limits.deadline = deadline
        limits.bytes_left = max_bytes
        limits.too_large = False
        limits.cancelled = cancelled
        try:
            return call(self._client)
        except openai.APIConnectionError as error:
            if limits.too_large:
                raise AnswerTooLarge(str(error.__cause__ or error)) from None
            if cancelled and cancelled.is_set():
                raise CallCancelled from None
            raise
        finally:
            limits.deadline = float("inf")
            limits.cancelled = None


class AnswerTooLarge(Exception):
    """The provider sent more than allowed, or a compressed body."""


class CallCancelled(Exception):
    """The call was aborted because its answer was no longer wanted."""


def _encode(body: Json) -> bytes:
    # bytes, not the dict: the SDK would copy a dict deeply and walk it several times
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _decode(content: bytes, read: Callable[[Iterator[Any]], Any] | None) -> Any:
    """The JSON of an answer, or what ``read`` makes of its events. Raises ``ValueError``."""
    try:
        return decode_json(content)
    except ValueError:
        if read and content.lstrip().startswith(_EVENT_STARTS):
            return read(_events(content.splitlines()))
        raise


def _events(lines: Iterable[bytes]) -> Iterator[Any]:
    """The decoded data of each server-sent event in ``lines``, up to ``[DONE]``."""
    data: list[bytes] = []
    for line in itertools.chain(lines, [b""]):  # the last event may lack its empty line
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            event = b"\n".join(data)
            if event.strip() == b"[DONE]":
                return
            yield decode_json(event)
            data = []


def _lines(response: httpx2.Response) -> Iterator[bytes]:
    rest = b""
    for chunk in response.iter_raw():
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
    if rest:
        yield rest


@contextmanager
def _closing(response: httpx2.Response) -> Iterator[None]:
    """Close ``response`` in the end, and raise httpx2's errors as those of the SDK."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=response.request) from error
    except httpx2.RequestError as error:
        raise openai.APIConnectionError(request=response.request) from error
    finally:
        response.close()


def _client(
    base_url: str, api_key: str, own_headers: Mapping[str, str], route: Route
) -> openai.OpenAI:
    headers: Any = {
        **own_headers,
        "Accept-Encoding": "identity",
        **dict.fromkeys(_TELEMETRY_HEADERS, openai.Omit()),
    }
    return _Sdk(
        base_url=base_url,
        # servers without keys still need the header to be well-formed
        api_key=api_key.strip() or "none",
        max_retries=0,
        timeout=None,
        default_headers=headers,
        http_client=_Client(
            transport=_RawTransport(route), follow_redirects=False, trust_env=False
        ),
    )
