"""The quirk table: odd replies of real servers, each with its outcome, its calls and its cost.

Costs are exact to the nano-dollar.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.errors import KINDS, FormcallError
from connector.json_types import Json
from connector.providers.hosted import client as client_module
from connector.providers.hosted.variants import RequestVariants
from connector.runs.responses import RunResponse
from connector.store.ledger.money import NANO
from tests.support.ledger_asserts import assert_consistent, entries
from tests.support.provider_quirks import ANSWER, DIALECTS, Quirk, read_quirks, value_at
from tests.support.samples import TICKET
from tests.support.service_harness import LocalService, OpenLocal, local_services
from tests.support.upstream import FakeUpstream, ModelRow, Reply, Script
from tests.support.upstream.wire import Request

QUIRKS = read_quirks()
CATALOGUE = load_catalogue()
CASES = [(quirk, dialect) for quirk in QUIRKS for dialect in quirk.dialects]


INPUT_NUSD = 1_100  # of a token of o4-mini
OUTPUT_NUSD = 4_400
EFFORTS = ("low", "medium", "high")
DEPLOYMENTS = [
    *(ModelRow(name, efforts=EFFORTS) for name in ("openai/o4-mini", "prod-deployment")),
    ModelRow("local", efforts=EFFORTS, refuses=frozenset(), strict=False),
]


class Provider:
    """The fake provider of all rows: it does what the current row says, and counts its calls."""

    def __init__(self) -> None:
        self.step = QUIRKS[0].script()

    def __call__(self, request: Request) -> Reply:
        return self.step(request)


class Bench:
    """One provider for all rows, and a service for each set of settings."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.provider = Provider()
        script = Script([self.provider], repeat=True)
        self.up = stack.enter_context(FakeUpstream(script, models=DEPLOYMENTS))
        self._stack = stack
        self._folder = folder
        self._services: dict[str, LocalService] = {}

    def service(self, quirk: Quirk, dialect: str) -> LocalService:
        """A service with the row's settings that knows nothing of the provider yet."""
        settings: dict[str, Any] = {"dialect": dialect, **quirk.settings}
        name = json.dumps([settings, quirk.rows], sort_keys=True)
        if name not in self._services:
            self._services[name] = self._open(f"service-{len(self._services)}", settings, quirk)
        local = self._services[name]
        forget(local)
        return local

    def _open(self, name: str, settings: dict[str, Any], quirk: Quirk) -> LocalService:
        folder = self._folder / name
        folder.mkdir()
        if quirk.rows:
            settings["models_file"] = folder / "models.yaml"
            settings["models_file"].write_text(json.dumps({"models": quirk.rows}), encoding="utf-8")
        open_local: OpenLocal = self._stack.enter_context(local_services(folder))
        return open_local(self.up, **settings)


def forget(local: LocalService) -> None:
    """Forget what the service has learned about its provider."""
    provider: Any = local.service.engine.provider
    provider._replacements._current.clear()
    provider._variants = RequestVariants(provider._settings, provider._profile)
    provider._annotations._variants = provider._variants


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_module, "_FIRST_WAIT", 0.002)
        yield Bench(stack, tmp_path_factory.mktemp("quirks"))


def run(bench: Bench, local: LocalService, quirk: Quirk) -> tuple[RunResponse | None, str, Json]:
    """(the response, the outcome's code or "done", its body) of one run under a budget."""
    form = TICKET if quirk.action == "classify" else CATALOGUE[quirk.action].examples[0].input
    key = local.new_key(day=10 * NANO)
    bench.up.requests.clear()
    try:
        response = local.service.run(key, quirk.action, {**form, **quirk.form})
    except FormcallError as error:
        return None, error.code, {"detail": error.detail, "warnings": []}
    return response, response.code or response.status, json.loads(response.body)


def bound(local: LocalService, quirk: Quirk) -> int:
    """The most input tokens that the row's first call can have."""
    if isinstance(quirk.booked, int) or quirk.booked["input"] != "most":
        return 0
    return local.first_call_bound(quirk.action, **quirk.form)[2]


def amount(quirk: Quirk, most_input: int, sent: Json) -> int:
    """The nano-dollars that a row states; ``most`` is the bound, or the limit that was sent."""
    if isinstance(quirk.booked, int):
        return quirk.booked
    limit = sent.get("max_output_tokens") or sent["max_completion_tokens"]
    read = most_input if quirk.booked["input"] == "most" else quirk.booked["input"]
    written = limit if quirk.booked["output"] == "most" else quirk.booked["output"]
    return int(read * INPUT_NUSD + written * OUTPUT_NUSD + quirk.booked.get("plus", 0))


def booked(local: LocalService, response: RunResponse | None) -> tuple[int, bool]:
    """(nano-dollars in the ledger, whether some of it is estimated) for a run."""
    mine = entries(local.database, response.id) if response else []
    return sum(entry.nusd for entry in mine), any(entry.estimated for entry in mine)


@pytest.mark.parametrize(
    ("quirk", "dialect"), CASES, ids=[f"{quirk.about[:90]} ({dialect})" for quirk, dialect in CASES]
)
def test_quirk(quirk: Quirk, dialect: str, bench: Bench) -> None:
    """An odd reply has the outcome, the calls and the cost that its row states."""
    local = bench.service(quirk, dialect)
    most_input = bound(local, quirk)
    bench.provider.step = quirk.script()
    response, outcome, body = run(bench, local, quirk)
    assert outcome == quirk.outcome, body
    assert len(bench.up.requests) == quirk.calls, body
    sent = bench.up.requests[-1]["body"] if quirk.calls else {}
    assert booked(local, response) == (amount(quirk, most_input, sent), quirk.estimated), body
    for path, value in quirk.sent.items():
        assert value_at(bench.up.requests[-1]["body"], path) == value
    for words in quirk.warns:
        assert any(words in warning for warning in body["warnings"]), body["warnings"]
    for words in quirk.says:
        assert words in body["detail"]
    if outcome == "done" and quirk.action == "classify":
        assert {name: body[name] for name in ANSWER} == ANSWER
    if quirk.retry_after is not None:
        assert response
        assert response.retry_after == quirk.retry_after
    if quirk.then:
        _, again, body = run(bench, local, quirk)
        assert (again, len(bench.up.requests)) == (quirk.outcome, quirk.then["calls"]), body
    assert_consistent(local.database)


def test_the_table_is_whole() -> None:
    """Each row has a sentence of its own, known dialects and a known outcome."""
    assert max(Counter(quirk.about for quirk in QUIRKS).values()) == 1
    assert {dialect for quirk in QUIRKS for dialect in quirk.dialects} <= set(DIALECTS)
    assert {quirk.outcome for quirk in QUIRKS} <= {"done", *KINDS}
    assert all(len(quirk.about) < 150 for quirk in QUIRKS)
