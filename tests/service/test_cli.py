"""The command line: output, streams and exit status; never a stack trace."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from connector.catalogue import load_catalogue, read_file
from connector.cli.main import main
from connector.json_types import Json
from connector.settings import Settings
from connector.store.keys import Keys, open_keys
from tests.support.document_factory import pdf, photo
from tests.support.guards import hang_guard
from tests.support.running_service import FORMCALL, clean_environment, free_port, serving
from tests.support.samples import ROOT, TICKET

CATALOGUE = load_catalogue()
Command = Callable[..., "Result | Done"]
SECRET = "sk-hunter2hunter2"
ACTION = """\
title: Say it back
summary: Says a text back.
group: odd
fields:
  text: {type: longtext, label: Text, required: true}
returns:
  said: {type: text}
instructions: Say it.
message: "{{ text }}"
examples:
  - {name: One, input: {text: hello}, output: {said: hello}}
"""


@dataclass(frozen=True)
class Done:
    """What a process of its own came to, in the words of click's ``Result``."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def _in_a_process(words: tuple[str, ...], settings: dict[str, str]) -> Done:
    """``formcall serve`` must never be run inside the tests' own process, which it would fork."""
    environment = clean_environment(FORMCALL_ENGINE="scripted", **settings)
    done = subprocess.run(
        [FORMCALL, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def formcall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command in a new folder on the scripted engine; more settings are given by name."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("FORMCALL_", "OPENAI_"))]:
        monkeypatch.delenv(name)

    def run(*words: str, input: bytes | str | None = None, **settings: str) -> Result | Done:
        if words[0] == "serve":
            return _in_a_process(words, settings)
        result = CliRunner().invoke(
            main,
            words,
            input=input,
            env={"FORMCALL_ENGINE": "scripted", "COLUMNS": "120", **settings},
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        assert "Traceback" not in result.output
        return result

    return run


def failed(result: Result | Done, words: str) -> None:
    """It ended with status 1 and a sentence with ``words``, on standard error alone."""
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert words in result.stderr, result.stderr


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    found = open_keys(Settings(data_dir=tmp_path / "data"))
    yield found
    found.close()


# --- run ------------------------------------------------------------------------------------------


GIVEN = ("--text", TICKET["text"], "--categories", TICKET["categories"])


def test_run_prints_a_table(formcall: Command) -> None:
    """The answer is shown as a person reads it: its values without their twins, then who answered
    and what it cost."""
    result = formcall("run", "classify", *GIVEN)
    assert result.exit_code == 0, result.output
    assert re.search(r"^category +billing", result.stdout, re.M)
    assert re.search(r"^runner_up +-", result.stdout, re.M)
    assert "categories_text" not in result.stdout
    assert re.search(r"scripted · scripted · \d+ ms · \$0\.00000 · run_\w+", result.stdout)
    assert result.stderr == ""


def test_run_prints_json(formcall: Command) -> None:
    """With --json the answer is the very object that the service sends."""
    result = formcall("run", "classify", *GIVEN, "--json")
    answer = json.loads(result.stdout)
    assert (answer["ok"], answer["category"], answer["action"]) == (True, "billing", "classify")
    assert list(answer)[:3] == ["ok", "status", "result"]


@pytest.mark.parametrize("action", CATALOGUE)
def test_every_example_can_be_shown(formcall: Command, action: str) -> None:
    """Each example of each action can be run and shown in both ways."""
    for example in CATALOGUE[action].examples:
        words = [
            word
            for name, value in example.input.items()
            for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        shown = formcall("run", action, *words)
        assert shown.exit_code == 0, shown.output
        assert json.loads(formcall("run", action, *words, "--json").stdout)["ok"] is True
        assert CATALOGUE[action].title in shown.stdout


def test_values_from_files_and_standard_input(formcall: Command, tmp_path: Path) -> None:
    """@FILE is a file's content, - is what comes in; bytes that are no text do no harm."""
    (tmp_path / "ticket.txt").write_bytes("Ärger mit der Rechnung \xff".encode("latin-1"))
    (tmp_path / "categories.txt").write_text("billing\naccount\n", encoding="utf-8")
    assert json.loads(
        formcall(
            "run", "classify", "--text", "@ticket.txt", "--categories", "@categories.txt", "--json"
        ).stdout
    )["matched"]
    assert (
        formcall(
            "run",
            "classify",
            "--text",
            "-",
            "--categories",
            "billing,account",
            input=b"\xff\xfe twice",
        ).exit_code
        == 0
    )
    failed(
        formcall("run", "classify", "--text", "@none.txt", "--categories", "a,b"),
        "The file none.txt cannot be read: No such file",
    )
    failed(
        formcall("run", "classify", "--text", "@", "--categories", "a,b"),
        "cannot be read: Is a directory",
    )


def test_documents_are_values_of_text_fields(formcall: Command, tmp_path: Path) -> None:
    """A PDF for a field of text is its text; a scan and a picture are refused with what to do."""
    (tmp_path / "order.pdf").write_bytes(
        pdf([["Order number: 4711", "Issued: 3 March 2026", "Total: EUR 12.50"]])
    )
    (tmp_path / "notes.txt").write_bytes("Order number: Ä-1\r\n".encode("utf-16"))
    (tmp_path / "dot.png").write_bytes(photo(form="PNG"))
    words = ("run", "extract", "--fields", "order_number text\ntotal money", "--json")
    settings = {"FORMCALL_ENGINE": "local"}
    answer = json.loads(formcall(*words, "--text", "@order.pdf", **settings).stdout)
    assert answer["data"] == {"order_number": "4711", "total": 12.5, "total_currency": "EUR"}
    answer = json.loads(formcall(*words, "--text", "@notes.txt", **settings).stdout)
    assert answer["data"]["order_number"] == "Ä-1"
    failed(formcall(*words, "--text", "@dot.png"), "extract_document --file")
    failed(formcall(*words, "--text", "-", input=b"\x00\x01\x02" * 20), "Standard input is a kind")


@pytest.mark.parametrize(
    "words",
    [
        ("--sources", "@a.txt", "--sources", "@b.txt"),
        ("--sources", "@a.txt", "@b.txt"),
        ("--sources=@a.txt", "@b.txt"),
        ("--sources", "@a.txt @b.txt"),
        ("--sources", "@a.txt\n@b.txt"),
    ],
    ids=["repeated", "following", "with =", "one word", "lines"],
)
def test_several_files(formcall: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    """All files that are given for a field are read, however they are given."""
    (tmp_path / "a.txt").write_text("Lunch is at noon.", encoding="utf-8")
    (tmp_path / "b.txt").write_text("Tea is served at four.", encoding="utf-8")
    question = ("--question", "When is tea served?", "--json")
    result = formcall("run", "answer", *words, *question, FORMCALL_ENGINE="local")
    answer = json.loads(result.stdout)
    assert (answer["page_count"], answer["citations"][0]["source"]) == (2, "b.txt")


def test_an_option_that_is_repeated(formcall: Command) -> None:
    """A list takes the entries of all; a field of one value refuses a second one."""
    categories = ("--categories", "billing", "--categories", "account\nother")
    answer = json.loads(formcall("run", "classify", *GIVEN[:2], *categories, "--json").stdout)
    assert answer["ok"] is True
    failed(formcall("run", "classify", *GIVEN, "--text", "x"), "--text is given 2 times")


def test_text_in_brackets_is_shown_as_it_is(formcall: Command, tmp_path: Path) -> None:
    """What looks like formatting in an answer is text."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "say_back.yaml").write_text(
        ACTION.replace("hello", '"[bold]a[/bold] [link"')
    )
    result = formcall(
        "run", "say_back", "--text", "[bold]a[/bold] [link", FORMCALL_TEMPLATES="mine"
    )
    assert "[bold]a[/bold] [link" in result.stdout


def test_run_with_fields_that_are_not_right(formcall: Command) -> None:
    """A wrong value is a sentence on standard error for each field, and the exit status is 1."""
    failed(
        formcall("run", "classify", "--text", "a", "--categories", "one"),
        'invalid_input: "Categories" needs at least 2 entries',
    )
    result = formcall("run", "classify", "--multiple", "perhaps")
    failed(result, '"Text" is empty')
    assert "multiple: " in result.stderr
    failed(
        formcall("run", "clasify"),
        'unknown_action: There is no action called "clasify". Did you mean "classify"?',
    )
    unknown = formcall("run", "classify", "--txet", "a")
    assert unknown.exit_code == 2
    assert "--txet" in unknown.stderr


def test_run_without_an_answer(formcall: Command) -> None:
    """A run that fails is a sentence with its code."""
    failed(formcall("run", "extract", "--text", "a", "--fields", "b"), "needs_model: ")
    failed(
        formcall(
            "run",
            "classify",
            *GIVEN,
            FORMCALL_ENGINE="openai",
            OPENAI_BASE_URL="http://127.0.0.1:9/v1",
            FORMCALL_DEADLINE_SECONDS="3",
        ),
        "provider_unavailable: ",
    )


@pytest.mark.parametrize("action", CATALOGUE)
def test_help_lists_the_fields(formcall: Command, action: str) -> None:
    """The help of an action names each field of its form with its help text."""
    told = " ".join(formcall("run", action, "--help").stdout.split())
    for name, entry in CATALOGUE[action].form.items():
        option = f"--{name.replace('_', '-')} "
        assert option in told
        assert " ".join((entry.help or entry.label).split())[:40] in told
        if entry.choices:
            assert f"{option}{'|'.join(str(one.value) for one in entry.choices)} " in told
    assert told.count("[required]") == sum(
        entry.required for entry in CATALOGUE[action].form.values()
    )


def test_help_lists_the_actions(formcall: Command) -> None:
    """The help of run names each action; that of formcall each command."""
    told = formcall("run", "--help").stdout
    assert all(action in told for action in CATALOGUE)
    told = formcall("--help").stdout
    assert all(name in told for name in ("serve", "run", "check", "build", "key", "eval", "doctor"))
    assert formcall("--version").stdout.startswith("formcall, version ")


def test_wrong_settings_are_a_sentence_everywhere(formcall: Command, tmp_path: Path) -> None:
    """Whatever is asked for, a wrong setting or action file is told in a sentence."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "say_back.yaml").write_text(ACTION + "colour: red\n")
    for words in (
        ("run", "--help"),
        ("run",),
        ("run", "classify"),
        ("check",),
        ("build",),
        ("serve",),
        ("key", "list"),
        ("doctor",),
    ):
        failed(
            formcall(*words, FORMCALL_RETIRED="maybe"),
            "settings_error: FORMCALL_RETIRED must be one of replace, error",
        )
    for words in (("run", "--help"), ("run", "classify"), ("build",), ("serve",)):
        failed(formcall(*words, FORMCALL_TEMPLATES="mine"), "say_back.yaml:12: ")
        failed(
            formcall(*words, FORMCALL_TEMPLATES="nowhere"),
            "nowhere: this folder of actions does not exist",
        )


# --- check and build ------------------------------------------------------------------------------


def test_new(formcall: Command, tmp_path: Path) -> None:
    """The file of a new action is valid and works as it is; what is no id, or is taken, is refused
    and nothing is written."""
    folder = tmp_path / "mine"
    made = formcall("new", "set_priority", "--dir", str(folder), "--title", 'Say "soon": when')
    assert made.exit_code == 0, made.stderr
    assert f"FORMCALL_TEMPLATES={folder}" in made.stdout
    text = (folder / "set_priority.yaml").read_text(encoding="utf-8")
    assert max(map(len, text.replace(str(folder), "").splitlines())) <= 100
    own = {"FORMCALL_TEMPLATES": str(folder), "FORMCALL_ENGINE": "scripted"}
    assert "0 invalid" in formcall("check", **own).stdout
    example = read_file(folder / "set_priority.yaml").examples[0]
    answer = json.loads(
        formcall(
            "run", "set_priority", "--message", example.input["message"], "--json", **own
        ).stdout
    )
    assert (answer["priority"], answer["deadline"]) == ("urgent", None)
    for wrong in ("set_priority", "classify", "Bad Id", "../evil", "x" * 60):
        failed(formcall("new", wrong, "--dir", str(folder), **own), "bad_request: ")
    assert [path.name for path in tmp_path.rglob("*.yaml")] == ["set_priority.yaml"]


def test_check(formcall: Command, tmp_path: Path) -> None:
    """Each fault is told with file and line, and counted; without one the status is 0."""
    right, wrong = tmp_path / "right.yaml", tmp_path / "wrong.yaml"
    right.write_text(ACTION)
    wrong.write_text(ACTION.replace("type: longtext", "type: longtxt"))
    assert formcall("check").stdout == f"{len(CATALOGUE)} actions, 0 invalid\n"
    assert formcall("check", str(right)).stdout == "1 action, 0 invalid\n"
    result = formcall("check", str(right), str(wrong))
    assert (result.exit_code, result.stdout) == (1, "2 actions, 1 invalid\n")
    assert re.match(rf"{re.escape(str(wrong))}:5: .*longtxt", result.stderr)
    assert formcall("check", "nowhere.yaml").exit_code == 2


CLASHES = [
    ("classify", "there is an action `classify` already"),
    ("healthz", "`healthz` is the name of another"),
]


@pytest.mark.parametrize(("name", "words"), CLASHES)
def test_check_looks_at_all_actions_together(
    formcall: Command, tmp_path: Path, name: str, words: str
) -> None:
    """An action that is right alone but clashes with another stops the check as it would stop the
    start."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / f"{name}.yaml").write_text(ACTION)
    for command in ("check", "serve"):
        failed(formcall(command, FORMCALL_TEMPLATES="mine"), words)


def test_build(formcall: Command, tmp_path: Path) -> None:
    """The files are written below a folder, and --check tells which of them are not up to date."""
    missing = formcall("build", "openapi", "out", "--check")
    assert (missing.exit_code, missing.stdout) == (1, "4 generated files, 4 not up to date\n")
    assert "openapi/openapi.json is missing" in missing.stderr
    assert formcall("build", "openapi", "out", "--base-url", "https://forms.example").exit_code == 0
    built = json.loads((tmp_path / "out" / "openapi" / "openapi.json").read_text())
    assert built["servers"] == [{"url": "https://forms.example"}]
    assert formcall("build", "openapi", "out", "--check").exit_code == 1
    assert formcall("build", "openapi", "out").stdout == f"4 files written to {tmp_path / 'out'}\n"
    assert (
        formcall("build", "openapi", "out", "--check").stdout
        == "4 generated files, 0 not up to date\n"
    )
    (tmp_path / "out" / "openapi" / "swagger.json").write_text("{}")
    assert (
        "openapi/swagger.json does not match"
        in formcall("build", "openapi", "out", "--check").stderr
    )
    failed(formcall("build", "exel"), 'There is no platform "exel"')
    (tmp_path / "file").write_text("")
    failed(
        formcall("build", "openapi", "/proc/formcall"),
        "The files cannot be written to /proc/formcall",
    )


def test_the_built_files_are_up_to_date() -> None:
    """The files of this checkout say what its actions say."""
    done = subprocess.run(
        [FORMCALL, "build", "--check"],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- keys -----------------------------------------------------------------------------------------


def test_keys(formcall: Command, keys: Keys) -> None:
    """A new key is printed alone, for a script to take; the list does not have it; once revoked it
    opens nothing."""
    made = formcall("key", "create", "retool production")
    assert made.stderr == ""
    plain = made.stdout.removesuffix("\n")
    assert re.fullmatch(r"fc_[\w-]{43}", plain)
    found = keys.find(plain)
    assert found is not None
    assert (found.name, found.scopes) == ("retool production", ("actions", "tools"))
    only = formcall(
        "key", "create", "admins", "--scope", "admin", "--scope", "actions"
    ).stdout.strip()
    assert keys.find(only).scopes == ("admin", "actions")  # type: ignore[union-attr]
    listed = formcall("key", "list").stdout
    assert plain not in listed
    assert re.search(
        r"^key_\w+  fc_.{5}…  retool production  \[actions, tools\]  "
        r"created \d{4}-\d\d-\d\d  valid  3000 calls a minute  never used$",
        listed,
        re.M,
    )
    assert (
        formcall("key", "revoke", "retool production").stdout
        == 'The key "retool production" is revoked.\n'
    )
    assert keys.find(plain) is None
    assert "revoked 2" in formcall("key", "list").stdout
    failed(
        formcall("key", "revoke", "retool production"), 'no valid key called "retool production"'
    )
    failed(formcall("key", "create", "admins"), 'a key called "admins" already')
    failed(formcall("key", "create", "x", "--scope", "root"), '"root" is not a scope')
    failed(
        formcall("key", "list", FORMCALL_DATA_DIR="/proc/formcall"),
        "FORMCALL_DATA_DIR cannot be used",
    )


# --- eval -----------------------------------------------------------------------------------------


def figures(result: Result | Done) -> Json:
    assert result.exit_code == 0, result.output
    found: Json = json.loads(result.stdout)
    return found


def test_eval_on_the_examples(formcall: Command) -> None:
    """Each row of the labelled tickets is counted once, and the parts add up."""
    tickets, categories = (
        ROOT / "examples" / "tickets.csv",
        ROOT / "examples" / "tickets-categories.txt",
    )
    words = ("eval", str(tickets), "--action", "classify", "--categories", f"@{categories}")
    found = figures(formcall(*words, "--json"))
    assert found["rows"] == found["right"] + found["null"] + found["wrong"] == 34
    assert found["rows_all_right"] == found["right"]
    assert found["accuracy"] == round(found["right"] / 34, 4)
    assert found["errors"] == {}
    assert found["cost_usd"] == 0
    assert figures(formcall(*words, "--limit", "3", "--json"))["rows"] == 3
    told = formcall(*words, "--show").stdout
    assert (
        len(re.findall(r"^row \d+: category: expected ", told, re.M))
        == found["null"] + found["wrong"]
    )


def test_eval_compares_values(formcall: Command, tmp_path: Path) -> None:
    """Words are compared without regard to case and space, numbers by value, records key by key,
    and an empty cell is null."""
    (tmp_path / "order.txt").write_text(str(CATALOGUE["extract"].examples[0].input["text"]))
    fields = str(CATALOGUE["extract"].examples[0].input["fields"])
    expected = {
        "invoice_number": " np-2041",
        "issued": "2026-03-03",
        "total": "1240.50",
        "total_currency": "USD",
        "contact": None,
    }
    rows = [
        ["text", "fields", "data", "not_found", "remark"],
        ["@order.txt", fields, json.dumps(expected), '["order_number"]', "a"],
        ["a text that no example has", "this", "", "", "b"],
    ]
    with (tmp_path / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    result = formcall("eval", "cases.csv", "--action", "extract", "--show")
    assert "row 2: data.total_currency: expected 'USD', got 'EUR'" in result.stdout
    assert "row 2: data.contact: expected None, got 'accounts@northwind.example'" in result.stdout
    assert re.search(r"^right +4$", result.stdout, re.M)
    assert re.search(r"^wrong +4$", result.stdout, re.M)
    assert re.search(r"^errors +\{'needs_model': 1\}$", result.stdout, re.M)


BAD_TABLES: dict[str, tuple[bytes, tuple[str, ...], str]] = {
    "nothing": (b"", (), "cases.csv has no rows"),
    "only names": (b"text,category\n", (), "cases.csv has no rows"),
    "nothing expected": (
        b"text,remark\na,b\n",
        (),
        "No column of cases.csv is named like a value of the answer",
    ),
    "another encoding": (b"text,category\n\xff,b\n", (), "cases.csv is not a CSV file in UTF-8"),
    "a field that there is not": (b"text,category\na,b\n", ("--txet", "a"), "no field txet"),
    "a field without a value": (
        b"text,category\na,b\n",
        ("--text",),
        "Give fields as --FIELD VALUE",
    ),
    "a file that is not there": (
        b"text,category\na,b\n",
        ("--text", "@none"),
        "The file none cannot be read",
    ),
}


@pytest.mark.parametrize(("content", "more", "words"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_eval_on_tables_that_are_not_right(
    formcall: Command, tmp_path: Path, content: bytes, more: tuple[str, ...], words: str
) -> None:
    """A table that cannot be measured is told in a sentence."""
    (tmp_path / "cases.csv").write_bytes(content)
    failed(
        formcall(
            "eval", "cases.csv", "--action", "classify", "--categories", "billing,account", *more
        ),
        words,
    )


def test_eval_counts_rows_that_are_not_right(formcall: Command, tmp_path: Path) -> None:
    """A row whose form is refused is wrong, under its code; a cell that only begins with an @ is
    text."""
    (tmp_path / "cases.csv").write_text(
        'text,category\n,billing\n@nobody hello,billing\nx,"{""a"": 1}"\n'
    )
    found = figures(
        formcall(
            "eval", "cases.csv", "--action", "classify", "--categories", "billing,account", "--json"
        )
    )
    assert (found["rows"], found["right"], found["wrong"], found["errors"]) == (
        3,
        1,
        2,
        {"invalid_input": 1},
    )


# --- doctor ---------------------------------------------------------------------------------------


def test_doctor(formcall: Command) -> None:
    """With everything in order each line is ok, each setting is listed, and the status is 0."""
    result = formcall("doctor")
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.stdout
    for words in (
        "FORMCALL_ENGINE",
        f"ok    {len(CATALOGUE)} actions",
        "ok    database sqlite:///",
        "o4-mini",
        "2026-10-23",
        "engine scripted",
    ):
        assert words in result.stdout


def test_a_setting_that_is_misspelt(formcall: Command, tmp_path: Path) -> None:
    """A variable with our prefix that is no setting is named with the one it resembles, by doctor
    and at the start; secrets of tools and variables of callers are none."""
    (tmp_path / ".env").write_text("FORMCALL_PROT=1\n")
    others = {"FORMCALL_SECRET_SHOP": "x", "FORMCALL_KEY": "k", "FORMCALL_URL": "http://x"}
    result = formcall("doctor", FORMCALL_MODLE="o3", **others)
    assert result.exit_code == 0, result.output
    assert [line for line in result.stdout.splitlines() if line.startswith("warn")] == [
        "warn  FORMCALL_MODLE is not a setting. Did you mean FORMCALL_MODEL?",
        "warn  FORMCALL_PROT is not a setting.",
    ]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = formcall("serve", "--port", str(taken.getsockname()[1]), FORMCALL_MODLE="o3")
    assert "warning: FORMCALL_MODLE is not a setting. Did you mean" in started.stderr


def test_doctor_tells_no_secret(formcall: Command) -> None:
    """No key and no password is shown, wherever it was put; a provider that cannot be reached
    fails."""
    secrets = {
        "OPENAI_API_KEY": SECRET,
        "FORMCALL_SECRET": SECRET,
        "OPENAI_BASE_URL": f"http://me:{SECRET}@127.0.0.1:9/v1",
        "FORMCALL_ENGINE": "openai",
    }
    result = formcall("doctor", **secrets)
    assert result.exit_code == 1
    assert "FAIL  engine openai: The provider cannot be reached." in result.stdout
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"FORMCALL_DATA_DIR": "/proc/formcall"}, "FAIL  FORMCALL_DATA_DIR cannot be used"),
        (
            {"FORMCALL_DATABASE_URL": "sqlite:////nowhere/x.db"},
            "FAIL  The database cannot be opened",
        ),
        ({"FORMCALL_TEMPLATES": "nowhere"}, "FAIL  nowhere: this folder of actions does not exist"),
        (
            {"FORMCALL_MODELS": "nowhere.yaml"},
            "FAIL  nowhere.yaml: the file of models cannot be read",
        ),
    ],
)
def test_doctor_goes_on_after_a_failure(
    formcall: Command, settings: dict[str, str], words: str
) -> None:
    """What is not right is one line among the others, and the status is 1."""
    result = formcall("doctor", **settings)
    assert result.exit_code == 1
    assert words in result.stdout
    assert "\nok    " in result.stdout
    assert SECRET not in result.output


# --- serve ----------------------------------------------------------------------------------------


def test_a_port_that_is_taken(formcall: Command) -> None:
    """A port or address that cannot be listened on is told before anything else is done."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = (
            f"Cannot listen on 127.0.0.1:{port} (Address already in use). Choose another "
            "port with --port."
        )
        failed(formcall("serve", "--port", str(port)), words)
    failed(formcall("serve", "--host", "192.0.2.1"), "Cannot listen on 192.0.2.1:8080")
    assert not Path("data", "formcall.db").exists()


def test_a_start_that_fails_in_the_worker(formcall: Command) -> None:
    """What only the worker finds out is a sentence as well, and the service ends."""
    done = formcall("serve", "--port", str(free_port()), FORMCALL_MODELS="nowhere.yaml")
    assert done.exit_code != 0
    assert "_error: nowhere.yaml: the file of models cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_start_makes_a_key(tmp_path: Path) -> None:
    """A key is made at the first start and never again, and it works at the second. Output that may
    be a log names its file, which is private. SIGTERM ends either within 5 seconds."""
    with serving(tmp_path) as first:
        assert "fc_" not in first.output_text()
        file = tmp_path / "data" / "first-key"
        assert (first.key, file.stat().st_mode & 0o777) == (file.read_text().strip(), 0o600)
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").iterdir()} == {0}
        assert first.post().status_code == 200
        with (
            requests.Session() as session
        ):  # a connection that is kept open does not keep the service
            session.get(f"{first.address}/healthz", timeout=60)
            with hang_guard():
                first.process.send_signal(signal.SIGTERM)
                assert first.process.wait(timeout=60) == 0
    with serving(tmp_path) as second:
        assert second.key == ""
        second.key = first.key
        assert second.post().status_code == 200
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(timeout=60) == 0
    assert "Traceback" not in first.output_text() + second.output_text()


def test_a_terminal_shows_the_first_key(tmp_path: Path) -> None:
    environment = clean_environment(FORMCALL_ENGINE="scripted", FORMCALL_DATA_DIR=str(tmp_path))
    terminal, output = pty.openpty()
    command = [str(FORMCALL), "serve", "--port", str(free_port())]
    process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    os.close(output)
    shown = b""
    while b"curl" not in shown:
        shown += os.read(terminal, 4096)
    process.terminate()
    assert process.wait(60) == 0
    os.close(terminal)
    assert re.search(rb"API key   fc_[\w-]{43}   \(shown only now", shown)
    assert not (tmp_path / "first-key").exists()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_greeting_ends_with_a_call_to_paste(tmp_path: Path) -> None:
    """The last line of the greeting is a call that works: with the new key, later with the one in
    FORMCALL_KEY."""
    variables = {"FORMCALL_ENGINE": "local", "FORMCALL_LOG": "off"}
    with serving(tmp_path, **variables) as first:
        call = first.output_text().splitlines()[-1]
        assert f"$(cat {tmp_path}/data/first-key)" in call
        assert _paste(call, first.environment)["category"] == "billing"
    with serving(tmp_path, **variables) as second:
        call = second.output_text().splitlines()[-1]
        environment = {**second.environment, "FORMCALL_KEY": first.key}
        assert _paste(call, environment)["category"] == "billing"


def _paste(command: str, environment: dict[str, str]) -> Json:
    """The answer to a command in a shell."""
    assert command.startswith("curl ")
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=True)
    answer: Json = json.loads(done.stdout)
    return answer


def _worker(master: int) -> int:
    """The process id of the only child of ``master``."""
    [found] = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if (content := _text(path)) and int(content.rpartition(")")[2].split()[1]) == master
    ]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # it has ended meanwhile


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the worker is found through /proc"
)
def test_a_killed_worker_comes_back(tmp_path: Path) -> None:
    """When the worker is killed another takes its place, and key and address stay."""
    with serving(tmp_path) as service:
        before = _worker(service.process.pid)
        os.kill(before, signal.SIGKILL)
        until = time.monotonic() + 10
        while _text(Path(f"/proc/{before}/stat")) and time.monotonic() < until:
            time.sleep(0.02)
        service.wait()
        assert service.post().status_code == 200
        assert _worker(service.process.pid) != before
        assert service.output_text().count("first-key") == 2


def test_an_address_of_the_newer_kind(tmp_path: Path) -> None:
    """An IPv6 address may be listened on, and is written as addresses write it."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            port = probe.getsockname()[1]
    except OSError:
        pytest.skip("this machine has no IPv6")
    environment = clean_environment(
        FORMCALL_ENGINE="scripted", FORMCALL_DATA_DIR=str(tmp_path / "data")
    )
    command = [str(FORMCALL), "serve", "--host", "::1", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert f"at http://[::1]:{port}" in process.stdout.readline()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                assert requests.get(f"http://[::1]:{port}/healthz", timeout=60).ok
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        process.terminate()
        assert process.wait(timeout=60) == 0
