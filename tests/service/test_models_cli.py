"""`formcall models`, and what `formcall doctor` says of the models in use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.cli.main import main
from connector.providers.pricing.comparison import cheaper_successor_note, cheaper_successors
from connector.providers.pricing.models import load_models
from connector.settings import Settings

MODELS = load_models()


def command(folder: Path, *arguments: str, **settings: str) -> Result:
    environment: dict[str, str | None] = {
        "OPENAI_API_KEY": "",
        "FORMCALL_DATA_DIR": str(folder),
        "FORMCALL_ENGINE": "scripted",
        **settings,
    }
    return CliRunner().invoke(main, list(arguments), env=environment)


def written(folder: Path, text: str) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_list(tmp_path: Path) -> None:
    """Each row has a line with its prices, its price for 1,000 tickets, its last day and what
    follows; the models in use are marked."""
    result = command(tmp_path, "models")
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line}
    assert set(MODELS.rows) <= set(lines)
    assert lines["o4-mini"][1:8] == [
        "*",
        "1.10",
        "0.275",
        "4.40",
        "$1.43",
        "2026-10-23",
        "gpt-5.6-terra,",
    ]
    assert lines[Settings().model_strong][1] == "+"
    assert lines["gpt-6-astra"][1:5] == ["10.00", "1.00", "50.00", "$15.00"]


def test_list_as_json(tmp_path: Path) -> None:
    """The same as JSON has each row's source and day, and an operator's own rows."""
    own = written(tmp_path, "models:\n  llama3: {price: {input: 0, output: 0}}\n")
    result = command(tmp_path, "models", "--json", FORMCALL_MODELS=own)
    rows = {row["id"]: row for row in json.loads(result.stdout)}
    assert set(rows) == {*MODELS.rows, "llama3"}
    assert rows["gpt-6.1-terra"]["usd_for_1000_tickets"] == 1.5
    assert rows["gpt-6.1-terra"]["max_input"] == 922_000
    assert all(row["source"] and row["as_of"] for row in rows.values() if row["id"] != "llama3")


def test_check(tmp_path: Path) -> None:
    """A right file is shown as it is understood, with a note on what its rows lack."""
    text = """
models:
  llama3: {price: {input: 0, output: 0}, context: 8192, max_output: 2048}
  prod: {same_as: o4-mini, replacement: nowhere}
  bare: {dialect: chat}
profiles:
  house: {hosts: [llm.example]}
"""
    result = command(tmp_path, "models", "check", written(tmp_path, text))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "llama3: $0.00 for 1,000 tickets, reads 8,192 tokens, writes 2,048",
        "prod: $1.43 for 1,000 tickets, reads 200,000 tokens, writes 100,000",
        "  note: its successor nowhere has no row with a price, so budgets need one as well.",
        "bare: price unknown, window unknown",
        "  note: without `price`, runs with a budget are refused, and `cost_usd` is null.",
        "  note: without `context`, text that is too long is only refused by the server.",
        "  note: without `max_output`, an answer may be given more room than the server accepts.",
        "valid: 3 models, 1 profile",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models:\n  a: {price: 3}\n", "own.yaml:2: models.a.price must be amounts"),
        ("models:\n  a: {}\n  b: {same_as: o9}\n", "own.yaml:3: models.b.same_as must be the id"),
        ("models:\n  a: {cost: 1}\n", "own.yaml:2: models.a may have only"),
    ],
)
def test_check_of_a_wrong_file(tmp_path: Path, text: str, words: str) -> None:
    """A mistake has its file, its line and what is expected, and the status is 1."""
    result = command(tmp_path, "models", "check", written(tmp_path, text))
    assert result.exit_code == 1
    assert words in result.stderr


def test_doctor(tmp_path: Path) -> None:
    """The doctor names the price and the last day of both models, the replacement, and a successor
    that costs less than it."""
    result = command(tmp_path, "doctor", FORMCALL_MODEL_STRONG="o3")
    assert (
        "model o4-mini: $1.10 in, $4.40 out for a million tokens (as of 2026-11-30); it ends on "
        "2026-10-23; replacement: gpt-5.6-terra. gpt-6.1-terra costs 44% of gpt-5.6-terra ($1.50 "
        "instead of $3.40 for 1,000 tickets)."
    ) in result.stdout
    assert "strong model o3: $2.00 in" in result.stdout
    assert "it ends on 2026-12-11; replacement: gpt-6.1-sol." in result.stdout
    assert "strong model gpt-6.1-sol" in command(tmp_path, "doctor").stdout


def test_cheaper_successors() -> None:
    """A model is compared with what follows it, or follows the model that replaces it; one that
    nothing follows has nothing to be compared with."""
    for model in ("o4-mini", "gpt-5.6-terra", "openai/o4-mini"):
        names = [row.id for row in cheaper_successors(MODELS, model)]
        assert names == ["gpt-6.1-terra", "gpt-6-luna"]
    assert cheaper_successor_note(MODELS, "gpt-6-luna") == ""
    assert cheaper_successor_note(MODELS, "llama3") == ""
