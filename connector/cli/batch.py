"""`formcall batch`: an action on each row of a file, run by this process or by a service."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click

from connector.cli.batch_backends import Backend, local_backend, remote_backend
from connector.cli.errors import report_errors
from connector.cli.values import field_name, read_file, read_pairs, read_value
from connector.errors import FormcallError
from connector.json_types import Json
from connector.settings import read_settings

_POLL_SECONDS = 0.5
_EXIT_PAUSED = 2


@dataclass(frozen=True)
class BatchCommand:
    """What the command line asks for: ``values`` for the ``rows`` read from ``file``, or
    ``resume``, the id of an earlier batch."""

    values: Json
    file: str
    rows: bytes
    out: str
    resume: str
    budget_usd: float | None


@click.command("batch", context_settings={"ignore_unknown_options": True})
@click.option("--action", "action_id", help="The action to run on each row.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="The column that a field is read from; may be repeated.",
)
@click.option(
    "--out",
    help="The file for the results: FILE.csv, FILE.xlsx, FILE.jsonl, or - for standard output.  "
    "[default: FILE.results.csv]",
)
@click.option(
    "--budget-usd",
    type=click.FloatRange(0, min_open=True),
    help="Pause the batch before it costs more than this.",
)
@click.option("--tag", default="", help="A label to find the batch by.")
@click.option(
    "--economy",
    is_flag=True,
    help="Half the price, within a day, through the provider's batch API.",
)
@click.option("--sheet", default="", help="The sheet of a spreadsheet.  [default: the first one]")
@click.option(
    "--charset", default="", help="The encoding of FILE, such as windows-1252.  [default: UTF-8]"
)
@click.option("--url", help="Send the batch to a running service, such as http://127.0.0.1:8080.")
@click.option(
    "--key-env",
    default="FORMCALL_KEY",
    show_default=True,
    help="The environment variable that holds the service's API key.",
)
@click.option(
    "--resume", default="", metavar="BATCH", help="Continue an earlier batch instead of a FILE."
)
@click.argument(
    "arguments", nargs=-1, type=click.UNPROCESSED, metavar="FILE.csv [--FIELD VALUE|@FILE]..."
)
@report_errors
def batch(
    arguments: tuple[str, ...],
    action_id: str | None,
    *,
    mapping: tuple[str, ...],
    out: str | None,
    budget_usd: float | None,
    tag: str,
    economy: bool,
    sheet: str,
    charset: str,
    url: str | None,
    key_env: str,
    resume: str,
) -> None:
    """Run an action on each row of a table and write the results beside it.

    FILE is a CSV, a spreadsheet (XLSX, XLS, ODS), JSON lines or a JSON list.

    Columns named like fields of the action fill those fields. Values that are the same for all rows
    are given as --FIELD VALUE. FILE may be - for standard input.

    Finished rows are stored: after Ctrl-C, a crash or a budget that ran out, --resume continues
    with the rest.

    Exit status: 0 when all rows have an answer, 1 when some failed or the batch could not start, 2
    when it is paused or was cancelled, 130 after Ctrl-C.
    """
    file, fixed = _parse_arguments(arguments)
    if bool(file) == bool(resume) or (file and not action_id):
        raise FormcallError(
            "bad_request",
            "Give a FILE and its --action, or --resume and the id of an earlier batch.",
        )
    values = {
        "action": action_id,
        "fixed": fixed,
        "mapping": read_pairs(
            mapping, message="Give each --map as FIELD=COLUMN, once for a field."
        ),
        "budget_usd": budget_usd,
        "tag": tag,
        "economy": economy,
        "sheet": sheet,
        "charset": charset,
    }
    command = BatchCommand(
        values,
        file,
        rows=_read_rows(file),
        out=out or _default_out(file, resume),
        resume=resume,
        budget_usd=budget_usd,
    )
    _require_separate_out(command)
    opened = remote_backend(url, key_env) if url else local_backend(read_settings())
    with opened as backend:
        _run_batch(backend, command)


# --- reading the command line ---------------------------------------------------------------------


def _parse_arguments(arguments: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The FILE and the fields among the arguments that are no options of the command itself."""
    file = ""
    fields: dict[str, str] = {}
    remaining = iter(arguments)
    for argument in remaining:
        if not argument.startswith("--"):
            if file:
                raise FormcallError(
                    "bad_request", f"There are two files, {file} and {argument}; a batch has one."
                )
            file = argument
            continue
        name, equals, value = argument[2:].partition("=")
        if not equals:
            value = next(remaining, "--")
        if not name or value.startswith("--"):
            raise FormcallError(
                "bad_request",
                f"{argument} has no value. Give fields as --FIELD VALUE or --FIELD @FILE.",
            )
        fields[field_name(name)] = read_value(value)
    return file, fields


def _default_out(file: str, resume: str) -> str:
    if file == "-":
        return "-"
    return str(Path(file).with_suffix(".results.csv")) if file else f"{resume}.csv"


def _read_rows(file: str) -> bytes:
    if not file:
        return b""
    return sys.stdin.buffer.read() if file == "-" else read_file(Path(file))


def _require_separate_out(command: BatchCommand) -> None:
    if not command.file or command.out == "-":
        return
    if Path(command.out).resolve() == Path(command.file).resolve():
        raise FormcallError(
            "bad_request", "The results would overwrite the rows. Choose another --out."
        )


# --- running the batch ----------------------------------------------------------------------------


def _run_batch(backend: Backend, command: BatchCommand) -> None:
    if command.resume:
        state = _resume(backend, command)
    else:
        state = backend.create(command.values, command.rows)
    click.echo(f"Batch {state['id']}", err=True)
    for warning in state["warnings"]:
        click.echo(warning, err=True)
    try:
        state = _wait_for_end(backend, state)
    except KeyboardInterrupt:
        _print_resume_command(state, command)
        raise
    kind = Path(command.out).suffix.lstrip(".").lower()
    kind = kind if kind in {"jsonl", "xlsx"} else "csv"
    _write_results(backend.results(state["id"], kind), command.out)
    _print_summary(state, command)


def _resume(backend: Backend, command: BatchCommand) -> Json:
    state = backend.state(command.resume)
    if state["status"] == "paused":
        return backend.resume(command.resume, command.budget_usd)
    return state


def _wait_for_end(backend: Backend, state: Json) -> Json:
    """Show a progress bar until the batch is no longer running; its state then."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=state["total"])
        while True:
            finished = state["total"] - state["left"]
            progress.update(bar, completed=finished, description=_progress_text(state))
            if state["status"] != "running":
                return state
            time.sleep(_POLL_SECONDS)
            state = backend.state(state["id"])


def _progress_text(state: Json) -> str:
    cost = "cost unknown" if state["cost_usd"] is None else f"${state['cost_usd']:.4f}"
    failed = f" · {state['failed']} failed" if state["failed"] else ""
    return f"{state['rows_per_second']:.1f} rows/s · {cost}{failed}"


def _write_results(chunks: Iterable[bytes], out: str) -> None:
    """Write the results to ``out``: the complete file or none at all."""
    if out == "-":
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    partial = Path(f"{out}.part")
    try:
        with partial.open("wb") as file:
            file.writelines(chunks)
        partial.replace(out)
    except OSError as error:
        raise FormcallError(
            "bad_request", f"The results cannot be written to {out}: {error.strerror}."
        ) from None


def _print_resume_command(state: Json, command: BatchCommand) -> None:
    out = f" --out {command.out}" if command.out != "-" else ""
    click.echo(f"Resume with: formcall batch --resume {state['id']}{out}", err=True)


def _print_summary(state: Json, command: BatchCommand) -> NoReturn:
    cost = "" if state["cost_usd"] is None else f" ${state['cost_usd']:.4f}."
    results = "" if command.out == "-" else f" Results: {command.out}"
    click.echo(f"{state['result']}{cost}{results}", err=True)
    if state["status"] == "paused":
        click.echo(state["detail"], err=True)
        _print_resume_command(state, command)
    if state["status"] != "done":
        sys.exit(_EXIT_PAUSED)
    sys.exit(1 if state["failed"] else 0)
