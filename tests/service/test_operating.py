"""Operation: logs without secrets, metrics, one service per data folder, backups, upgrades, and
correct pages."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import shlex
import signal
import sqlite3
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, select, text

from connector import logs
from connector.cli.main import main
from connector.errors import FormcallError, SettingsError
from connector.json_types import Json
from connector.metrics import Metrics
from connector.queue_metrics import serve_metrics
from connector.service import build_service
from connector.settings import Settings
from connector.store.backup import back_up
from connector.store.data_dir_lock import lock_data_dir
from connector.store.database import load_secret
from connector.store.keys import open_keys
from connector.store.tables import ledger
from tests.support.databases import KINDS, database_url
from tests.support.running_service import FORMCALL, clean_environment, free_port, serving
from tests.support.samples import ROOT, TICKET
from tests.support.upstream import FakeUpstream, Script, fault
from tests.support.web_app import WebApp

VARIABLES = {str(entry.metadata["variable"]) for entry in fields(Settings)}
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
SECRET_TEXT = "zanzibar is the caller's own word"


def command(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(FORMCALL_ENGINE="scripted", **variables)
    return subprocess.run(
        [FORMCALL, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


# --- the log --------------------------------------------------------------------------------------


@pytest.fixture
def log_lines(tmp_path: Path) -> Iterator[Callable[[], list[Json]]]:
    """The log as it is written, read back; the logger is as before in the end."""
    before = logs.log.level, logs.log.propagate, list(logs.log.handlers)
    path = tmp_path / "log.jsonl"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    logs.configure("json")
    next(one for one in logs.log.handlers if isinstance(one, logs.LineHandler))._file = file
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()]
    os.close(file)
    logs.log.level, logs.log.propagate, logs.log.handlers = before[0], before[1], before[2]
    logs.log.manager._clear_cache()  # type: ignore[attr-defined]


def test_a_request_and_its_run_are_a_line_each(
    make: Callable[..., WebApp], log_lines: Callable[[], list[Json]]
) -> None:
    """A call is one line for its run and one for its request, tied together by the request's id,
    with times, sizes and money."""
    with FakeUpstream(usage=(412, 100, 96, 64)) as upstream:
        made = make(engine="openai", openai_api_key="sk-x", openai_base_url=upstream.base_url)
        answer = made.post(json=TICKET, headers={"X-Request-ID": "mine-1"})
    run, request = log_lines()
    key = made.keys.list_all()[0]
    assert run["run_id"] == request["run_id"] == answer.json["id"]
    assert run["request_id"] == request["request_id"] == answer.headers["X-Request-ID"] == "mine-1"
    assert (
        run.items()
        >= {
            "event": "run",
            "level": "info",
            "key_id": key.id,
            "action": "classify",
            "status": "done",
            "engine": "openai",
            "input_tokens": 412,
            "cached_tokens": 100,
            "output_tokens": 96,
            "reasoning_tokens": 64,
            "cost_usd": answer.json["cost_usd"],
            "duration_ms": answer.json["duration_ms"],
            "attempt": 1,
        }.items()
    )
    assert run["model"].startswith("o4-mini")
    assert 0 <= run["upstream_ms"] <= run["duration_ms"] + 1
    assert (
        request.items()
        >= {
            "event": "request",
            "method": "POST",
            "route": "/v1/actions/<action_id>",
            "status": 200,
            "key_id": key.id,
            "action": "classify",
            "bytes_out": len(answer.data),
            "bytes_in": len(json.dumps(TICKET)),
        }.items()
    )
    assert request["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", request["time"])
    assert not {"code", "batch_id"} & set(run) | {"code"} & set(request)


def test_failures_have_their_code(
    make: Callable[..., WebApp], log_lines: Callable[[], list[Json]]
) -> None:
    """A request that was refused, and a run that failed, have their code, and what is not known of
    them is left out."""
    with FakeUpstream(Script([fault("auth")])) as upstream:
        made = make(engine="openai", openai_api_key="sk-x", openai_base_url=upstream.base_url)
        made.post(json=TICKET)
        made.post(json={"text": ""})
        made.client.get("/nothing/here?text=zanzibar")
    run, failed, refused, nowhere = log_lines()
    assert (run["status"], run["code"], failed["code"], failed["status"]) == (
        "failed",
        "provider_auth",
        "provider_auth",
        502,
    )
    assert (refused["code"], refused["status"]) == ("invalid_input", 422)
    assert "run_id" not in refused
    assert (nowhere["route"], nowhere["status"], nowhere["code"]) == ("none", 404, "not_found")
    assert "key_id" not in nowhere


def test_the_log_has_no_secrets(
    make: Callable[..., WebApp], log_lines: Callable[[], list[Json]], tmp_path: Path
) -> None:
    """However a call goes, no line has a text, a key, a caller's address, what they wrote into a
    path, or the words of an exception."""
    with FakeUpstream(Script([fault("context"), fault("auth"), fault("disconnect")])) as upstream:
        made = make(
            engine="openai",
            openai_api_key="sk-secret-of-ours",
            openai_base_url=upstream.base_url,
            allow_hosts="127.0.0.1",
        )
        form = {
            **TICKET,
            "text": SECRET_TEXT,
            "callback_url": "http://127.0.0.1:9/zanzibar?token=zanzibar",
        }
        for _ in range(4):
            made.post(json=form)
        made.post(json={**TICKET, "categories": SECRET_TEXT})
        made.post(data=b'{"zanzibar', headers={"Content-Type": "application/json"})
        made.post("zanzibar", json=form)
        made.client.get("/v1/runs/zanzibar?zanzibar=1", headers=made.headers)
        made.client.open(
            "/v1/zanzibar", method="ZANZIBAR", headers={"X-Request-ID": "zanzibar with spaces"}
        )
        try:
            raise ValueError(SECRET_TEXT)
        except ValueError as error:
            logs.log.error("it went wrong", exc_info=error, extra={"run_id": "run_1"})
    written = (tmp_path / "log.jsonl").read_text()
    assert len(log_lines()) > 10
    for hidden in ("zanzibar", "sk-secret-of-ours", made.key, made.key[8:]):
        assert hidden.lower() not in written.lower(), hidden


def test_of_an_exception_only_its_places_are_told(log_lines: Callable[[], list[Json]]) -> None:
    """An exception is told by its kind and its places, and so are its causes; its words are not."""
    try:
        try:
            json.loads("{zanzibar")
        except ValueError as cause:
            raise KeyError("zanzibar") from cause
    except KeyError as error:
        logs.log.warning("a round failed", exc_info=error)
    (told,) = log_lines()
    assert (told["event"], told["level"], told["words"]) == ("message", "warning", "a round failed")
    assert [kind for kind in told["raised"] if "Error" in kind.split(":")[0]] == [
        "JSONDecodeError",
        "KeyError",
    ]
    assert any("test_operating.py" in place for place in told["raised"])
    assert "zanzibar" not in json.dumps(told)


def test_lines_of_many_threads_do_not_mix(log_lines: Callable[[], list[Json]]) -> None:
    """Each line is written at once, so that many threads leave whole lines."""

    def log_requests() -> None:
        for number in range(200):
            logs.log_request(request_id=f"{number}", method="G" * 500)

    threads = [threading.Thread(target=log_requests) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log_lines()) == 1600


def test_a_log_that_cannot_be_written_is_no_failure(log_lines: Callable[[], list[Json]]) -> None:
    """A log that nobody reads any more fails no call, nor do words that do not fit their values,
    which are not told."""
    logs.LineHandler(-1).handle(
        logging.makeLogRecord({"name": "formcall", "msg": "words", "levelname": "ERROR"})
    )
    ours = next(one for one in logs.log.handlers if isinstance(one, logs.LineHandler))
    ours.handle(
        logging.makeLogRecord(
            {"name": "formcall", "msg": "%d pieces", "args": ("zanzibar",), "levelname": "WARNING"}
        )
    )
    (told,) = log_lines()
    assert (told["level"], told["words"]) == ("warning", "a line of the log could not be written")


@pytest.mark.parametrize(
    ("mode", "is_terminal", "first"),
    [
        ("auto", False, "{"),
        ("auto", True, "0"),
        ("json", True, "{"),
        ("text", False, "0"),
        ("off", True, ""),
    ],
)
def test_the_format_of_the_log(
    log_lines: Callable[[], list[Json]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    mode: str,
    is_terminal: bool,
    first: str,
) -> None:
    """The log is text in a terminal and JSON elsewhere, unless a format is set; off has neither
    requests nor runs."""
    monkeypatch.setattr("os.isatty", lambda _: is_terminal)
    monkeypatch.setattr(logs, "_local_time", lambda _: "07:37:00")
    written = _log_file(tmp_path, mode)
    logs.log_request(request_id="req_1", method="GET", route="/healthz", status=200, ms=1.2)
    assert written.read_text()[:1] == first


def _log_file(tmp_path: Path, mode: str) -> Path:
    """The file that the log is written to from now on, in the format of ``mode``."""
    logs.configure(mode)
    path = tmp_path / f"{mode}.log"
    handler = next(one for one in logs.log.handlers if isinstance(one, logs.LineHandler))
    handler._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return path


def test_the_log_as_text(
    make: Callable[..., WebApp], log_lines: Callable[[], list[Json]], tmp_path: Path
) -> None:
    """As text a run, a request and a failure are a readable line each, without texts, answers and
    keys."""
    written = _log_file(tmp_path, "text")
    made = make()
    answer = made.post(json=TICKET).json
    made.post(json={"text": SECRET_TEXT, "categories": SECRET_TEXT})
    try:
        raise ValueError(SECRET_TEXT)
    except ValueError as error:
        logs.log.error("a round\nfailed", exc_info=error, extra={"run_id": "run_1"})
    run, request, refused, failure = written.read_text().splitlines()
    run_id = answer["id"]
    assert re.match(rf"\d\d:\d\d:\d\d info +run classify done \d+ ms run_id={run_id} ", run)
    assert re.match(
        rf"[\d:]{{8}} info +POST /v1/actions/<action_id> 200 \d+ ms run_id={run_id} action=",
        request,
    )
    assert re.search(r" POST /v1/actions/<action_id> 422 \d+ ms code=invalid_input$", refused)
    assert re.search(r" error +a round failed run_id=run_1 raised=\[\"ValueError\"", failure)
    for hidden in (SECRET_TEXT, TICKET["text"], made.key, made.keys.list_all()[0].id):
        assert hidden not in written.read_text()


def test_a_service_logs_to_standard_error(tmp_path: Path) -> None:
    """A service prints its greeting as before, and then one line for each request; with
    FORMCALL_LOG=off only what goes wrong."""
    for mode in ("json", "text", "off"):
        with serving(tmp_path / mode, FORMCALL_LOG=mode) as service:
            assert service.post().ok
            requests.get(f"{service.address}/healthz", timeout=60)
        output = service.output_text()
        assert output.startswith("Formcall ")
        events = [json.loads(line)["event"] for line in output.splitlines() if line.startswith("{")]
        assert events.count("run") == (1 if mode == "json" else 0)
        assert (events.count("request") >= 2) is (mode == "json")
        assert (" run classify done " in output) is (mode == "text")
        assert (" GET /healthz 200 " in output) is (mode == "text")


def test_a_run_that_is_handed_over_is_logged_once(tmp_path: Path) -> None:
    """The request of a run that takes longer is told with the caller's wait, the run with its own
    time."""
    with FakeUpstream(delay=2.0) as upstream:
        variables = {
            "FORMCALL_ENGINE": "openai",
            "OPENAI_API_KEY": "sk-x",
            "OPENAI_BASE_URL": upstream.base_url,
        }
        with serving(tmp_path, **variables) as service:
            sent = service.post(body={**TICKET, "wait_seconds": 1})
            assert sent.status_code == 202
            requests.get(
                f"{sent.json()['status_url']}?wait_seconds=10", headers=service.headers, timeout=30
            )
    told = [json.loads(line) for line in service.output_text().splitlines() if line.startswith("{")]
    (run,) = [line for line in told if line["event"] == "run"]
    (request,) = [line for line in told if line["event"] == "request" and line["status"] == 202]
    assert run["run_id"] == request["run_id"] == sent.json()["id"]
    assert run["request_id"] == request["request_id"]
    assert run["duration_ms"] >= 2000
    assert 900 <= request["ms"] <= 1500


def test_a_run_that_no_model_was_asked_for(
    make: Callable[..., WebApp], log_lines: Callable[[], list[Json]]
) -> None:
    """An answer from before is a run of its own, and its line says so; a sample and a dry run are
    requests without a line of a run."""
    made = make()
    for _ in range(2):
        made.post(json={**TICKET, "cache": "1h"})
    made.post(query="?sample=true", json=TICKET)
    made.post(json={**TICKET, "dry_run": True})
    told = [(line["event"], line.get("cached")) for line in log_lines()]
    assert told == [
        ("run", None),
        ("request", None),
        ("run", True),
        ("request", None),
        ("request", None),
        ("request", None),
    ]


def test_a_run_that_is_cancelled_before_it_begins(
    make: Callable[..., WebApp], log_lines: Callable[[], list[Json]]
) -> None:
    """A queued run that is cancelled has ended, so it has its line; its request was answered at
    once."""
    made = make()
    runner = made.service.runner
    runner.queue.jobs = _NoJobs()  # type: ignore[assignment]
    sent = made.post(json={**TICKET, "wait_seconds": 0})
    assert sent.status_code == 202
    made.client.post(f"/v1/runs/{sent.json['id']}/cancel", headers=made.headers)
    request, run, _ = log_lines()
    assert (request["run_id"], request["status"]) == (sent.json["id"], 202)
    assert request["ms"] > 0
    assert (run["run_id"], run["status"]) == (sent.json["id"], "cancelled")


class _NoJobs:
    """Takes work and never does it."""

    def start(self, name: str, id: str, *args: Any) -> None:
        pass

    def enqueue(self, queue: str, name: str, id: str, *args: Any, key: str | None = None) -> None:
        pass


# --- figures --------------------------------------------------------------------------------------


def figures(written: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The figures of an exposition, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(written)
        for sample in family.samples
    }


def test_figures_of_runs(make: Callable[..., WebApp]) -> None:
    """Requests, runs, tokens, money and failures are counted, with labels from small known sets
    alone."""
    with FakeUpstream(Script([fault("auth")]), usage=(412, 100, 96, 64)) as upstream:
        made = make(
            engine="openai",
            openai_api_key="sk-x",
            openai_base_url=upstream.base_url,
            metrics="open",
        )
        answers = [made.post(json=TICKET).json for _ in range(3)]
        made.post("zanzibar", json=TICKET)
    written = made.client.get("/metrics").text
    found = figures(written)
    route = ("route", "/v1/actions/<action_id>")
    assert found["formcall_requests_total", (route, ("status", "200"))] == 2
    assert found["formcall_requests_total", (route, ("status", "404"))] == 1
    assert found["formcall_run_seconds_count", (("action", "classify"), ("status", "done"))] == 2
    assert found["formcall_run_seconds_count", (("action", "classify"), ("status", "failed"))] == 1
    assert found["formcall_provider_errors_total", (("code", "provider_auth"),)] == 1
    model = ("model", "o4-mini")
    assert {
        kind: found["formcall_tokens_total", (("kind", kind), model)]
        for kind in ("input", "cached", "output", "reasoning")
    } == {
        "input": 824,
        "cached": 200,
        "output": 192,
        "reasoning": 128,
    }
    assert found["formcall_cost_usd_total", (model,)] == pytest.approx(
        sum(answer["cost_usd"] for answer in answers)
    )
    assert found["formcall_request_seconds_count", ()] == 4
    assert found["formcall_own_seconds_count", ()] == 3
    assert found["formcall_own_seconds_sum", ()] < found["formcall_request_seconds_sum", ()]
    assert found["formcall_journal_group_size_count", ()] >= 6
    assert (found["formcall_database_up", ()], found["formcall_runs_under_way", ()]) == (1, 0)
    assert found["formcall_runs_open", (("status", "running"),)] == 0
    assert found["formcall_deliveries_waiting", ()] == 0
    assert ("process_cpu_seconds_total", ()) in found
    for hidden in ("zanzibar", "key_", "run_0", made.key, "sk-x"):
        assert hidden not in written


def test_an_unknown_model_is_another() -> None:
    """However many names a provider gives its models, and whatever an action is called, the labels
    stay few."""
    known = {"o4-mini": "o4-mini", "o4-mini-2025-04-16": "o4-mini"}
    metrics = Metrics(["classify"], lambda name: known.get(name, ""), runs_in_progress=lambda: 3)
    for number in range(3000):
        metrics.record_run("classify", "done", f"strange-{number}", 0.1, 0.1)
    metrics.record_run("made-up", "done", "o4-mini-2025-04-16", 0.1, 0.1)
    found = figures(metrics.render().decode())
    assert found["formcall_upstream_seconds_count", (("model", "other"),)] == 3000
    assert found["formcall_upstream_seconds_count", (("model", "o4-mini"),)] == 1
    assert found["formcall_run_seconds_count", (("action", "other"), ("status", "done"))] == 1
    assert found["formcall_runs_under_way", ()] == 3
    assert len(metrics._models) <= 1000


def test_who_may_read_the_figures(make: Callable[..., WebApp]) -> None:
    """Figures are for keys with the scope admin, unless the operator has opened them."""
    made = make()
    _, admin = made.keys.create("admin", ("admin",))
    assert made.client.get("/metrics").status_code == 401
    assert made.client.get("/metrics", headers=made.headers).status_code == 403
    told = made.client.get("/metrics", headers={"Authorization": f"Bearer {admin}"})
    assert (told.status_code, told.mimetype) == (200, "text/plain")
    assert make(metrics="open").client.get("/metrics").status_code == 200
    with pytest.raises(SettingsError, match="FORMCALL_METRICS must be one of key, open"):
        Settings(metrics="all")


def test_figures_without_a_database(
    make: Callable[..., WebApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database is away the figures can still be read, and say so."""
    made = make(metrics="open")

    def away() -> None:
        raise OSError

    monkeypatch.setattr(made.service.records, "count_open", away)
    found = figures(made.client.get("/metrics").text)
    assert found["formcall_database_up", ()] == 0
    assert ("formcall_runs_open", (("status", "running"),)) not in found


def test_figures_of_a_worker(tmp_path: Path) -> None:
    """A process without a web side answers on a port of its own, on 127.0.0.1 alone; one that is
    taken is told."""
    service = build_service(Settings(engine="scripted", data_dir=tmp_path))
    port = free_port()
    end = serve_metrics(service.runner.metrics, port)
    assert (
        "formcall_runs_under_way 0.0"
        in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    )
    with pytest.raises(FormcallError, match=f"Cannot listen on 127.0.0.1:{port}"):
        serve_metrics(service.runner.metrics, port)
    end()
    service.close()


# --- one service in a folder ----------------------------------------------------------------------


def test_a_second_service_on_a_folder_is_refused(tmp_path: Path) -> None:
    """It says so in a sentence with the folder and the setting, and ends with 1; other commands
    work beside a running service."""
    with serving(tmp_path) as service:
        data = str(tmp_path / "data")
        port = free_port()
        refused = command("serve", "--port", str(port), FORMCALL_DATA_DIR=data)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert (
            f"Another Formcall is running on the data folder {data}. Stop it, or give"
            in refused.stderr
        )
        assert "FORMCALL_DATA_DIR" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        for words in (
            ["key", "list"],
            ["usage"],
            ["doctor"],
            ["purge", "--dry-run"],
            ["backup", str(tmp_path / "backup")],
        ):
            done = command(*words, FORMCALL_DATA_DIR=data)
            assert done.returncode == 0, done.stderr
        assert service.post().ok


def test_a_successor_waits_for_its_predecessor(tmp_path: Path) -> None:
    """A service that starts while another one is ending waits for it and then serves."""
    with serving(tmp_path) as first:
        first.process.send_signal(signal.SIGTERM)
        with serving(tmp_path, first.port) as second:
            first.process.wait(timeout=60)  # until then it may be the first that answers
            second.wait()
            second.key = first.key
            assert second.post().ok


def test_a_folder_is_held_until_its_last_process_has_ended(tmp_path: Path) -> None:
    """The folder stays held while a worker lives whose master was killed, and is free after
    that."""
    with serving(tmp_path) as first:
        first.process.kill()
        first.process.wait()
        with serving(tmp_path) as second:
            second.key = first.key
            assert second.post().ok


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    """What a service keeps is nobody else's to read."""
    open_keys(Settings(data_dir=tmp_path / "data")).close()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_holding_a_folder(tmp_path: Path) -> None:
    """It is free again as soon as its file is closed; a database that is no file is not held, nor
    is a folder that cannot be."""
    settings = Settings(data_dir=tmp_path / "data")
    held = lock_data_dir(settings)
    assert held is not None
    with pytest.raises(SettingsError, match="Another Formcall is running on the data folder"):
        lock_data_dir(settings, wait_seconds=0.2)
    fcntl.flock(held, fcntl.LOCK_UN)
    os.close(held)
    again = lock_data_dir(settings, wait_seconds=0.2)
    assert again is not None
    os.close(again)
    for address in (
        "postgresql+psycopg://a@b/c",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////nowhere/x.db",
    ):
        assert lock_data_dir(Settings(data_dir=tmp_path / "data", database_url=address)) is None
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="FORMCALL_DATA_DIR cannot be used"):
        lock_data_dir(Settings(data_dir=tmp_path / "file" / "data"))


# --- limits of keys -------------------------------------------------------------------------------


def test_limits_of_a_key(tmp_path: Path) -> None:
    """Limits are given when a key is made, changed and taken away later, and told in the list."""
    data = {"FORMCALL_DATA_DIR": str(tmp_path)}
    run = CliRunner().invoke
    assert (
        run(
            main,
            ["key", "create", "shop", "--rate", "60", "--budget-usd-day", "5", "--at-once", "3"],
            env=data,
        ).exit_code
        == 0
    )
    listed = run(main, ["key", "list"], env=data).stdout
    assert "60 calls a minute, 3 at once, $5.00 a day" in listed
    changed = run(
        main,
        [
            "key",
            "change",
            "shop",
            "--rate",
            "none",
            "--budget-usd-month",
            "0.5",
            "--budget-usd-run",
            "$0.01",
        ],
        env=data,
    )
    assert (
        changed.stdout
        == 'Limits of the key "shop": 3 at once, $0.01 a run, $5.00 a day, $0.50 a month.\n'
    )
    words = ["key", "change", "shop", "--at-once", "none"]
    for limit in ("run", "day", "month"):
        words += [f"--budget-usd-{limit}", "none"]
    assert run(main, words, env=data).stdout == 'Limits of the key "shop": none.\n'
    assert run(main, ["key", "change", "shop"], env=data).exit_code == 1
    assert (
        "no valid key called"
        in run(main, ["key", "change", "nobody", "--rate", "1"], env=data).stderr
    )


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--rate", "0", "not a whole number from 1"),
        ("--rate", "1.5", "not a whole number from 1"),
        ("--at-once", "many", "not a whole number from 1"),
        ("--budget-usd-day", "-1", "not an amount of dollars"),
        ("--budget-usd-day", "nan", "not an amount of dollars"),
        ("--budget-usd-run", "1e9", "not an amount of dollars"),
        ("--budget-usd-month", "five", "not an amount of dollars"),
    ],
)
def test_limits_that_are_none(tmp_path: Path, option: str, value: str, words: str) -> None:
    """A limit that is not right is refused with what it may be, and no key is made."""
    told = CliRunner().invoke(
        main, ["key", "create", "shop", option, value], env={"FORMCALL_DATA_DIR": str(tmp_path)}
    )
    assert told.exit_code == 2
    assert words in told.stderr


# --- backups --------------------------------------------------------------------------------------


def test_backup_under_load_and_restore(tmp_path: Path) -> None:
    """A backup that is made while runs go on is whole: in another folder the service starts from
    it, with its keys, runs and books."""
    with FakeUpstream(delay=0.02, usage=(100, 0, 20, 0)) as upstream:
        variables = {
            "FORMCALL_ENGINE": "openai",
            "OPENAI_API_KEY": "sk-x",
            "OPENAI_BASE_URL": upstream.base_url,
        }
        with serving(tmp_path / "one", **variables) as service:
            while service.post(body={**TICKET, "wait_seconds": 0}).status_code != 202:
                time.sleep(0.1)  # the jobs come up a moment after the first answer
            done: list[str] = []
            ended = threading.Event()

            def load() -> None:
                while not ended.is_set():
                    done.append(service.post().json()["id"])
                    service.post(body={**TICKET, "wait_seconds": 0})

            threads = [threading.Thread(target=load) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(1.0)
            before = list(done)
            told = command(
                "backup",
                str(tmp_path / "copy" / "data"),
                FORMCALL_DATA_DIR=str(tmp_path / "one" / "data"),
            )
            ended.set()
            for thread in threads:
                thread.join()
            assert told.returncode == 0, told.stderr
        copied = tmp_path / "copy" / "data"
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in copied.iterdir()} == {
            "formcall.db": 0o600,
            "jobs.db": 0o600,
            "secret": 0o600,
        }
        with serving(tmp_path / "copy", **variables) as restored:
            restored.key = service.key
            for run_id in before:
                found = requests.get(
                    f"{restored.address}/v1/runs/{run_id}", headers=restored.headers, timeout=10
                ).json()
                assert (found["ok"], found["status"]) == (True, "done")
            assert restored.post().ok
            _wait_until_nothing_is_open(restored.address, restored.headers)
    _check_books(copied / "formcall.db")


def _wait_until_nothing_is_open(address: str, headers: dict[str, str]) -> None:
    until = time.monotonic() + 30
    for status in ("queued", "running"):
        while requests.get(
            f"{address}/v1/runs", params={"status": status}, headers=headers, timeout=10
        ).json():
            assert time.monotonic() < until
            time.sleep(0.2)


def _check_books(path: Path) -> None:
    """What was spent is the sum of the ledger, and nothing is reserved any more but for runs that
    were cut off."""
    with closing(sqlite3.connect(path)) as file:
        (booked,) = file.execute("SELECT sum(nusd) FROM ledger").fetchone()
        spent, reserved = file.execute(
            "SELECT sum(spent_nusd), sum(reserved_nusd) FROM spending WHERE length(period) = 10"
        ).fetchone()
        (held,) = file.execute("SELECT coalesce(sum(reserved_nusd), 0) FROM runs").fetchone()
    assert (spent, reserved) == (booked, held)


def test_backup_as_one_file(tmp_path: Path) -> None:
    """A name that ends like an archive gives one, which only its owner may read; what is there
    already is left alone."""
    settings = Settings(data_dir=tmp_path / "data")
    keys = open_keys(settings)
    _, plain = keys.create("one")
    keys.close()
    target = tmp_path / "backups" / "today.tar.gz"
    assert back_up(settings, target) == ["formcall.db", "secret"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as archive:
        archive.extractall(tmp_path / "restored", filter="data")
    restored = open_keys(Settings(data_dir=tmp_path / "restored"))
    assert restored.find(plain) is not None
    restored.close()
    with pytest.raises(FormcallError, match="exists already"):
        back_up(settings, target)
    assert [path.name for path in target.parent.iterdir()] == ["today.tar.gz"]


def test_backups_that_cannot_be_made(tmp_path: Path) -> None:
    """A folder without a database, one that cannot be written to and a file that is damaged are
    each told in a sentence."""
    with pytest.raises(FormcallError, match="There is no database in"):
        back_up(Settings(data_dir=tmp_path / "none"), tmp_path / "a")
    settings = Settings(data_dir=tmp_path / "data")
    open_keys(settings).close()
    (tmp_path / "file").write_text("")
    with pytest.raises(FormcallError, match="cannot be written to"):
        back_up(settings, tmp_path / "file" / "b")
    pages = bytearray((tmp_path / "data" / "formcall.db").read_bytes())
    pages[4096:8192] = b"\xff" * 4096
    (tmp_path / "data" / "formcall.db").write_bytes(pages)
    with pytest.raises(FormcallError, match=r"damaged|cannot be copied"):
        back_up(settings, tmp_path / "c")
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "c").exists()
    assert not list(tmp_path.glob(".formcall-backup-*"))


def test_backup_of_postgresql(tmp_path: Path) -> None:
    """For PostgreSQL its own command is told, without the password, and the status is 2."""
    told = command(
        "backup",
        str(tmp_path / "x"),
        FORMCALL_DATABASE_URL="postgresql+psycopg://me:hunter2@db.example:5433/forms",
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert (
        f"pg_dump --format=custom --file={tmp_path / 'x'} 'postgresql://db.example:5433/forms'"
        in told.stderr
    )
    assert "hunter2" not in told.stderr


# --- an older version's database ------------------------------------------------------------------

OLD_TABLES = """
CREATE TABLE api_keys (
    id VARCHAR(40) NOT NULL, name VARCHAR(100) NOT NULL, digest VARCHAR(64) NOT NULL, hint \
VARCHAR(12) NOT NULL, scopes JSON NOT NULL,
    created_at {moment} NOT NULL, revoked_at {moment}, PRIMARY KEY (id), UNIQUE (name), UNIQUE \
(digest)
);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc \
PRIMARY KEY (version_num));
INSERT INTO alembic_version (version_num) VALUES ('0001');
"""
OLD_KEY = (
    "INSERT INTO api_keys VALUES ('key_old', 'old', '{digest}', '{hint}', '[\"actions\", "
    "\"tools\"]', '2026-10-01 12:00:00', NULL)"
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_the_first_version_works(kind: str, tmp_path: Path) -> None:
    """A database of version 0001 is brought up to date by the start, and its keys open what they
    did."""
    with database_url(kind) as address:
        settings = Settings(data_dir=tmp_path / "data", database_url=address)
        plain = "fc_old-key-of-the-first-version-000000000000000"
        digest = hmac.new(load_secret(settings), plain.encode(), hashlib.sha256).hexdigest()
        engine = create_engine(settings.database)
        moment = "DATETIME" if kind == "sqlite" else "TIMESTAMP WITH TIME ZONE"
        with engine.begin() as connection:
            for statement in filter(str.strip, OLD_TABLES.format(moment=moment).split(";")):
                connection.execute(text(statement))
            connection.exec_driver_sql(OLD_KEY.format(digest=digest, hint=plain[:8]))
        with serving(tmp_path, FORMCALL_DATABASE_URL=address) as service:
            assert "API key" not in service.output_text()  # there is one
            service.key = plain
            answer = service.post()
            assert answer.ok, answer.text
            assert (
                requests.get(
                    f"{service.address}/v1/usage", headers=service.headers, timeout=10
                ).json()["totals"]["runs"]
                == 1
            )
            with engine.connect() as connection:
                assert connection.execute(select(ledger.c.key_id)).scalars().all() == ["key_old"]
        engine.dispose()


# --- pages and files ------------------------------------------------------------------------------


def test_the_page_names_settings_that_are() -> None:
    """Every setting that docs/operating.md and the files of deploy/ name is one."""
    deployed = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "deploy").iterdir())
    assert set(re.findall(r"\b(?:FORMCALL|OPENAI)_[A-Z_]+\b", PAGE + deployed)) <= VARIABLES
    for name, default in re.findall(r"^\| `(FORMCALL_\w+)` \| (?:`(\w+)`|\d+) \|", PAGE, re.M):
        entry = next(entry for entry in fields(Settings) if entry.metadata["variable"] == name)
        assert default in {"", str(entry.default)}, name


def test_the_page_names_commands_that_are() -> None:
    """Every formcall command that the page shows, and each of its options, is one of the command
    line."""
    shown = re.findall(r"`(formcall [^`]+)`", PAGE) + re.findall(
        r"^(?:\w+=\S+ )?(formcall [^#\n]+)", PAGE, re.M
    )
    assert len(shown) > 10
    for line in shown:
        _check_command(shlex.split(line)[1:])


def _check_command(words: list[str]) -> None:
    found: Any = main
    for word in words:
        if word.startswith("--"):
            options = {name for parameter in found.params for name in parameter.opts}
            assert word.partition("=")[0] in options, words
        elif hasattr(found, "commands") and not word.startswith("-"):
            assert word in found.commands, words
            found = found.commands[word]


def test_the_page_names_figures_that_are(make: Callable[..., WebApp]) -> None:
    """Every figure of the page, of its rules and of the dashboard is one that the service gives."""
    with FakeUpstream(Script([fault("auth")])) as upstream:
        made = make(
            engine="openai",
            openai_api_key="sk-x",
            openai_base_url=upstream.base_url,
            metrics="open",
        )
        for _ in range(2):
            made.post(json=TICKET)
    given = {name for name, _ in figures(made.client.get("/metrics").text)}
    # there are none before jobs are launched, and with one provider alone
    unset = {"formcall_jobs", "formcall_provider_passed_over"}
    dashboard = (ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8")
    queries = [
        target["expr"] for panel in json.loads(dashboard)["panels"] for target in panel["targets"]
    ]
    named = set(re.findall(r"\bformcall_[a-z_]+\b", "\n".join([PAGE, *queries])))
    for name in named - unset:
        assert any(one == name or one.startswith(f"{name}_") for one in given), name
    rules = yaml.safe_load(re.search(r"```yaml\n(groups:.*?)```", PAGE, re.S)[1])  # type: ignore[index]
    assert all({"alert", "expr"} <= set(rule) for rule in rules["groups"][0]["rules"])


def test_the_shown_line_of_the_log_is_one() -> None:
    """The line of the log that the page shows is JSON with the names that are written."""
    shown = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.S)[1])  # type: ignore[index]
    source = (ROOT / "connector" / "runs" / "telemetry.py").read_text(encoding="utf-8")
    assert set(shown) - {"time", "level", "event"} <= set(
        re.findall(r"^        (\w+)=", source, re.M)
    )


def test_the_compose_file() -> None:
    """deploy/compose.yaml is two web processes and two workers with all they need, started by
    commands that are."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    roles = {
        name: service["command"]
        for name, service in services.items()
        if service["image"] == "formcall"
    }
    assert sorted(words[1] for words in roles.values()) == ["serve", "serve", "worker", "worker"]
    for name, words in roles.items():
        assert words[0] == "formcall"
        _check_command(words[1:])
        with main.commands[words[1]].make_context(words[1], list(words[2:])) as context:
            assert context.params["role" if words[1] == "serve" else "metrics_port"] in {
                "web",
                9090,
            }
        ours = set(services[name]["environment"])
        assert ours <= VARIABLES
        assert ours >= {
            "FORMCALL_DATABASE_URL",
            "FORMCALL_LIMITS_URL",
            "FORMCALL_SECRET",
            "OPENAI_API_KEY",
        }
        assert services[name]["env_file"] == [{"path": ".env", "required": False}]
        mounts = {mount.split(":")[1] for mount in services[name]["volumes"]}
        own = services[name]["environment"]
        assert mounts == {own["FORMCALL_TEMPLATES"], own["FORMCALL_TOOLS"]}
        assert set(services[name]["depends_on"]) == {"postgres", "redis"}
        grace = int(services[name]["stop_grace_period"].removesuffix("s"))
        assert grace >= int(services[name]["environment"]["FORMCALL_DEADLINE_SECONDS"]) + 10
    for entry in services["postgres"], services["redis"]:
        assert "healthcheck" in entry
    docker = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    words = json.loads(re.search(r"^CMD (\[.*\])$", docker, re.M)[1])  # type: ignore[index]
    _check_command(words[1:])


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="a process is looked into through /proc"
)
@pytest.mark.parametrize("own", ["", "glibc.malloc.tcache_count=3"])
def test_a_service_has_one_heap(tmp_path: Path, own: str) -> None:
    """A service starts itself anew with an allocator for many threads, under the same process id;
    what the operator set stays."""
    with serving(tmp_path, **({"GLIBC_TUNABLES": own} if own else {})) as service:
        environment = Path(f"/proc/{service.process.pid}/environ").read_bytes().split(b"\0")
        found = [entry.decode() for entry in environment if entry.startswith(b"GLIBC_TUNABLES=")]
        assert found[0].startswith(
            f"GLIBC_TUNABLES={own or 'glibc.malloc.arena_max=1'}"
        )  # the C library cuts it up as it reads it
        assert requests.get(f"{service.address}/healthz", timeout=60).status_code == 200
