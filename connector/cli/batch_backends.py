"""The two backends of `formcall batch`: this process itself, and a running service."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import click

from connector.cli.values import read_api_key
from connector.errors import FieldError, FormcallError
from connector.json_types import Json
from connector.settings import Settings

if TYPE_CHECKING:
    import requests

    from connector.service import Service
    from connector.store.batches import Progress
    from connector.store.rows import BatchRow

_RETRY_SECONDS = 60.0  # how long a service may be unreachable before the command gives up
_CREATE_RETRY_SECONDS = 10.0
_TIMEOUT_SECONDS = 120.0
_CHUNK_BYTES = 65_536
_EXIT_INTERRUPTED = 130


class Backend(Protocol):
    """What runs a batch; a state is the JSON object that ``GET /v1/batches/<id>`` returns."""

    def create(self, values: Json, file: bytes) -> Json: ...

    def resume(self, batch_id: str, budget_usd: float | None) -> Json: ...

    def state(self, batch_id: str) -> Json: ...

    def results(self, batch_id: str, kind: str) -> Iterable[bytes]:
        """The results as csv, xlsx or jsonl."""
        ...


# --- this process ---------------------------------------------------------------------------------


class LocalBackend:
    """Runs batches in this process, on the data folder or database of the settings."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._runner = service.batch_runner

    def create(self, values: Json, file: bytes) -> Json:
        from connector.batches.request import read_batch_request

        key = self._service.keys.command_line_key()
        return self._view(self._runner.add(key, read_batch_request(values, file)))

    def resume(self, batch_id: str, budget_usd: float | None) -> Json:
        return self._view(self._runner.resume(batch_id, budget_usd=budget_usd))

    def state(self, batch_id: str) -> Json:
        self._find(batch_id)
        return self._view(self._service.batches.progress(batch_id))

    def results(self, batch_id: str, kind: str) -> Iterator[bytes]:
        from connector.batches.results import Results

        batch = self._find(batch_id)
        results = Results(self._service.catalogue.find(batch.action), batch)
        rows = self._service.batches.rows(batch_id)
        if kind == "xlsx":
            return results.xlsx(rows)
        lines = results.jsonl(rows) if kind == "jsonl" else results.csv(rows)
        return (text.encode() for text in lines)

    def _find(self, batch_id: str) -> BatchRow:
        batch = self._service.batches.find(batch_id)
        if batch is None:
            raise FormcallError(
                "not_found",
                f"There is no batch {batch_id} here. Check the id, and FORMCALL_DATA_DIR.",
            )
        return batch

    def _view(self, progress: Progress) -> Json:
        from connector.batches.progress import batch_view

        return batch_view(progress)


@contextmanager
def local_backend(settings: Settings) -> Iterator[Backend]:
    """A ``LocalBackend``; ``FormcallError`` when a service already uses the data folder."""
    from connector import logs
    from connector.service import build_service
    from connector.store.data_dir_lock import lock_data_dir

    try:
        lock_data_dir(settings, wait_seconds=1)
    except FormcallError as error:
        message = (
            f"A service is running on the data folder {settings.data_dir}. Give its address "
            "with --url, or stop it."
        )
        raise FormcallError(error.code, message) from None
    logs.configure("off")
    service = build_service(settings)
    service.launch()
    try:
        yield LocalBackend(service)
    except KeyboardInterrupt:
        click.echo("Waiting for the running rows; press Ctrl-C again to stop at once.", err=True)
        _stop(service, settings)
        sys.exit(_EXIT_INTERRUPTED)
    finally:
        if not service.stopping.is_set():
            _stop(service, settings)


def _stop(service: Service, settings: Settings) -> None:
    try:
        service.stop(settings.deadline_seconds)
    except KeyboardInterrupt:  # the rows in progress start again when the batch is resumed
        os._exit(_EXIT_INTERRUPTED)


# --- a running service ----------------------------------------------------------------------------


class RemoteBackend:
    """Runs batches on a running service, over HTTP."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/v1/batches"

    def create(self, values: Json, file: bytes) -> Json:
        import secrets

        # the idempotency key makes it safe to send the request again
        given = {name: value for name, value in values.items() if value}
        given["idempotency_key"] = secrets.token_hex(16)
        fields = {
            name: json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else value
            for name, value in given.items()
        }
        return self._json(
            "POST", "", data=fields, files={"file": file}, retry_seconds=_CREATE_RETRY_SECONDS
        )

    def resume(self, batch_id: str, budget_usd: float | None) -> Json:
        return self._json("POST", f"/{batch_id}/resume", json={"budget_usd": budget_usd})

    def state(self, batch_id: str) -> Json:
        return self._json("GET", f"/{batch_id}", retry_seconds=_RETRY_SECONDS)

    def results(self, batch_id: str, kind: str) -> Iterator[bytes]:
        with self._send("GET", f"/{batch_id}/results.{kind}", stream=True) as response:
            yield from response.iter_content(_CHUNK_BYTES)

    def _json(self, method: str, path: str, **options: Any) -> Json:
        body: Json = self._send(method, path, **options).json()
        return body

    def _send(
        self, method: str, path: str, *, retry_seconds: float = 0.0, **options: Any
    ) -> requests.Response:
        """The successful response; otherwise ``FormcallError`` with the service's own sentence.

        What may succeed later is tried again for ``retry_seconds``.
        """
        import requests

        until = time.monotonic() + retry_seconds
        while True:
            try:
                response = self._session.request(
                    method,
                    self._url + path,
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                    **options,
                )
            except requests.RequestException:
                if time.monotonic() > until:
                    raise FormcallError(
                        "bad_request", f"There is no response from {self._url}. Check --url."
                    ) from None
            else:
                if response.status_code < 300:  # noqa: PLR2004
                    return response
                error, is_retryable = _read_problem(response)
                if not is_retryable or time.monotonic() > until:
                    raise error
            time.sleep(1)


def _read_problem(response: requests.Response) -> tuple[FormcallError, bool]:
    """The error in a problem response, and whether the same request may succeed later."""
    try:
        problem = response.json()
        errors = [
            FieldError(entry["field"], entry["code"], entry["message"])
            for entry in problem["errors"]
        ]
        error = FormcallError(problem["code"], problem["detail"], errors=errors)
        return error, bool(problem["retryable"])
    except (ValueError, KeyError, TypeError):
        message = f"The response is not from Formcall (status {response.status_code}). Check --url."
        return FormcallError("bad_request", message), False


@contextmanager
def remote_backend(url: str, key_env: str) -> Iterator[Backend]:
    """A ``RemoteBackend`` for the service at ``url``, with the API key in the variable
    ``key_env``."""
    import requests

    key = read_api_key(key_env)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FormcallError(
            "bad_request", "--url must be an address such as http://127.0.0.1:8080."
        )
    with requests.Session() as session:
        session.headers["X-API-Key"] = key
        try:
            yield RemoteBackend(session, url)
        except KeyboardInterrupt:
            click.echo("The service continues the batch.", err=True)
            sys.exit(_EXIT_INTERRUPTED)
