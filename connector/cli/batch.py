"""The command ``formcall batch``: an action on each row of a file, here and now or by a service, with a bar that shows how far it is."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import urlsplit

import click

from connector.errors import FieldError, FormcallError
from connector.settings import Settings, read_settings

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]
Command = Callable[..., Any]

_LOOK_SECONDS = 0.5
_PATIENCE = 60.0  # seconds for which a service may be out of reach before the command gives up
_START_SECONDS = 10.0
_TIMEOUT = 120.0
_PAUSED, _STOPPED = 2, 130  # exit statuses


@dataclass(frozen=True)
class Task:
    """What the command was asked for: ``values`` go with ``rows``, read from ``file``; ``resume`` is the id of an earlier batch instead."""

    values: Json
    file: str
    rows: bytes
    out: str
    resume: str
    budget_usd: float | None


class Place(Protocol):
    """Where a batch is carried out."""

    def begin(self, values: Json, file: bytes) -> Json: ...

    def resume(self, batch_id: str, budget_usd: float | None) -> Json: ...

    def state(self, batch_id: str) -> Json: ...

    def results(self, batch_id: str, kind: str) -> Iterable[str]: ...


def add_batches(main: click.Group, plainly: Callable[[Command], Command], from_source: Callable[[str], str]) -> None:
    """Add ``batch`` to ``main``; ``plainly`` tells failures as sentences, ``from_source`` reads @FILE."""

    @main.command("batch", context_settings={"ignore_unknown_options": True})
    @click.option("--action", "action_id", help="The action to run on each row.")
    @click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="The column that a field is taken from; may be repeated.")
    @click.option("--out", help="Where the results go: FILE.csv or FILE.jsonl, or - for standard output.  [default: beside FILE]")
    @click.option("--budget-usd", type=click.FloatRange(0, min_open=True), help="The batch pauses before it costs more.")
    @click.option("--tag", default="", help="A word of yours to find the batch by.")
    @click.option("--economy", is_flag=True, help="Half the price, within a day, through the provider's own batches.")
    @click.option("--url", help="Have a running service do it, such as http://127.0.0.1:8080.")
    @click.option("--key-env", default="FORMCALL_KEY", show_default=True, help="The variable that has the service's API key.")
    @click.option("--resume", default="", metavar="BATCH", help="Go on with an earlier batch instead of a FILE.")
    @click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="FILE.csv [--FIELD VALUE|@FILE]...")
    @plainly
    def batch(
        words: tuple[str, ...], action_id: str | None, *, mapping: tuple[str, ...], out: str | None, budget_usd: float | None, tag: str,
        economy: bool, url: str | None, key_env: str, resume: str,
    ) -> None:  # fmt: skip
        """Run an action on each row of a CSV (or of a JSON list) and write the results beside it; - reads standard input.

        Columns named like fields of the action are its fields. Values that are the same for all rows are given as --FIELD VALUE.

        What was done is kept: after Ctrl-C, a crash or a budget that ran out, --resume goes on with the rest.

        Exit status: 0 when all rows have an answer, 1 when some failed or the batch could not begin, 2 when it is paused or was
        cancelled, 130 after Ctrl-C.
        """
        file, fixed = _words(words, from_source)
        if bool(file) == bool(resume) or (file and not action_id):
            raise FormcallError("bad_request", "Give a FILE and its --action, or --resume and the id of an earlier batch.")
        values = {"action": action_id, "fixed": fixed, "mapping": _pairs(mapping), "budget_usd": budget_usd, "tag": tag, "economy": economy}
        task = Task(values, file, _read(file) if file else b"", out or _beside(file, resume), resume, budget_usd)
        _refuse_same(task)
        with _service(url, key_env) if url else _here(read_settings()) as place:
            _carry_out(place, task)


def _words(words: Iterable[str], from_source: Callable[[str], str]) -> tuple[str, Json]:
    """The FILE and the fields among what is no option of the command itself."""
    file, fixed, waiting = "", {}, iter(words)
    for word in waiting:
        if word.startswith("--"):
            name, given, value = word[2:].partition("=")
            value = value if given else next(waiting, "--")
            if not name or value.startswith("--"):
                raise FormcallError("bad_request", f"{word} has no value. Give fields as --FIELD VALUE or --FIELD @FILE.")
            fixed[name.replace("-", "_")] = from_source(value)
        elif file:
            raise FormcallError("bad_request", f"There are two files, {file} and {word}; a batch has one.")
        else:
            file = word
    return file, fixed


def _pairs(mapping: Iterable[str]) -> dict[str, str]:
    found = dict(pair.split("=", 1) for pair in mapping if "=" in pair)
    if len(found) != len(list(mapping)):
        raise FormcallError("bad_request", "Give each --map as FIELD=COLUMN, once for a field.")
    return {name.replace("-", "_"): column for name, column in found.items()}


def _beside(file: str, resume: str) -> str:
    return "-" if file == "-" else str(Path(file).with_suffix(".results.csv")) if file else f"{resume}.csv"


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise FormcallError("bad_request", f"The file {file} cannot be read: {error.strerror}.") from None


def _refuse_same(task: Task) -> None:
    if task.file and task.out != "-" and Path(task.out).resolve() == Path(task.file).resolve():
        raise FormcallError("bad_request", "The results would take the place of the rows. Choose another --out.")


# --- carrying it out ---------------------------------------------------------------------------------------------------


def _carry_out(place: Place, task: Task) -> None:
    state = _resumed(place, task) if task.resume else place.begin(task.values, task.rows)
    click.echo(f"Batch {state['id']}", err=True)
    for warning in state["warnings"]:
        click.echo(warning, err=True)
    try:
        state = _watched(place, state)
    except KeyboardInterrupt:
        _tell_how_to_go_on(state, task)
        raise
    _write(place.results(state["id"], "jsonl" if task.out.endswith(".jsonl") else "csv"), task.out)
    _tell_end(state, task)


def _resumed(place: Place, task: Task) -> Json:
    state = place.state(task.resume)
    return place.resume(task.resume, task.budget_usd) if state["status"] == "paused" else state


def _watched(place: Place, state: Json) -> Json:
    """The state of the batch when it does not go on any more."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        shown = bar.add_task("", total=state["total"])
        while True:
            bar.update(shown, completed=state["total"] - state["left"], description=_at_work(state))
            if state["status"] != "running":
                return state
            time.sleep(_LOOK_SECONDS)
            state = place.state(state["id"])


def _at_work(state: Json) -> str:
    cost = "cost unknown" if state["cost_usd"] is None else f"${state['cost_usd']:.4f}"
    failed = f" · {state['failed']} failed" if state["failed"] else ""
    return f"{state['rows_per_second']:.1f} rows/s · {cost}{failed}"


def _write(lines: Iterable[str], out: str) -> None:
    """The results at ``out``, whole or not at all."""
    if out == "-":
        for piece in lines:
            sys.stdout.buffer.write(piece.encode())
        sys.stdout.buffer.flush()
        return
    part = Path(f"{out}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        part.replace(out)
    except OSError as error:
        raise FormcallError("bad_request", f"The results cannot be written to {out}: {error.strerror}.") from None


def _tell_how_to_go_on(state: Json, task: Task) -> None:
    out = f" --out {task.out}" if task.out != "-" else ""
    click.echo(f"Go on with: formcall batch --resume {state['id']}{out}", err=True)


def _tell_end(state: Json, task: Task) -> NoReturn:
    cost = "" if state["cost_usd"] is None else f" ${state['cost_usd']:.4f}."
    click.echo(f"{state['result']}{cost}" + (f" Results: {task.out}" if task.out != "-" else ""), err=True)
    if state["status"] == "paused":
        click.echo(state["detail"], err=True)
        _tell_how_to_go_on(state, task)
    sys.exit(_PAUSED if state["status"] != "done" else int(state["failed"] > 0))


# --- here --------------------------------------------------------------------------------------------------------------


class _Here:
    """Batches that this process carries out itself, on the data folder or the database of the settings."""

    def __init__(self, workshop: Any) -> None:
        self._workshop, self._runner = workshop, workshop.batch_runner

    def begin(self, values: Json, file: bytes) -> Json:
        from connector.jobs.orders import read_order

        return self._told(self._runner.add(self._workshop.keys.of_command_line(), read_order(values, file)))

    def resume(self, batch_id: str, budget_usd: float | None) -> Json:
        return self._told(self._runner.resume(batch_id, budget_usd=budget_usd))

    def state(self, batch_id: str) -> Json:
        self._found(batch_id)
        return self._told(self._workshop.batches.progress(batch_id))

    def results(self, batch_id: str, kind: str) -> Iterator[str]:
        from connector.jobs.results import Results

        batch = self._found(batch_id)
        results = Results(self._workshop.catalogue.find(batch.action), batch)
        write = results.jsonl if kind == "jsonl" else results.csv
        return write(self._workshop.batches.rows(batch_id))

    def _found(self, batch_id: str) -> Any:
        batch = self._workshop.batches.find(batch_id)
        if batch is None:
            raise FormcallError("not_found", f"There is no batch {batch_id} here. Check the id, and FORMCALL_DATA_DIR.")
        return batch

    def _told(self, progress: Any) -> Json:
        from connector.jobs.progress import described

        return described(progress)


@contextmanager
def _here(settings: Settings) -> Iterator[Place]:
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
    workshop.launch()
    try:
        yield _Here(workshop)
    except KeyboardInterrupt:
        click.echo("Rows under way come to their end; Ctrl-C once more leaves them.", err=True)
        _leave(workshop, settings)
        sys.exit(_STOPPED)
    finally:
        if not workshop.ended.is_set():
            _leave(workshop, settings)


def _leave(workshop: Any, settings: Settings) -> None:
    try:
        workshop.stop(settings.deadline_seconds)
    except KeyboardInterrupt:  # what is under way begins anew when the batch is resumed
        os._exit(_STOPPED)


# --- by a service ------------------------------------------------------------------------------------------------------


class _Service:
    """Batches that a running service carries out."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session, self._url = session, f"{url.rstrip('/')}/v1/batches"

    def begin(self, values: Json, file: bytes) -> Json:
        given = {**{name: value for name, value in values.items() if value}, "idempotency_key": secrets.token_hex(16)}
        fields = {name: json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else value for name, value in given.items()}
        return self._ask("POST", "", data=fields, files={"file": file}, patience=_START_SECONDS)

    def resume(self, batch_id: str, budget_usd: float | None) -> Json:
        return self._ask("POST", f"/{batch_id}/resume", json={"budget_usd": budget_usd})

    def state(self, batch_id: str) -> Json:
        return self._ask("GET", f"/{batch_id}", patience=_PATIENCE)

    def results(self, batch_id: str, kind: str) -> Iterator[str]:
        with self._answer("GET", f"/{batch_id}/results.{kind}", stream=True) as response:
            response.encoding = "utf-8"
            yield from response.iter_content(65_536, decode_unicode=True)

    def _ask(self, method: str, path: str, **more: Any) -> Json:
        found: Json = self._answer(method, path, **more).json()
        return found

    def _answer(self, method: str, path: str, *, patience: float = 0.0, **more: Any) -> requests.Response:
        """The service's answer; ``FormcallError`` with its own words when it is a failure, or when nothing answers for so long."""
        import requests

        until = time.monotonic() + patience
        while True:
            try:
                response = self._session.request(method, self._url + path, timeout=_TIMEOUT, allow_redirects=False, **more)
            except requests.RequestException:
                if time.monotonic() > until:
                    raise FormcallError("bad_request", f"Nothing answers at {self._url}. Check --url.") from None
            else:
                if response.status_code < 300:  # noqa: PLR2004
                    return response
                failed = _failure(response)
                if not failed.retryable or time.monotonic() > until:
                    raise failed.error
            time.sleep(1)


@dataclass(frozen=True)
class _Failed:
    error: FormcallError
    retryable: bool


def _failure(response: requests.Response) -> _Failed:
    try:
        problem = response.json()
        errors = [FieldError(entry["field"], entry["code"], entry["message"]) for entry in problem["errors"]]
        return _Failed(FormcallError(problem["code"], problem["detail"], errors=errors), bool(problem["retryable"]))
    except (ValueError, KeyError, TypeError):
        words = f"What answers at this address is no Formcall (status {response.status_code}). Check --url."
        return _Failed(FormcallError("bad_request", words), retryable=False)


@contextmanager
def _service(url: str, key_env: str) -> Iterator[Place]:
    import requests

    key = os.environ.get(key_env, "").strip()
    if not key:
        raise FormcallError("unauthorized", f"The variable {key_env} has no API key. Set it, or name another one with --key-env.")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FormcallError("bad_request", "--url must be an address such as http://127.0.0.1:8080.")
    with requests.Session() as session:
        session.headers["X-API-Key"] = key
        try:
            yield _Service(session, url)
        except KeyboardInterrupt:
            click.echo("The service goes on with it meanwhile.", err=True)
            sys.exit(_STOPPED)
