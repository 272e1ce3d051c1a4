"""The provider's Batch API: files of calls, answered within a day at the price of tier ``batch``.

A file is uploaded and a batch is created over it; once that has ended, its answers are fetched as
files, in no order and perhaps not all of them. Each method makes one call; what to do when one
fails, and that nothing is done twice, is up to the caller.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import ModelRequest, Reply
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.hosted.dialects.reading import as_count, as_dict, as_list, as_text
from connector.providers.hosted.error_answers import excerpt
from connector.providers.hosted.error_mapping import failure_from_status
from connector.providers.hosted.failures import Failure
from connector.providers.hosted.variants import RequestVariant

if TYPE_CHECKING:
    from connector.providers.hosted.transport import Transport

MAX_FILE_LINES = 50_000
MAX_FILE_BYTES = 190_000_000  # the provider accepts 200 MB, and does not define its megabyte
TERMINAL_STATUSES = ("completed", "failed", "expired", "cancelled")

_CALL_SECONDS = 30.0
_FILE_SECONDS = 1_800.0
_DAY = 86_400
# Files are deleted once they are not needed, and expire where that failed. Answers are paid for, so
# they are kept longer.
_INPUT_SECONDS = 3 * _DAY
_OUTPUT_SECONDS = 30 * _DAY
_PAGE_SIZE = 100
_MAX_PAGES = 100
_MAX_CLOCK_DIFFERENCE = 3_600.0  # seconds
_ID = re.compile(r"[\w.-]{1,200}", re.ASCII)
_MAX_LINE_BYTES = 20_000_000  # an answer has 10 MB at most
_OK = 200
_NOT_RUN_CODES = {"batch_expired", "batch_cancelled"}


@dataclass(frozen=True)
class BatchStatus:
    """The state of a batch at the provider; ``errors``: (code, message) of why it failed."""

    id: str
    status: str
    total: int
    completed: int
    failed: int
    files: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]

    @property
    def has_ended(self) -> bool:
        return self.status in TERMINAL_STATUSES


@dataclass(frozen=True)
class BatchResultLine:
    """The result of one call: an answer (``status``, ``body``), or an error of the batch itself."""

    custom_id: str
    status: int
    body: Any
    error_code: str
    error_message: str

    @property
    def reached_model(self) -> bool:
        """Whether the model was called."""
        return self.error_code not in _NOT_RUN_CODES


class BatchClient:
    """The Batch API of ``provider``.

    Each method raises ``ProviderError``; its ``outcome_unknown`` when the call may have worked.
    """

    def __init__(self, provider: OpenAIProvider, model: str) -> None:
        self._provider = provider
        self._model = model  # all calls are for it, under the provider's name
        self.provider = provider.name

    # --- input ---

    @property
    def file_limits(self) -> tuple[int, int]:
        """(lines, bytes) that a file may have."""
        return MAX_FILE_LINES, MAX_FILE_BYTES

    def variant(self, model: str) -> RequestVariant:
        """How calls for ``model`` are made now; all calls of a file have one variant."""
        return self._provider.variant(self._model)

    def line(self, custom_id: str, request: ModelRequest, variant: RequestVariant) -> bytes:
        """One line of a file: the call exactly as it would be made live."""
        request = replace(request, model=self._model)
        path, body = self._provider.build_request(request, variant)
        call = {"custom_id": custom_id, "method": "POST", "url": _endpoint(path), "body": body}
        return json.dumps(call, ensure_ascii=False).encode("utf-8", "replace") + b"\n"

    def upload(self, name: str, file: IO[bytes]) -> str:
        """Upload a file; returns its id."""
        fields = {
            "purpose": "batch",
            "expires_after": {"anchor": "created_at", "seconds": _INPUT_SECONDS},
        }
        uploaded = self._file_call(
            lambda transport, deadline: transport.upload(
                "/files", fields, name, file, deadline=deadline
            )
        )
        return _id(uploaded)

    def create(
        self, file_id: str, variant: RequestVariant, metadata: Mapping[str, str]
    ) -> BatchStatus:
        """Create a batch over an uploaded file."""
        from connector.providers.hosted.dialects import DIALECTS

        body = {
            "input_file_id": file_id,
            "endpoint": _endpoint(DIALECTS[variant.dialect].path),
            "completion_window": "24h",
            "metadata": dict(metadata),
            "output_expires_after": {"anchor": "created_at", "seconds": _OUTPUT_SECONDS},
        }
        created = self._call(
            lambda transport, deadline: transport.post("/batches", body, deadline=deadline)
        )
        return _parse_status(created)

    # --- state ---

    def find(self, metadata: Mapping[str, str], since: float) -> BatchStatus | None:
        """The batch created with ``metadata`` after ``since`` (seconds since 1970), if any."""
        after = ""
        for _ in range(_MAX_PAGES):
            page = self._get(f"/batches?limit={_PAGE_SIZE}{after}")
            batches = [as_dict(batch) for batch in as_list(page.get("data"))]
            for batch in batches:
                if metadata.items() <= as_dict(batch.get("metadata")).items():
                    return _parse_status(batch)
            if not batches or not page.get("has_more"):
                return None
            oldest = batches[-1]
            if _created_at(oldest) < since - _MAX_CLOCK_DIFFERENCE:
                return None
            after = f"&after={_id(oldest)}"
        raise ProviderError(
            "provider_rejected", "The provider lists too many batches to find one among them."
        )

    def get(self, batch_id: str) -> BatchStatus:
        return _parse_status(self._get(f"/batches/{batch_id}"))

    def cancel(self, batch_id: str) -> None:
        """End a batch early; what was answered by then is in its files.

        One that has already ended stays as it is.
        """
        path = f"/batches/{batch_id}/cancel"
        try:
            self._call(lambda transport, deadline: transport.post_empty(path, deadline=deadline))
        except ProviderError:
            if not self.get(batch_id).has_ended:
                raise

    def creation_error(self, status: BatchStatus) -> ProviderError:
        """Why a batch failed entirely, so that none of it was billed."""
        codes = {code for code, _ in status.errors}
        code, message = status.errors[0] if status.errors else ("", "")
        quote = self._quote(message or code)
        if codes and codes <= {"model_not_found"}:
            return ProviderError(
                "model_unavailable", f"The provider's Batch API does not have this model.{quote}"
            )
        if code == "token_limit_exceeded":
            return ProviderError(
                "provider_rate_limited", f"The provider has too many calls waiting already.{quote}"
            )
        return ProviderError("provider_rejected", f"The provider did not accept the batch.{quote}")

    # --- results ---

    @contextmanager
    def result_lines(self, file_id: str) -> Iterator[Iterator[BatchResultLine]]:
        """The lines of a file of answers, read one by one from a copy on disk."""
        with TemporaryFile() as file:

            def fetch(transport: Transport, deadline: float) -> Json:
                transport.download(f"/files/{file_id}/content", file, deadline=deadline)
                return {}

            self._file_call(fetch)
            file.seek(0)
            yield _parse_lines(file)

    def delete(self, file_id: str) -> None:
        path = f"/files/{file_id}"
        self._call(lambda transport, deadline: transport.delete(path, deadline=deadline))

    def parse_line(
        self, request: ModelRequest, variant: RequestVariant, line: BatchResultLine
    ) -> Reply | Failure:
        """The outcome of the call that was made with ``request``."""
        if line.error_code or not line.status:
            return self._batch_failure(line)
        if line.status != _OK:
            return failure_from_status(line.status, line.body, self._provider.secret)
        request = replace(request, model=self._model)
        return self._provider.parse_response(request, variant, line.body)

    def adapt(self, model: str, variant: RequestVariant, failure: Failure) -> bool:
        """Whether the failed call for ``model`` can be made in another variant.

        Raises ``ProviderError`` when the model is gone and has no replacement.
        """
        if failure.model_gone:
            self.retire(model, variant, failure.error)
            return True
        return self._provider.adapt(failure, variant)

    def retire(self, model: str, variant: RequestVariant, error: ProviderError) -> None:
        """Send calls for ``model`` to its replacement from now on.

        Raises ``ProviderError`` when there is no replacement, or none is allowed.
        """
        self._provider.retire(self._model, error, variant.model)

    def _batch_failure(self, line: BatchResultLine) -> Failure:
        if line.error_code == "batch_expired":
            detail = (
                "The provider did not run this row within a day. Send it again, or run it "
                "without economy."
            )
            return Failure(ProviderError("provider_timeout", detail), retry=True)
        if line.error_code == "batch_cancelled":
            detail = "The batch was cancelled at the provider before this row was run."
            return Failure(ProviderError("cancelled", detail))
        if line.error_code == "request_timeout":
            detail = "The model did not answer the provider's batch in time."
            return Failure(ProviderError("provider_timeout", detail), sent=True)
        quote = self._quote(line.error_message or line.error_code)
        detail = f"The provider's batch failed for this row.{quote}"
        return Failure(ProviderError("provider_unavailable", detail), retry=True)

    def _quote(self, message: str) -> str:
        """The provider's message as a sentence to append."""
        shown = excerpt(message, self._provider.secret)
        return f" Its message: {shown}." if shown else ""

    # --- one call ---

    def _get(self, path: str) -> Json:
        return self._call(lambda transport, deadline: transport.get(path, deadline=deadline))

    def _call(self, call: Callable[[Transport, float], Any]) -> Json:
        return self._within(_CALL_SECONDS, call)

    def _file_call(self, call: Callable[[Transport, float], Any]) -> Json:
        return self._within(_FILE_SECONDS, call)

    def _within(self, seconds: float, call: Callable[[Transport, float], Any]) -> Json:
        return self._provider.call_api(
            lambda transport: call(transport, time.monotonic() + seconds)
        )


def _endpoint(path: str) -> str:
    # always /v1 here, whatever path the provider's base URL has
    return f"/v1{path}"


def _parse_status(raw: Json) -> BatchStatus:
    status = as_text(raw.get("status"))
    if not status:
        raise _unreadable("a batch without a status")
    counts = as_dict(raw.get("request_counts"))
    errors = [as_dict(error) for error in as_list(as_dict(raw.get("errors")).get("data"))]
    files = [raw[name] for name in ("output_file_id", "error_file_id") if raw.get(name)]
    return BatchStatus(
        id=_id(raw),
        status=status,
        total=as_count(counts.get("total")),
        completed=as_count(counts.get("completed")),
        failed=as_count(counts.get("failed")),
        files=tuple(_checked_id(file_id) for file_id in files),
        errors=tuple(
            (as_text(error.get("code")), as_text(error.get("message"))) for error in errors
        ),
    )


def _created_at(raw: Json) -> float:
    """Seconds since 1970; infinite if it is missing, as for a batch created just now."""
    at = raw.get("created_at")
    return float(at) if isinstance(at, int | float) else math.inf


def _parse_lines(file: IO[bytes]) -> Iterator[BatchResultLine]:
    while raw := file.readline(_MAX_LINE_BYTES):
        if raw.strip():
            yield _parse_line(raw)


def _parse_line(raw: bytes) -> BatchResultLine:
    try:
        line = json.loads(raw)
        custom_id = line["custom_id"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise _unreadable("a line of its file is invalid") from None
    response = as_dict(line.get("response"))
    error = as_dict(line.get("error"))
    return BatchResultLine(
        custom_id=as_text(custom_id),
        status=as_count(response.get("status_code")),
        body=response.get("body"),
        error_code=as_text(error.get("code")) or ("error" if error else ""),
        error_message=as_text(error.get("message")),
    )


def _id(raw: Json) -> str:
    return _checked_id(raw.get("id"))


def _checked_id(value: Any) -> str:
    """An id that is safe in a URL's path."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _unreadable("an invalid id")
    return value


def _unreadable(reason: str) -> ProviderError:
    return ProviderError(
        "provider_bad_reply",
        f"The provider's answer cannot be read: {reason}. Check OPENAI_BASE_URL.",
    )
