"""docs/providers.md: every block of settings loads, its rows are valid, and the request that goes
out is the one that the page states."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connector.cli.models import check
from connector.json_types import Json
from connector.providers.base import Function, ModelRequest
from connector.providers.hosted.addresses import own_body, own_headers
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing.models import Models, load_models
from connector.settings import Settings, read_settings
from tests.support.samples import ROOT
from tests.support.upstream import FakeUpstream, ModelRow, Script, forced_call

PAGE = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
NAMES = [
    "OpenAI",
    "Azure",
    "OpenRouter",
    "CometAPI",
    "LiteLLM",
    "Portkey",
    "Ollama",
    "LM Studio",
    "llama.cpp",
    "vLLM",
    "Gemini",
    "DeepSeek",
    "Mistral",
    "Groq",
]
LOCAL = {"Ollama", "LM Studio", "llama.cpp", "vLLM"}
_REQUEST = re.compile(r"`POST (\S+)` with (.+?)(?:; without (.+?))?\.$")
_QUOTED = re.compile(r"`([^`]+)`")
TOPIC = Function(
    "topic",
    "",
    {
        "type": "object",
        "properties": {"topic": {"type": "string"}},
        "required": ["topic"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True)
class Block:
    """A section of the page: its settings, its rows, and what it states of the request."""

    settings: str
    rows: str
    url: str
    sent: tuple[str, ...]
    omitted: tuple[str, ...]
    forced_by_name: bool
    notes: tuple[str, ...]

    def loaded(self, folder: Path) -> tuple[Settings, Models, Path]:
        rows = folder / "models.yaml"
        rows.write_text(self.rows, encoding="utf-8")
        env_file = folder / "settings.env"
        named = self.settings.replace("FORMCALL_MODELS=models.yaml", f"FORMCALL_MODELS={rows}")
        env_file.write_text(named, encoding="utf-8")
        settings = read_settings({}, env_file=env_file)
        return settings, load_models(settings.models_file), rows


def block(name: str) -> Block:
    [section] = re.findall(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.M)
    [settings] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    [rows] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    lines = [
        (label, " ".join(text.split()))
        for label, text in re.findall(r"- \*\*([^*]+):\*\* (.*?)(?=\n- |\n\n)", section, re.DOTALL)
    ]
    assert [label for label, _ in lines] == ["Request", "Run here", "Left out"]
    stated = _REQUEST.fullmatch(lines[0][1])
    assert stated, lines[0]
    return Block(
        settings,
        rows,
        stated[1],
        tuple(_QUOTED.findall(stated[2])),
        tuple(_QUOTED.findall(stated[3] or "")),
        "`tool_choice` by name" in stated[2],
        (lines[1][1], lines[2][1]),
    )


def test_every_provider_has_a_block() -> None:
    """The page has a section for each provider that people ask for, and each says what was run."""
    for name in NAMES:
        assert all(block(name).notes)


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_are_valid(name: str, tmp_path: Path) -> None:
    """`formcall models check` takes the rows without a remark; those of a local server are free."""
    settings, models, rows = block(name).loaded(tmp_path)
    result = CliRunner().invoke(check, [str(rows)])
    assert result.exit_code == 0, result.output
    assert "note:" not in result.output
    assert "price unknown" not in result.output
    row = models.find(settings.model)
    assert row.known
    assert (max(row.price.values()) == 0) == (name in LOCAL)


@pytest.mark.parametrize("name", NAMES)
def test_the_request_is_the_one_that_is_stated(name: str, tmp_path: Path) -> None:
    """The address and the parameters of the first call are those of the page, and a server gets
    them with the headers of the settings."""
    stated = block(name)
    settings, models, _ = stated.loaded(tmp_path)
    request = ModelRequest(settings.model, "low", "Name it.", "Hi", (TOPIC,), "topic")
    preview = OpenAIProvider(settings, models).preview(request)
    assert preview.url == stated.url
    for parameter in stated.sent:
        key, _, value = parameter.partition(": ")
        assert key in preview.body
        assert value in {"", _shown(preview.body[key])}
    assert not set(stated.omitted) & set(preview.body)
    assert isinstance(preview.body["tool_choice"], dict) == stated.forced_by_name
    # a promise about what is kept stands only where it is sent
    assert ("store: false" in stated.sent) == (preview.body.get("store") is False)
    assert set(preview.body) - {"model", "input", "messages", "tools"} == {
        parameter.partition(": ")[0] for parameter in stated.sent
    }
    assert sent(settings, models, request, preview.body) == preview.body


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def sent(settings: Settings, models: Models, request: ModelRequest, body: Json) -> Json:
    """The body that a server gets when the settings have its address; its headers are checked."""
    profile = models.profile(settings.openai_base_url, settings.profile)
    name = next(name for name, one in models.profiles.items() if one == profile)
    row = models.find(settings.model)
    takes = frozenset({**own_body(settings), **row.extra_body})
    rules = ModelRow(settings.model, efforts=row.efforts, refuses=frozenset(), takes=takes)
    with FakeUpstream(Script([forced_call({"topic": "x"})]), models=[rules]) as up:
        there = replace(settings, openai_base_url=up.base_url, profile=name)
        reply = OpenAIProvider(there, models).respond(request)
        (call,) = up.requests
    assert reply.calls
    for header, value in own_headers(settings).items():
        assert call["headers"][header.lower()] == value
    return dict(call["body"])
