"""Readiness: one check a minute, and a message that states what to do."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.engine import readiness
from connector.engine.readiness import Readiness, ReadinessChecker, shutdown_note
from connector.errors import FormcallError, ProviderError
from connector.providers.base import ModelRequest, Reply
from connector.providers.hosted import transport as transport_module
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing.models import load_models
from connector.providers.scripted import ScriptedProvider
from connector.settings import Settings
from tests.support.guards import hang_guard
from tests.support.upstream import FakeUpstream

MODELS = load_models()
KEY = "sk-live-4f8a1c0b9d7e6352"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the checker looks at; nobody else's."""
    made = Clock()
    monkeypatch.setattr(readiness, "time", made)
    return made


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One pool for each provider, closed after the test."""
    made: list[Any] = []
    make = transport_module._client

    def record(*options: Any) -> Any:
        made.append(make(*options))
        return made[-1]

    monkeypatch.setattr(transport_module, "_client", record)
    yield
    for client in made:
        client.close()


class Local:
    """An embedded engine that says whether its packages are there."""

    engine = "local"

    def __init__(self, missing: str | None = None) -> None:
        self.missing = missing

    def available(self) -> str | None:
        return self.missing

    def respond(self, request: ModelRequest) -> Reply:
        raise NotImplementedError


class Probed:
    """A hosted provider whose answers to a look are laid out; each look is counted."""

    engine = "openai"

    def __init__(self, *answers: Any) -> None:
        self.answers, self.looks = list(answers), 0

    def probe(self, model: str = "", **options: Any) -> Any:
        self.looks += 1
        answer = self.answers[min(self.looks, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def respond(self, request: ModelRequest) -> Reply:
        raise NotImplementedError


def look(up: FakeUpstream, **options: Any) -> Readiness:
    """What a checker says of ``up``."""
    settings = Settings(**{"openai_base_url": up.base_url, "openai_api_key": KEY, **options})
    return ReadinessChecker(settings, MODELS, OpenAIProvider(settings, MODELS)).check()


# --- our own engines ------------------------------------------------------------------------------


def test_own_engines() -> None:
    """The embedded engine is ready when its packages are there, and says what to install when not;
    the scripted one is always ready."""
    there = ReadinessChecker(Settings(), MODELS, Local()).check()
    missing = ReadinessChecker(Settings(), MODELS, Local("Install formcall[local].")).check()
    scripted = ReadinessChecker(Settings(), MODELS, ScriptedProvider(load_catalogue())).check()
    assert (there.ok, there.engine, there.model) == (True, "local", "local")
    assert (missing.ok, missing.detail) == (False, "Install formcall[local].")
    assert (scripted.ok, scripted.engine) == (True, "scripted")


# --- a hosted model -------------------------------------------------------------------------------


def test_model_that_is_there() -> None:
    """A model that the provider has is ready; nothing is paid for to find out, and what the
    provider says of its end is told."""
    with FakeUpstream(api_key=KEY) as up:
        there = look(up, model="gpt-6-luna")
        leaving = look(up, model="o3")
        assert not up.requests
    assert there == Readiness(
        True, "openai", "gpt-6-luna", "The provider has the model gpt-6-luna."
    )
    assert leaving.ok
    assert "2026-12-11" in leaving.detail


def test_gone_model_with_replacement() -> None:
    """A model that is gone is no trouble while its replacement answers; the one that answers is
    named, with what to set."""
    with FakeUpstream(retired=["o4-mini"]) as up:
        found = look(up)
    assert (found.ok, found.model) == (True, "gpt-5.6-terra")
    assert "FORMCALL_MODEL=gpt-5.6-terra" in found.detail


def test_gone_model_and_first_replacement() -> None:
    """The first of the successors that the provider has is named."""
    with FakeUpstream(retired=["o4-mini", "gpt-5.6-terra"]) as up:
        found = look(up)
    assert (found.ok, found.model) == (True, "gpt-6.1-terra")
    assert "FORMCALL_MODEL=gpt-6.1-terra" in found.detail


def test_gone_model_and_replacements() -> None:
    """A provider that has neither the model nor one of its successors cannot answer."""
    with FakeUpstream(retired=["o4-mini", "gpt-5.6-terra", "gpt-6.1-terra", "gpt-6-luna"]) as up:
        found = look(up)
    assert (found.ok, found.model) == (False, "o4-mini")
    assert "nor its replacements gpt-5.6-terra, gpt-6.1-terra and gpt-6-luna" in found.detail


def test_gone_model_as_an_error() -> None:
    """An operator who wants no replacement is told that the service cannot answer, and both ways
    out."""
    with FakeUpstream(retired=["o4-mini"]) as up:
        found = look(up, retired="error")
    assert not found.ok
    assert "FORMCALL_MODEL=gpt-5.6-terra" in found.detail
    assert "FORMCALL_RETIRED=replace" in found.detail


def test_unknown_model() -> None:
    """A model that nobody knows is named, with the setting to change."""
    with FakeUpstream() as up:
        found = look(up, model="no-such-model")
    assert not found.ok
    assert "no-such-model" in found.detail
    assert "FORMCALL_MODEL" in found.detail


def test_wrong_key() -> None:
    """A key that the provider refuses means not ready, and is not shown."""
    with FakeUpstream(api_key="another") as up:
        found = look(up)
    assert not found.ok
    assert "OPENAI_API_KEY" in found.detail
    assert KEY[:10] not in found.detail


def test_unreachable_provider() -> None:
    """A provider that cannot be reached means not ready, soon."""
    with FakeUpstream() as up:
        address = up.base_url
    settings = Settings(openai_base_url=address, openai_api_key=KEY)
    with hang_guard():
        found = ReadinessChecker(settings, MODELS, OpenAIProvider(settings, MODELS)).check()
        assert not found.ok
        assert "OPENAI_BASE_URL" in found.detail


def test_server_that_lists_no_models() -> None:
    """A compatible server may not list its models; it is taken as it is."""
    with FakeUpstream() as up:
        settings = Settings(
            openai_base_url=up.base_url.replace("/v1", "/other"), openai_api_key=KEY
        )
        found = ReadinessChecker(settings, MODELS, OpenAIProvider(settings, MODELS)).check()
    assert found.ok
    assert "does not list its models" in found.detail


@pytest.mark.parametrize("answer", ["<html>Welcome</html>", None, [], 5])
def test_page_is_no_model(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that answers with a page, or with anything but a model, is not ready."""
    monkeypatch.setattr(transport_module.Transport, "get", lambda self, path, deadline: answer)
    settings = Settings(openai_base_url="http://127.0.0.1:9/v1", openai_api_key=KEY)
    found = ReadinessChecker(settings, MODELS, OpenAIProvider(settings, MODELS)).check()
    assert not found.ok
    assert "OPENAI_BASE_URL" in found.detail


@pytest.mark.parametrize(
    "error", [{"error": {"message": f"no {KEY}", "code": 401}}, {"error": "down"}]
)
def test_error_inside_a_look(error: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error inside a success is one here as well."""
    monkeypatch.setattr(transport_module.Transport, "get", lambda self, path, deadline: error)
    settings = Settings(openai_base_url="http://127.0.0.1:9/v1", openai_api_key=KEY)
    found = ReadinessChecker(settings, MODELS, OpenAIProvider(settings, MODELS)).check()
    assert not found.ok
    assert KEY not in found.detail


# --- the day it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "words"),
    [(30, "in 30 days"), (0, "in 0 days"), (-1, "although its shutdown was announced")],
)
def test_shutdown_note(days: int, words: str) -> None:
    """The day on which a model is switched off is told with the days that are left, or that it has
    passed."""
    day = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)).isoformat()
    note = shutdown_note("o4-mini", day)
    assert words in note
    assert day in note


@pytest.mark.parametrize("day", ["", "None", "soon", "2026-13-45", "in 3 days"])
def test_shutdown_note_without_a_day(day: str) -> None:
    """Without a day that is one, the note only says that the model is there."""
    assert shutdown_note("o4-mini", day) == "The provider has the model o4-mini."


@pytest.mark.parametrize("day", ["2099-01-31", None, "", 5, ["2099"], {"day": 1}])
def test_shutdown_day_of_the_provider(day: Any) -> None:
    """The provider's own day counts before ours; whatever it sends there, the look does not break
    on it."""
    found = ReadinessChecker(
        Settings(model="o3", openai_api_key=KEY), MODELS, Probed({"id": "o3", "shutdown_date": day})
    ).check()
    assert found.ok
    if day == "2099-01-31":
        assert "2099-01-31" in found.detail
    elif not day:
        assert "2026-12-11" in found.detail


# --- once a minute --------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [{"id": "o4-mini"}, ProviderError("provider_auth", "Wrong key.")])
def test_one_look_a_minute(clock: Clock, first: Any) -> None:
    """What was found, good or bad, stands for a minute; then it is looked at again."""
    provider = Probed(first, {"id": "o4-mini"}, ProviderError("provider_unavailable", "Down."))
    checker = ReadinessChecker(Settings(openai_api_key=KEY), MODELS, provider)
    found = checker.check()
    clock.now += 60
    assert checker.check() is found
    assert provider.looks == 1
    clock.now += 0.5
    assert checker.check().ok
    assert provider.looks == 2
    clock.now += 61
    assert checker.check().detail == "Down."
    assert provider.looks == 3


def test_long_look_counts_from_its_end(clock: Clock) -> None:
    """A look that took long is as fresh as when it ended."""

    class Slow(Probed):
        def probe(self, model: str = "", **options: Any) -> Any:
            clock.now += 50
            return super().probe(model)

    provider = Slow({"id": "o4-mini"})
    checker = ReadinessChecker(Settings(openai_api_key=KEY), MODELS, provider)
    checker.check()
    clock.now += 55
    checker.check()
    assert provider.looks == 1


def test_many_ask_at_once() -> None:
    """However many ask at the same moment, the provider is looked at once."""
    go = threading.Event()

    class Slow(Probed):
        def probe(self, model: str = "", **options: Any) -> Any:
            go.wait(0.05)
            return super().probe(model)

    provider = Slow({"id": "o4-mini"})
    checker = ReadinessChecker(Settings(openai_api_key=KEY), MODELS, provider)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: checker.check(), range(32)))
    assert provider.looks == 1
    assert all(one is found[0] for one in found)


def test_look_that_breaks_is_not_remembered() -> None:
    """A mistake of our own in a look is raised, and the next look is a new one."""
    provider = Probed(RuntimeError("bug"), {"id": "o4-mini"})
    checker = ReadinessChecker(Settings(openai_api_key=KEY), MODELS, provider)
    with pytest.raises(RuntimeError):
        checker.check()
    assert checker.check().ok
    assert issubclass(ProviderError, FormcallError)
