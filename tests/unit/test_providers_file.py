"""The operator's file of several providers: what it may say, and how a mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli.main import main
from connector.errors import FormcallError, SettingsError, TemplateError
from connector.providers.factory import make_provider
from connector.providers.pricing.models import load_models
from connector.providers.providers_file import ProviderEntry, read_providers, usable_providers
from connector.settings import Settings, read_settings
from tests.support.samples import ROOT

MODELS = load_models()
SECRET = "sk-live-4f8a1c0b9d7e6352"
GOOD = """\
providers:
  openai:
    address: https://api.openai.com/v1
    key_env: OPENAI_API_KEY
    models: [o4-mini, "gpt-*"]
    fallback: [azure, local]
  azure:
    address: https://r.openai.azure.com/openai/v1
    key_env: AZURE_KEY
    headers: {X-Title: Formcall}
    headers_env: {x-portkey-api-key: PORTKEY_KEY}
    extra_body: {user: formcall}
    models: {o4-mini: prod-mini, gpt-6-luna: prod-luna}
    prices: {o4-mini: {input: 1.2, output: 4.8}}
  local:
    address: http://127.0.0.1:11434/v1
    dialect: chat
    prices: {llama3: {input: 0, output: 0}}
"""
VARIABLES = {"OPENAI_API_KEY": SECRET, "AZURE_KEY": "azure-key", "PORTKEY_KEY": "portkey-key"}


def write(folder: Path, text: str) -> Path:
    path = folder / "providers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def one(lines: str) -> str:
    """A file with one provider that has these further keys."""
    return f"providers:\n  a:\n    address: https://a.example/v1\n    {lines}\n"


def test_good_file(tmp_path: Path) -> None:
    """Each key of the file becomes a setting of that provider, and secrets are from the
    environment."""
    settings = read_settings({"FORMCALL_PROVIDERS": str(write(tmp_path, GOOD)), **VARIABLES})
    assert settings.answering_engine == "openai"
    entries = usable_providers(settings)
    assert list(entries) == ["openai", "azure", "local"]
    azure = entries["azure"].settings(settings)
    assert (azure.openai_api_key, azure.openai_base_url) == (
        "azure-key",
        "https://r.openai.azure.com/openai/v1",
    )
    assert azure.openai_custom_headers == "X-Title: Formcall\nx-portkey-api-key: portkey-key"
    assert azure.extra_body == '{"user": "formcall"}'
    assert entries["local"].settings(settings).openai_api_key == ""
    assert entries["local"].settings(settings).dialect == "chat"


@pytest.mark.parametrize(
    ("models", "name", "own"),
    [
        ((), "anything", "anything"),
        (("o4-mini",), "o4-mini", "o4-mini"),
        (("o4-mini",), "o4-mini-2025-04-16", ""),
        (("gpt-*",), "gpt-6-luna", "gpt-6-luna"),
        (("*-mini",), "gpt-5-mini", "gpt-5-mini"),
        (("a*a",), "a", ""),
        (("openai/*",), "o4-mini", ""),
        ({"o4-mini": "prod"}, "o4-mini", "prod"),
        ({"o4-mini": "prod"}, "prod", ""),
    ],
)
def test_models_that_a_provider_has(models: object, name: str, own: str) -> None:
    """A name, a pattern with one star, or a map to the provider's own name; without any, all."""
    assert ProviderEntry("a", models=models).name_of(name) == own  # type: ignore[arg-type]


def test_prices_and_successors_of_a_provider(tmp_path: Path) -> None:
    """A provider's own name of a model has the model's row; its own price counts, and only those
    successors that it has may answer."""
    entries = read_providers(write(tmp_path, GOOD))
    azure = entries["azure"].known_models(MODELS)
    row = azure.find("prod-mini")
    assert row.is_same_model(MODELS.find("o4-mini"))
    assert (row.price, row.max_output) == ({"input": 1.2, "output": 4.8}, 100_000)
    assert azure.successors("prod-mini") == ("prod-luna",)
    assert azure.find("prod-luna").price == MODELS.find("gpt-6-luna").price
    local = entries["local"].known_models(MODELS)
    assert local.find("llama3").max_nano_usd(1_000, 1_000) == 0
    assert local.find("o4-mini") is MODELS.find("o4-mini")


MISTAKES = [
    ("", 1, "the file is empty"),
    ("models: {}\n", 1, "has `providers`, nothing else"),
    ("providers: []\n", 1, "must be a map of names to 1 to 50 providers"),
    ("providers:\n  Azure EU: {address: 'https://a.example/v1'}\n", 2, "a name has 1 to 40 of a-z"),
    ("providers:\n  a: {key_env: A_KEY}\n", 2, "lacks `address`"),
    ("providers:\n  a: {address: ftp://a.example}\n", 2, "must be a URL"),
    (
        "providers:\n  a:\n    address: https://a.example/v1/chat/completions\n",
        3,
        "https://a.example/v1, not",
    ),
    (
        "providers:\n  a:\n    address: https://u:p@a.example/v1\n",
        3,
        "has a user name or a password",
    ),
    (one("fallbck: [b]"), 4, 'Did you mean "fallback"?'),
    (one(f"key: {SECRET}"), 4, "`key_env: A_API_KEY`"),
    (one(f"key_env: {SECRET}"), 4, "must be the name of an environment variable"),
    (one("key_env: FORMCALL_SECRET_KEY"), 4, "does not begin with FORMCALL_"),
    (one(f"headers: {{Authorization: {SECRET}}}"), 4, "headers_env: {Authorization: NAME_KEY}"),
    (one(f"headers: {{api-key: {SECRET}}}"), 4, "is a secret"),
    (one("headers: {Content-Type: text/plain}"), 4, "cannot be set"),
    (one('headers: {X-A: "a\\nX-B: b"}'), 4, "a map of header names to texts"),
    (one(f"headers_env: {{x-key: {SECRET}}}"), 4, "environment variable"),
    (one("extra_body: {model: other}"), 4, "an object without"),
    (one("models: []"), 4, "a list of names"),
    (one('models: ["*a*"]'), 4, "at most one *"),
    (one('models: {"gpt-*": a}'), 4, "a map of names to the provider's own names"),
    (one("prices: {o4-mini: {input: 1}}"), 4, "amounts with input, output"),
    (one("profile: openapi"), 4, "auto or openai"),
    (one("dialect: grpc"), 4, "responses"),
    (one("fallback: [a]"), 4, "once too often"),
    (one("fallback: [c]\n  b: {address: 'https://b.example/v1'}"), 4, "The others are b."),
    (one("fallback: [ba]\n  bat: {address: 'https://b.example/v1'}"), 4, 'Did you mean "bat"?'),
]


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES, ids=[one[2] for one in MISTAKES])
def test_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    """A mistake in the file is one sentence with file, line, rule and fix, and no secret."""
    path = write(tmp_path, text)
    with pytest.raises(TemplateError) as raised:
        read_providers(path)
    assert raised.value.detail.startswith(f"{path}:{line}: ")
    assert words in raised.value.detail
    assert SECRET not in raised.value.detail


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "needs the variable OPENAI_API_KEY, which is not set"),
        ({**VARIABLES, "OPENAI_BASE_URL": "https://x.example/v1"}, "OPENAI_BASE_URL is set"),
        ({**VARIABLES, "FORMCALL_EXTRA_BODY": "{}"}, "FORMCALL_EXTRA_BODY is set together"),
        ({**VARIABLES, "AZURE_KEY": "two words"}, "AZURE_KEY contains a character"),
    ],
)
def test_unusable_file_stops_the_start(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    """A variable that is not set, or a setting of a single provider beside the file, is an error
    before the first call."""
    settings = read_settings(
        {"FORMCALL_PROVIDERS": str(write(tmp_path, GOOD)), **variables}, env_file=tmp_path / "none"
    )
    with pytest.raises(FormcallError) as raised:
        make_provider(settings, MODELS, {})
    assert words in raised.value.detail
    assert "two words" not in raised.value.detail


def test_model_that_no_provider_has(tmp_path: Path) -> None:
    """The model of the settings must be at one of the providers."""
    path = write(tmp_path, one("models: [o3]"))
    with pytest.raises(SettingsError, match="FORMCALL_MODEL is o4-mini, which no provider"):
        usable_providers(Settings(providers_file=path))


def test_secrets_of_providers_are_shown_nowhere(tmp_path: Path) -> None:
    """Only variables that may be keys are read, and none of ours; their values are not shown."""
    variables = {"FORMCALL_SECRET": "ours", "FORMCALL_SECRET_X_KEY": "tool", "HOME": "/root"}
    path = str(write(tmp_path, GOOD))
    settings = read_settings({"FORMCALL_PROVIDERS": path, **VARIABLES, **variables})
    assert settings.provider_secrets == VARIABLES
    assert not any(secret in str(settings.redacted_rows()) for secret in VARIABLES.values())
    assert read_settings(VARIABLES).provider_secrets == {}


def test_command_checks_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`formcall providers check` shows who answers for which model, and names a mistake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZURE_KEY", SECRET)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    good = CliRunner().invoke(main, ["providers", "check", str(write(tmp_path, GOOD))])
    assert good.exit_code == 0
    assert "FORMCALL_MODEL=o4-mini: openai, then azure, then local" in good.output
    assert "note: OPENAI_API_KEY, which openai needs, is not set here." in good.output
    assert "valid: 3 providers" in good.output
    assert SECRET not in good.output
    wrong = CliRunner().invoke(
        main, ["providers", "check", str(write(tmp_path, one("fallbck: x")))]
    )
    assert wrong.exit_code == 1
    assert (
        CliRunner().invoke(main, ["providers"]).output.startswith("FORMCALL_PROVIDERS is not set")
    )


def test_page_shows_a_valid_file(tmp_path: Path) -> None:
    """The file on the page of providers is valid, and its three providers have the models that the
    text names."""
    page = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    section = page.partition("## Several providers")[2]
    entries = read_providers(write(tmp_path, section.partition("```yaml\n")[2].partition("```")[0]))
    having = {
        name: [one for one in ("o4-mini", "gpt-6.1-sol") if entry.name_of(one)]
        for name, entry in entries.items()
    }
    assert having == {
        "openai": ["o4-mini", "gpt-6.1-sol"],
        "azure": ["o4-mini"],
        "openrouter": ["o4-mini", "gpt-6.1-sol"],
    }
