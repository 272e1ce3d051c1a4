"""The provider's slow way: files of calls that are answered within a day, at the price of its tier ``batch``.

A file is uploaded, a batch is created over it, and once that has ended its answers are fetched as files, in no order and perhaps not
all of them. What is here makes one call each; what to do when one fails, and that nothing is done twice, is up to who calls.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from connector.errors import ProviderError
from connector.providers.base import Json, ModelRequest, Reply
from connector.providers.dialects.reading import a_dict, a_list, text, whole
from connector.providers.faults import Failure, failure_answered, quoted
from connector.providers.openai import Manner, OpenAIProvider

if TYPE_CHECKING:
    from connector.providers.transport import Transport

MOST_LINES, MOST_BYTES = 50_000, 190_000_000  # of a file; the provider takes 200 MB, and does not say which kind
ENDED = ("completed", "failed", "expired", "cancelled")

_CALL_SECONDS, _FILE_SECONDS = 30.0, 1_800.0
_DAY = 86_400
# files are deleted once they are not needed; those that nobody could delete go by themselves. Answers are paid for: they stay longer
_INPUT_SECONDS, _OUTPUT_SECONDS = 3 * _DAY, 30 * _DAY
_PAGE, _MOST_PAGES = 100, 100
_CLOCKS_DIFFER = 3_600.0  # seconds, at most
_ID = re.compile(r"[\w.-]{1,200}", re.ASCII)
_LONGEST_LINE = 20_000_000  # an answer has 10 MB at most
_OK = 200
_NOT_RUN = {"batch_expired", "batch_cancelled"}


@dataclass(frozen=True)
class Standing:
    """Where a batch is at the provider. ``said`` are its words, with codes, on why it failed as a whole."""

    id: str
    status: str
    total: int
    done: int
    failed: int
    files: tuple[str, ...]
    said: tuple[tuple[str, str], ...]

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True)
class Line:
    """What came back for one call: an answer with its ``status`` and ``body``, or the batch's own ``error`` (a code) and its words."""

    custom_id: str
    status: int
    body: Any
    error: str
    words: str

    @property
    def was_run(self) -> bool:
        """Whether the model was asked."""
        return self.error not in _NOT_RUN


class Offline:
    """Files of calls at the provider behind ``provider``. Each method raises ``ProviderError``; ``unseen`` says that it may have worked."""

    def __init__(self, provider: OpenAIProvider) -> None:
        self._provider = provider

    # --- what goes there ---

    @property
    def room(self) -> tuple[int, int]:
        """(lines, bytes) that a file may have."""
        return MOST_LINES, MOST_BYTES

    def manner(self, model: str) -> Manner:
        """How calls for ``model`` are said now; all calls of a file are said in the same manner, and to the same model."""
        return self._provider.manner(model)

    def line(self, custom_id: str, request: ModelRequest, manner: Manner) -> bytes:
        """One line of a file: the call exactly as it would be made live."""
        path, body = self._provider.written(request, manner)
        said = {"custom_id": custom_id, "method": "POST", "url": _endpoint(path), "body": body}
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n"

    def upload(self, name: str, file: IO[bytes]) -> str:
        """The id of the uploaded file."""
        fields = {"purpose": "batch", "expires_after": {"anchor": "created_at", "seconds": _INPUT_SECONDS}}
        found = self._file_call(lambda transport, until: transport.upload("/files", fields, name, file, deadline=until))
        return _id(found)

    def create(self, file_id: str, manner: Manner, metadata: Mapping[str, str]) -> Standing:
        """Let the calls in a file be answered."""
        from connector.providers.dialects import DIALECTS

        body = {
            "input_file_id": file_id,
            "endpoint": _endpoint(DIALECTS[manner.dialect].path),
            "completion_window": "24h",
            "metadata": dict(metadata),
            "output_expires_after": {"anchor": "created_at", "seconds": _OUTPUT_SECONDS},
        }
        return _standing(self._call(lambda transport, until: transport.post("/batches", body, deadline=until)))

    # --- what becomes of it ---

    def find(self, metadata: Mapping[str, str], since: float) -> Standing | None:
        """The batch that was created with ``metadata`` after a moment (seconds since 1970), if there is one."""
        after = ""
        for _ in range(_MOST_PAGES):
            page = self._get(f"/batches?limit={_PAGE}{after}")
            found = [a_dict(one) for one in a_list(page.get("data"))]
            for one in found:
                if metadata.items() <= a_dict(one.get("metadata")).items():
                    return _standing(one)
            if not found or not page.get("has_more") or _created(found[-1]) < since - _CLOCKS_DIFFER:
                return None
            after = f"&after={_id(found[-1])}"
        raise ProviderError("provider_rejected", "The provider lists too many batches to find one among them.")

    def look(self, batch_id: str) -> Standing:
        return _standing(self._get(f"/batches/{batch_id}"))

    def cancel(self, batch_id: str) -> None:
        """End a batch early; what was answered by then is in its files. One that has ended stays as it is."""
        try:
            self._call(lambda transport, until: transport.tell(f"/batches/{batch_id}/cancel", deadline=until))
        except ProviderError:
            if not self.look(batch_id).has_ended:
                raise

    @contextmanager
    def lines(self, file_id: str) -> Iterator[Iterator[Line]]:
        """The lines of a file of answers, read one by one from a copy on disk."""
        with TemporaryFile() as file:

            def fetch(transport: Transport, until: float) -> Json:
                transport.download(f"/files/{file_id}/content", file, deadline=until)
                return {}

            self._file_call(fetch)
            file.seek(0)
            yield map(_line, filter(bytes.strip, iter(lambda: file.readline(_LONGEST_LINE), b"")))

    def delete(self, file_id: str) -> None:
        self._call(lambda transport, until: transport.delete(f"/files/{file_id}", deadline=until))

    def heard(self, request: ModelRequest, manner: Manner, line: Line) -> Reply | Failure:
        """What a line says to the call that was made with ``request``."""
        if line.error or not line.status:
            return self._unanswered(line)
        if line.status != _OK:
            return failure_answered(line.status, line.body, self._provider.secret)
        return self._provider.heard(request, manner, line.body)

    def _unanswered(self, line: Line) -> Failure:
        if line.error == "batch_expired":
            words = "The provider did not get to this row within a day. Send it again, or run it without economy."
            return Failure(ProviderError("provider_timeout", words), retry=True)
        if line.error == "batch_cancelled":
            return Failure(ProviderError("cancelled", "The batch was cancelled at the provider before this row's turn."))
        if line.error == "request_timeout":
            return Failure(ProviderError("provider_timeout", "The model did not answer the provider's batch in time."), sent=True)
        said = quoted(line.words or line.error, self._provider.secret)
        told = f" It said: {said}." if said else ""
        return Failure(ProviderError("provider_unavailable", f"The provider's batch failed for this row.{told}"), retry=True)

    def mends(self, model: str, manner: Manner, failed: Failure) -> bool:
        """Whether a call for ``model`` that failed so can be said in another manner; ``ProviderError`` when the model is gone for good."""
        if failed.gone:
            self.retire(model, manner, failed.error)
        return failed.gone or self._provider.learn(failed, manner)

    def retire(self, model: str, manner: Manner, error: ProviderError) -> None:
        """Calls for ``model`` go to its replacement from now on; ``ProviderError`` when there is none, or none may."""
        self._provider.retire(model, error, manner.model)

    def refusal(self, standing: Standing) -> ProviderError:
        """Why a batch failed as a whole, so that none of it was billed."""
        codes = {code for code, _ in standing.said}
        code, words = standing.said[0] if standing.said else ("", "")
        said = quoted(words or code, self._provider.secret)
        told = f" It said: {said}." if said else ""
        if codes and codes <= {"model_not_found"}:
            return ProviderError("model_unavailable", f"The provider's Batch API does not have this model.{told}")
        if code == "token_limit_exceeded":
            return ProviderError("provider_rate_limited", f"The provider has too many calls waiting already.{told}")
        return ProviderError("provider_rejected", f"The provider did not accept the batch.{told}")

    # --- one call ---

    def _get(self, path: str) -> Json:
        return self._call(lambda transport, until: transport.get(path, deadline=until))

    def _call(self, call: Callable[[Transport, float], Any]) -> Json:
        return self._within(_CALL_SECONDS, call)

    def _file_call(self, call: Callable[[Transport, float], Any]) -> Json:
        return self._within(_FILE_SECONDS, call)

    def _within(self, seconds: float, call: Callable[[Transport, float], Any]) -> Json:
        return self._provider.manage(lambda transport: call(transport, time.monotonic() + seconds))


def _endpoint(path: str) -> str:
    # what stands before it in the provider's address is the address's own affair
    return f"/v1{path}"


def _standing(raw: Json) -> Standing:
    counts, errors = a_dict(raw.get("request_counts")), [a_dict(one) for one in a_list(a_dict(raw.get("errors")).get("data"))]
    status = text(raw.get("status"))
    if not status:
        raise _unreadable("a batch without a status")
    return Standing(
        id=_id(raw),
        status=status,
        total=whole(counts.get("total")),
        done=whole(counts.get("completed")),
        failed=whole(counts.get("failed")),
        files=tuple(_checked(raw[name]) for name in ("output_file_id", "error_file_id") if raw.get(name)),
        said=tuple((text(one.get("code")), text(one.get("message"))) for one in errors),
    )


def _created(raw: Json) -> float:
    """Seconds since 1970; without a moment it may have been just now."""
    at = raw.get("created_at")
    return float(at) if isinstance(at, int | float) else math.inf


def _line(raw: bytes) -> Line:
    try:
        found = json.loads(raw)
        custom_id = found["custom_id"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise _unreadable("a line of its file is not as it should be") from None
    response, error = a_dict(found.get("response")), a_dict(found.get("error"))
    code = text(error.get("code")) or ("error" if error else "")
    return Line(text(custom_id), whole(response.get("status_code")), response.get("body"), code, text(error.get("message")))


def _id(raw: Json) -> str:
    return _checked(raw.get("id"))


def _checked(value: Any) -> str:
    """An id that may stand in an address."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _unreadable("an id that cannot be one")
    return value


def _unreadable(what: str) -> ProviderError:
    return ProviderError("provider_bad_reply", f"The provider's answer cannot be read: {what}. Check OPENAI_BASE_URL.")
