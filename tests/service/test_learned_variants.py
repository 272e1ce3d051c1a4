"""What is learned of a provider's server is kept in the database for a day, and shown by doctor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connector.cli.doctor import diagnose
from connector.errors import ProviderError
from connector.providers.base import Function, ModelRequest, Reply
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.hosted.variants import KEPT_SECONDS, Learned
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.learned_variants import LearnedVariants
from tests.support.upstream import FakeUpstream, Script, fault, text

MODELS = load_models()
ADDRESS = "http://server.example/v1"
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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(Settings(data_dir=tmp_path))
    yield engine
    engine.dispose()


def ask(settings: Settings, database: Engine) -> Reply:
    """The reply to a call of a process that has just started."""
    provider = OpenAIProvider(settings, MODELS, LearnedVariants(database))
    return provider.respond(ModelRequest("o4-mini", "low", "Name it.", "Hi", (TOPIC,), "topic"))


def test_the_next_process_knows_the_server(database: Engine, tmp_path: Path) -> None:
    """A server without Responses costs one call more, once: not in the next process, and doctor
    shows what was learned."""
    with FakeUpstream(Script([fault("no_responses")], repeat=True)) as up:
        settings = Settings(
            openai_base_url=up.base_url, openai_api_key="k", data_dir=tmp_path, profile="openai"
        )
        assert ask(settings, database).calls
        assert len(up.requests) == 2
        assert ask(settings, database).calls
        assert len(up.requests) == 3
        texts = [line.text for line in diagnose(settings)]
    (line,) = [text for text in texts if text.startswith("learned of")]
    assert up.base_url in line
    assert "does not accept responses" in line


def test_prose_is_paid_twice_once(database: Engine, tmp_path: Path) -> None:
    """A model that answers in prose by a schema too costs one call a run from then on, in the next
    process too, until it writes JSON again."""
    prose, json_text = text("It is about lunch."), text('{"topic": "lunch"}')
    steps = [prose, prose, prose, json_text, prose, json_text]
    with FakeUpstream(Script(steps)) as up:
        settings = Settings(openai_base_url=up.base_url, openai_api_key="k", data_dir=tmp_path)
        assert not ask(settings, database).calls  # as a call
        assert not ask(settings, database).calls  # by the schema
        with pytest.raises(ProviderError) as caught:
            ask(settings, database)
        assert caught.value.code == "invalid_output"
        assert "FORMCALL_MODEL" in caught.value.detail
        assert caught.value.billed.usage.output
        assert ask(settings, database).calls
        assert not ask(settings, database).calls  # an exception, so it may be repaired
        assert ask(settings, database).calls
        assert len(up.requests) == len(steps)


def test_what_is_kept(database: Engine) -> None:
    """Each model of each address has its own row, and what is stored again replaces it."""
    store = LearnedVariants(database)
    now = float(int(time.time()))
    first = Learned(frozenset({"include", "strict"}), 4_096, now)
    store.save(ADDRESS, "a", Learned(frozenset({"include"}), 0, now))
    store.save(ADDRESS, "a", first)
    store.save(ADDRESS, "", Learned(frozenset({"responses"}), 0, now))
    store.save("http://other.example/v1", "a", Learned(frozenset({"tools"}), 0, now))
    assert store.load(ADDRESS) == {"a": first, "": Learned(frozenset({"responses"}), 0, now)}
    assert store.load("http://third.example/v1") == {}


def test_it_is_forgotten_after_a_day(database: Engine, tmp_path: Path) -> None:
    """A server may have been updated, so after a day it is tried as if it were new."""
    with FakeUpstream() as up:
        settings = Settings(
            openai_base_url=up.base_url, openai_api_key="k", data_dir=tmp_path, profile="openai"
        )
        store = LearnedVariants(database)
        old = time.time() - KEPT_SECONDS - 60
        store.save(up.base_url, "", Learned(frozenset({"responses"}), 0, old))
        assert ask(settings, database).calls
        assert [request["path"] for request in up.requests] == ["/v1/responses"]
        assert not [line for line in diagnose(settings) if line.text.startswith("learned of")]
        store.save(ADDRESS, "b", Learned(frozenset(), 10, time.time()))
        assert store.load(up.base_url) == {}


def test_a_database_that_is_down_costs_no_call(database: Engine, tmp_path: Path) -> None:
    """When nothing can be stored or read, calls are answered as if the server were new."""
    with database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE learned_variants")
    with FakeUpstream(Script([fault("no_responses")], repeat=True)) as up:
        settings = Settings(
            openai_base_url=up.base_url, openai_api_key="k", data_dir=tmp_path, profile="openai"
        )
        assert ask(settings, database).calls
        assert len(up.requests) == 2
