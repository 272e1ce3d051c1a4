"""The command ``formcall batch``: rows run here or by a service, results beside the file, and
resuming after an interruption."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.batches.rows import read_rows
from tests.support.batch_client import MARKER, PATIENCE, engine, serving_over
from tests.support.running_service import FORMCALL, clean_environment, free_port, serving
from tests.support.upstream import (
    FakeUpstream,
    Log,
    Reply,
    Request,
    Script,
    Step,
    dearest,
    fault,
    forced_call,
    read_log,
)

ANSWER = {"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": None}
SURE = forced_call(ANSWER)
CATEGORIES = "billing: invoices and charges\ntechnical: errors and crashes"
GIVEN = ("--action", "classify", "--categories", "@categories.txt")


class Desk:
    """A folder with a file of rows, in which the command is called."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.environment = clean_environment(FORMCALL_DATA_DIR=str(folder / "data"), **variables)
        (folder / "categories.txt").write_text(CATEGORIES, encoding="utf-8")

    def rows(self, count: int, name: str = "rows.csv", *, wrong: int = 0) -> str:
        lines = [f'{number};"row-{number}; I was charged twice"' for number in range(1, count + 1)]
        lines += [f"{number};" for number in range(wrong)]
        (self.folder / name).write_text("\n".join(["id;text", *lines]), encoding="utf-8-sig")
        return name

    def begin(self, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [str(FORMCALL), "batch", *words], env=self.environment, cwd=self.folder, **pipes, **more
        )

    def call(self, *words: str, given: bytes | None = None) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        process = self.begin(*words, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE)
        out, errors = process.communicate(given, timeout=2 * PATIENCE)
        return process.returncode, out.decode(), errors.decode()

    def results(self, name: str = "rows.results.csv") -> list[dict[str, str]]:
        return list(
            csv.DictReader(io.StringIO((self.folder / name).read_bytes().decode(), newline=""))
        )


def wait_for(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def held_after(count: int, released: threading.Event) -> Step:
    """Answers so many requests at once, and the others when ``released`` is set."""

    def step(request: Request) -> Reply:
        if request.number >= count:
            released.wait(PATIENCE)
        return SURE(request)

    return step


def batch_id(errors: str) -> str:
    found = re.search(r"batch_\w+", errors)
    assert found, errors
    return found[0]


def test_a_file_is_answered_beside_it(tmp_path: Path) -> None:
    """Without any service each row is answered; the results stand beside the file, and the exit
    status tells of failed rows."""
    with FakeUpstream(Script([SURE], repeat=True)) as upstream:
        desk = Desk(tmp_path, **engine(upstream.base_url))
        status, out, errors = desk.call(desk.rows(5), *GIVEN)
        assert (status, out) == (0, ""), errors
        assert (
            "5 rows: 5 done. $" in errors
            and "Results: rows.results.csv" in errors
            and "do not match a field of the action" in errors
        )
        assert [(row["id"], row["text"], row["category"]) for row in desk.results()] == [
            (str(number), f"row-{number}; I was charged twice", "billing") for number in range(1, 6)
        ]
        status, out, errors = desk.call(
            desk.rows(2, wrong=1), *GIVEN, "--effort", "high", "--out", "other.jsonl"
        )
        assert (status, "3 rows: 2 done, 1 failed." in errors) == (1, True)
        found = [
            json.loads(line)
            for line in (tmp_path / "other.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        assert [row["status"] for row in found] == ["done", "done", "failed"]
        assert not list(tmp_path.glob("*.part"))
        # what the operator's own commands run under is nobody's key: the first start still makes
        # one and shows it
    with serving(tmp_path) as service:
        assert service.key


def test_rows_may_come_from_standard_input(tmp_path: Path) -> None:
    """With - the rows are read from standard input, as CSV or as JSON, and the results go to
    standard output alone."""
    with FakeUpstream(Script([SURE], repeat=True)) as upstream:
        desk = Desk(tmp_path, **engine(upstream.base_url))
        for given in (b"message\nHello, you\n", json.dumps([{"message": "Hello, you"}]).encode()):
            status, out, errors = desk.call("-", *GIVEN, "--map", "text=message", given=given)
            assert status == 0, errors
            (row,) = csv.DictReader(io.StringIO(out, newline=""))
            assert (row["message"], row["category"]) == ("Hello, you", "billing")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rows.csv",), "Give a FILE and its --action"),
        (("--action", "classify"), "Give a FILE and its --action"),
        (
            ("rows.csv", "--resume", "batch_1", "--action", "classify"),
            "Give a FILE and its --action",
        ),
        (("rows.csv", "more.csv", *GIVEN), "There are two files, rows.csv and more.csv"),
        (("none.csv", *GIVEN), "The file none.csv cannot be read"),
        (("rows.csv", *GIVEN, "--out", "rows.csv"), "Choose another --out"),
        (("rows.csv", *GIVEN, "--language"), "--language has no value"),
        (("rows.csv", *GIVEN, "--map", "text"), "Give each --map as FIELD=COLUMN"),
        (("rows.csv", *GIVEN, "--map", "txt=text"), 'Did you mean "text"?'),
        (("rows.csv", *GIVEN, "--languge=de"), 'Did you mean "language"?'),
        (("rows.csv", "--action", "clasify"), 'Did you mean "classify"?'),
        (("--resume", "batch_1"), "There is no batch batch_1 here"),
        (("rows.csv", *GIVEN, "--url", "ftp://x", "--key-env", "HOME"), "--url must be an address"),
        (
            ("rows.csv", *GIVEN, "--url", "http://127.0.0.1:1"),
            "The variable FORMCALL_KEY has no API key",
        ),
    ],
)
def test_what_is_not_right_is_said_in_words(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """A mistake on the command line is one sentence and exit status 1."""
    desk = Desk(tmp_path, FORMCALL_ENGINE="scripted")
    desk.rows(1)
    status, out, errors = desk.call(*words)
    assert (status, out) == (1, "")
    assert said in errors and "Traceback" not in errors


def test_a_spreadsheet_in_and_out(tmp_path: Path) -> None:
    """A sheet is chosen by its name, an encoding is declared, and results may be a spreadsheet."""
    spreadsheets = Path(__file__).parents[1] / "spec" / "spreadsheets"
    desk = Desk(tmp_path, FORMCALL_ENGINE="local")
    book, table = spreadsheets / "libreoffice.ods", spreadsheets / "libreoffice-ansi.csv"
    words = (str(book), *GIVEN, "--sheet", "Zweites Blatt", "--out", "out.xlsx")
    ended = desk.begin(*words)
    _, told = ended.communicate(timeout=PATIENCE)
    assert ended.returncode == 0, told
    rows = read_rows((tmp_path / "out.xlsx").read_bytes()).records
    assert [(row["text"], row["status"]) for row in rows] == [("from the second sheet", "done")]
    ended = desk.begin(str(table), *GIVEN, "--charset", "windows-1252", "--out", "-")
    output, told = ended.communicate(timeout=PATIENCE)
    assert ended.returncode == 0, told
    assert [row["phone"] for row in csv.DictReader(io.StringIO(output.decode()))] == [
        "+49 170 1234567",
        "0049 170",
    ]


def test_ctrl_c_keeps_what_was_done(tmp_path: Path) -> None:
    """Ctrl-C ends the rows under way and says how to go on; going on asks for each of the others
    once."""
    interrupted = threading.Event()
    with FakeUpstream(
        Script([held_after(20, interrupted)], repeat=True),
        delay=0.05,
        log=Log(tmp_path / "asked.jsonl", MARKER),
    ) as upstream:
        desk = Desk(tmp_path, FORMCALL_ROWS_AT_ONCE="4", **engine(upstream.base_url))
        process = desk.begin(desk.rows(80), *GIVEN)
        wait_for(lambda: len(upstream.requests) > 20)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)  # the signal is handled while the rows wait for their answers
        interrupted.set()
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130, errors
        own = batch_id(errors.decode())
        assert (
            f"Resume with: formcall batch --resume {own} --out rows.results.csv" in errors.decode()
        )
        assert len(upstream.requests) < 80
        status, _, said = desk.call("--resume", own, "--out", "rows.results.csv")
        assert status == 0, said
    assert Counter(row["status"] for row in desk.results()) == {"done": 80}
    assert set(
        Counter(
            line["marker"]
            for line in read_log(tmp_path / "asked.jsonl")
            if line["event"] == "asked"
        ).values()
    ) == {1}


def test_a_budget_that_ran_out_is_exit_status_two(tmp_path: Path) -> None:
    """A batch that is paused leaves its partial results and says how to go on; with a higher budget
    it comes to its end."""
    with FakeUpstream(Script([SURE], repeat=True), usage=dearest(100)) as upstream:
        desk = Desk(tmp_path, FORMCALL_RETIRED="error", **engine(upstream.base_url))
        status, _, errors = desk.call(desk.rows(20), *GIVEN, "--budget-usd", "0.1")
        assert status == 2 and "The budget of this batch ($0.10)" in errors
        partial = Counter(row["status"] for row in desk.results())
        assert partial["done"] > 0 and partial["queued"] > 0 and partial.total() == 20
        own = batch_id(errors)
        assert desk.call("--resume", own, "--out", "all.csv")[0] == 2
        status, _, errors = desk.call("--resume", own, "--out", "all.csv", "--budget-usd", "9")
        assert status == 0, errors
        assert Counter(row["status"] for row in desk.results("all.csv")) == {"done": 20}
        assert desk.call("--resume", own, "--out", "again.csv")[0] == 0
        assert len(upstream.requests) == 20


def test_a_service_on_the_folder_is_to_do_it(tmp_path: Path) -> None:
    """Two processes on one folder would do work twice: the command refuses, and names the way that
    works, which then does."""
    with serving_over(tmp_path, Script([SURE], repeat=True)) as (upstream, client):
        desk = Desk(
            tmp_path,
            **engine(upstream.base_url),
            MY_KEY=client.headers["X-API-Key"],
            FORMCALL_KEY="fc_wrong",
        )
        status, _, errors = desk.call(desk.rows(12, wrong=1), *GIVEN)
        assert (
            status == 1
            and "A service is running on the data folder" in errors
            and "--url" in errors
        )
        there = ("--url", f"{client.address}/", "--key-env", "MY_KEY")
        status, _, errors = desk.call(
            "rows.csv", *GIVEN, *there, "--tag", "by hand", "--budget-usd", "2"
        )
        assert status == 1, errors
        assert "13 rows: 12 done, 1 failed." in errors
        assert Counter(row["category"] for row in desk.results()) == {"billing": 12, "": 1}
        state = client.state(batch_id(errors))
        assert (state["tag"], state["budget_usd"]) == ("by hand", 2.0)
        status, out, _ = desk.call("--resume", state["id"], *there, "--out", "-")
        assert status == 1 and out == (tmp_path / "rows.results.csv").read_bytes().decode()
        status, _, errors = desk.call("rows.csv", *GIVEN, "--url", client.address)
        assert status == 1 and "unauthorized" in errors
        status, _, errors = desk.call("rows.csv", "--action", "clasify", *there)
        assert status == 1 and 'Did you mean "classify"?' in errors
        status, _, errors = desk.call(
            "rows.csv", *GIVEN, "--url", f"{upstream.base_url}", "--key-env", "MY_KEY"
        )
        assert status == 1 and "not from Formcall" in errors


def test_a_service_that_is_away_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """Who watches a batch of a service does not give up when the service is started again; Ctrl-C
    leaves the batch to the service."""
    port = free_port()
    interrupted = threading.Event()
    steps = Script([held_after(125, interrupted)], repeat=True)
    with FakeUpstream(steps, delay=0.05) as upstream:
        variables = {"FORMCALL_ROWS_AT_ONCE": "4", **engine(upstream.base_url)}
        desk = Desk(tmp_path)
        with serving(tmp_path, port, **variables) as service:
            desk.environment["FORMCALL_KEY"] = service.key
            process = desk.begin(desk.rows(120), *GIVEN, "--url", service.address)
            wait_for(lambda: len(upstream.requests) > 20)
        with serving(tmp_path, port, **variables):
            _, errors = process.communicate(timeout=2 * PATIENCE)
            assert process.returncode == 0, errors
            again = desk.begin(desk.rows(40), *GIVEN, "--url", service.address)
            wait_for(lambda: len(upstream.requests) > 125)
            again.send_signal(signal.SIGINT)
            _, errors = again.communicate(timeout=PATIENCE)
            interrupted.set()
            assert again.returncode == 130 and "The service continues the batch." in errors.decode()
            wait_for(lambda: len(upstream.requests) >= 160)
    assert Counter(row["status"] for row in desk.results()) == {"done": 120}


def test_failed_rows_are_told(tmp_path: Path) -> None:
    """A row that the provider refuses has its sentence in the results, and the exit status is 1."""

    def refuse_the_first_row(request: Request) -> Reply:
        is_first = "row-1;" in json.dumps(request.body)
        return (fault("content_filter") if is_first else SURE)(request)

    with FakeUpstream(Script([refuse_the_first_row], repeat=True)) as upstream:
        desk = Desk(tmp_path, FORMCALL_ROWS_AT_ONCE="1", **engine(upstream.base_url))
        assert desk.call(desk.rows(2), *GIVEN)[0] == 1
        assert [(row["status"], row["error_code"]) for row in desk.results()] == [
            ("failed", "refused"),
            ("done", ""),
        ]
