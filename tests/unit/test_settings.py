"""Settings: read once, environment before file, a clear message for each wrong value, and hidden
secrets."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from connector.errors import SettingsError
from connector.settings import Settings, read_settings

VARIABLES = [str(entry.metadata["variable"]) for entry in fields(Settings)]
SHARED = ("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "*_KEY, *_TOKEN")  # as all programs read them


def read(tmp_path: Path, lines: str = "", **environment: str) -> Settings:
    file = tmp_path / "settings.env"
    file.write_text(lines, encoding="utf-8")
    return read_settings(environment, env_file=file)


def test_defaults(tmp_path: Path) -> None:
    """Nothing needs to be set: the embedded engine answers, with an SQLite database in ./data."""
    found = read(tmp_path)
    assert found == Settings()
    assert (found.answering_engine, found.model, found.database) == (
        "local",
        "o4-mini",
        "sqlite:///data/formcall.db",
    )


def test_every_setting_has_a_variable_and_a_help() -> None:
    """Each setting is named once and says what it is for."""
    assert len(set(VARIABLES)) == len(VARIABLES)
    for entry in fields(Settings):
        variable = entry.metadata["variable"]
        assert variable.startswith(("FORMCALL_", "OPENAI_")) or variable in SHARED
        assert entry.metadata["help"]


def test_the_environment_is_above_the_file(tmp_path: Path) -> None:
    """A line of the file is a default; what is set in the environment wins, also when it is
    empty."""
    lines = (
        "FORMCALL_MODEL=gpt-a\nFORMCALL_ENGINE='scripted'  # a remark\nexport "
        "FORMCALL_RETIRED=error\nOPENAI_API_KEY=sk-file\nOTHER=1\n"
    )
    found = read(tmp_path, lines, FORMCALL_MODEL="gpt-b", OPENAI_API_KEY="")
    assert (found.model, found.engine, found.retired, found.openai_api_key) == (
        "gpt-b",
        "scripted",
        "error",
        "",
    )


def test_the_file_lies_where_one_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without more, the file is .env in the folder that one is in; the process's own environment is
    left as it is."""
    (tmp_path / ".env").write_text("FORMCALL_MODEL=from-the-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORMCALL_MODEL", raising=False)
    assert read_settings().model == "from-the-file"
    monkeypatch.setenv("FORMCALL_MODEL", "from-outside")
    assert read_settings().model == "from-outside"


@pytest.mark.parametrize("content", [b"FORMCALL_MODEL=\xff\xfe\n"], ids=["not UTF-8"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    """A file of settings that cannot be read is told by its name."""
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"The file .*\.env is not text in UTF-8"):
        read_settings({}, env_file=tmp_path / ".env")


def test_spaces_around_a_value_are_no_part_of_it(tmp_path: Path) -> None:
    """What was pasted with spaces works."""
    found = read(
        tmp_path,
        FORMCALL_ENGINE=" scripted ",
        OPENAI_API_KEY="sk-a\n",
        FORMCALL_MAX_IN_FLIGHT=" 7 ",
        FORMCALL_TEMPLATES=" ",
    )
    assert (found.engine, found.openai_api_key, found.max_in_flight, found.templates) == (
        "scripted",
        "sk-a",
        7,
        None,
    )


@pytest.mark.parametrize("text", ["1", "TRUE", "yes", "on", "0", "False", "no", "Off"])
def test_switches(tmp_path: Path, text: str) -> None:
    """A switch may be written in any of the usual words."""
    assert read(tmp_path, FORMCALL_RETRY_AFTER_TIMEOUT=text).retry_after_timeout is (
        text in {"1", "TRUE", "yes", "on"}
    )


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder may begin with ~."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(tmp_path, FORMCALL_DATA_DIR="~/forms").data_dir == tmp_path / "forms"


def test_auto_engine() -> None:
    """A key decides who answers, unless the engine is named."""
    assert Settings(openai_api_key="sk-a").answering_engine == "openai"
    assert Settings().answering_engine == "local"
    assert Settings(openai_api_key="sk-a", engine="scripted").answering_engine == "scripted"


WRONG = {
    "FORMCALL_ENGINE": ("gpt", "must be one of auto, openai, local, scripted, not 'gpt'."),
    "FORMCALL_RETIRED": ("maybe", "must be one of replace, error, not 'maybe'."),
    "FORMCALL_DIALECT": ("Responses", "must be one of auto, responses, chat, not 'Responses'."),
    "FORMCALL_LOG": ("loud", "must be one of auto, text, json, off, not 'loud'."),
    "FORMCALL_PROFILE": ("x", "must be one of auto, openai, azure, generic, not 'x'."),
    "FORMCALL_DEADLINE_SECONDS": ("a minute", "must be a number, not 'a minute'."),
    "FORMCALL_MAX_IN_FLIGHT": ("7.5", "must be a whole number, not '7.5'."),
    "FORMCALL_MAX_BODY_BYTES": ("16MB", "must be a whole number, not '16MB'."),
    "FORMCALL_RETRY_AFTER_TIMEOUT": ("sometimes", "must be true or false, not 'sometimes'."),
    "FORMCALL_PUBLIC_URL": (
        "forms.example",
        "must be an address such as https://host.example, not 'forms.example'.",
    ),
}
OUT_OF_RANGE = [
    ("FORMCALL_DEADLINE_SECONDS", "0"),
    ("FORMCALL_DEADLINE_SECONDS", "-1"),
    ("FORMCALL_DEADLINE_SECONDS", "nan"),
    ("FORMCALL_DEADLINE_SECONDS", "inf"),
    ("FORMCALL_MAX_IN_FLIGHT", "0"),
    ("FORMCALL_MAX_BODY_BYTES", "-5"),
]


@pytest.mark.parametrize("variable", WRONG)
def test_wrong_values(tmp_path: Path, variable: str) -> None:
    """A wrong value is one sentence that names the variable and what it may be, wherever it was
    set."""
    value, words = WRONG[variable]
    for lines, environment in (("", {variable: value}), (f'{variable}="{value}"', {})):
        with pytest.raises(SettingsError) as raised:
            read(tmp_path, lines, **environment)
        assert raised.value.detail == f"{variable} {words}"


@pytest.mark.parametrize(("variable", "value"), OUT_OF_RANGE)
def test_values_out_of_range(tmp_path: Path, variable: str, value: str) -> None:
    """A time or size that makes no sense is refused by name."""
    with pytest.raises(SettingsError, match=f"^{variable} must be more than 0, not "):
        read(tmp_path, **{variable: value})


@pytest.mark.parametrize(
    "address",
    ["ftp://host", "https://", "//host", "http://[::1", "http://host:port", "https://u:hunter2@"],
)
def test_public_addresses(tmp_path: Path, address: str) -> None:
    """An address that no client could call is refused, and a password in it is not repeated."""
    with pytest.raises(SettingsError, match="FORMCALL_PUBLIC_URL") as raised:
        read(tmp_path, FORMCALL_PUBLIC_URL=address)
    assert "hunter2" not in raised.value.detail


def test_secrets_are_hidden(tmp_path: Path) -> None:
    """The list for an operator has every setting, and of a secret only whether there is one."""
    given = {
        "OPENAI_API_KEY": "sk-hunter2",
        "FORMCALL_SECRET": "hunter2",
        "FORMCALL_DATABASE_URL": "postgresql+psycopg://a:hunter2@host/b",
        "OPENAI_BASE_URL": "https://me:hunter2@host/v1",
    }
    found = read(tmp_path, **given)
    rows = found.redacted_rows()
    assert [variable for variable, _, _ in rows] == VARIABLES
    assert "hunter2" not in str(rows)
    shown = {variable: value for variable, value, _ in rows}
    assert [shown[name] for name in given] == [
        "set (hidden)",
        "set (hidden)",
        "set (hidden)",
        "https://host/v1",
    ]
    assert [
        value
        for variable, value, _ in Settings().redacted_rows()
        if variable in given and variable != "OPENAI_BASE_URL"
    ] == ["not set"] * 3


def test_settings_cannot_be_changed() -> None:
    """What was read stays as it is."""
    with pytest.raises(AttributeError):
        Settings().model = "other"  # type: ignore[misc]
