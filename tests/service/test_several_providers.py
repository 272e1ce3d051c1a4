"""Several providers behind one service: money, records, and what is said of each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connector.errors import FormcallError
from connector.providers.hosted import client as client_module
from connector.providers.routing import FALLBACK_SECONDS
from connector.runs.responses import RunResponse
from connector.settings import Settings
from connector.store.ids import today
from connector.store.key_limits import KeyLimits
from connector.store.ledger.money import cost_to_nano
from connector.store.tables import ledger, spending
from connector.store.usage import Period, UsageReport
from tests.support.samples import TICKET
from tests.support.service_harness import QUESTION, TOOL_ANSWER
from tests.support.upstream import (
    Chance,
    FakeUpstream,
    Request,
    Script,
    Step,
    Usage,
    automatic,
    billed,
    fault,
    function_call,
)
from tests.support.upstream import Reply as Wire
from tests.support.web_app import WebApp, build_web_app

KEYS = {"FIRST_KEY": "key-of-the-first", "SECOND_KEY": "key-of-the-second"}
USAGE = Usage(412, 0, 96)
COST = {"first": 412 * 1_100 + 96 * 4_400, "second": 412 * 2_200 + 96 * 8_800}
CLIENTS = 64


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_FIRST_WAIT", 0.002)


class Counted:
    """Answers, and counts the answers that would be billed."""

    def __init__(self, step: Step = automatic) -> None:
        self.step = billed(USAGE, step)
        self.answers = 0

    def __call__(self, request: Request) -> Wire:
        reply = self.step(request)
        self.answers += reply.status == 200
        return reply


@dataclass
class Two:
    """A service with two providers, of which the second costs twice as much."""

    made: WebApp
    first: FakeUpstream
    second: FakeUpstream

    @property
    def service(self) -> Any:
        return self.made.service

    def run(self, action: str = "classify", **fields: Any) -> tuple[int, dict[str, Any]]:
        form = TICKET if action == "classify" else QUESTION
        response = self.made.post(action, json={**form, **fields})
        return response.status_code, response.get_json()

    def forget(self) -> None:
        """Ask the first provider first again."""
        self.service.engine.provider._passed_over.clear()

    def usage(self, *by: str) -> dict[str, Any]:
        rows = UsageReport(self.service.database).rows(
            Period(today(), today()), by or ("provider",)
        )
        return {row["provider"]: row for row in rows}


@contextmanager
def two(
    folder: Path,
    first: Step,
    second: Step,
    chance: Chance | None = None,
    **settings: Any,
) -> Iterator[Two]:
    with (
        FakeUpstream(Script([first], repeat=True), chance=chance) as a,
        FakeUpstream(Script([second], repeat=True)) as b,
    ):
        path = folder / "providers.yaml"
        path.write_text(
            f"providers:\n  first:\n    address: {a.base_url}\n    key_env: FIRST_KEY\n"
            f"    models: [o4-mini]\n    fallback: [second]\n"
            f"  second:\n    address: {b.base_url}\n    key_env: SECOND_KEY\n"
            "    prices: {o4-mini: {input: 2.2, output: 8.8}}\n",
            encoding="utf-8",
        )
        given = {"retired": "error", "providers_file": path, "provider_secrets": KEYS, **settings}
        made = build_web_app(Settings(data_dir=folder / "data", **given), "test")
        yield Two(made, a, b)
        clients = made.service.engine.provider.clients  # type: ignore[attr-defined]
        made.close()
        for client in clients:
            if client._connected:
                client._connected.close()


def test_answers_usage_and_metrics_name_the_provider(tmp_path: Path) -> None:
    """Each answer, the ledger, the metrics and readiness know which provider answered."""
    first, second = Counted(), Counted()
    with two(tmp_path, first, second) as made:
        _, one = made.run()
        made.first.script = Script([fault("quota")], repeat=True)
        status, other = made.run()
        assert status == 200
        assert (one["provider"], other["provider"]) == ("first", "second")
        assert cost_to_nano(one["cost_usd"]) == COST["first"]
        assert cost_to_nano(other["cost_usd"]) == COST["second"]
        assert "first could not answer (provider_quota)" in other["warnings"][0]
        made.second.script = Script([fault("auth")], repeat=True)
        made.forget()
        status, problem = made.run()
        assert (status, problem["code"], problem["provider"]) == (502, "provider_auth", "second")
        assert "SECOND_KEY" in problem["detail"]
        used = made.usage()
        assert {name: row["calls"] for name, row in used.items()} == {"first": 1, "second": 1}
        assert cost_to_nano(used["second"]["cost_usd"]) == COST["second"]
        metrics = made.service.runner.metrics.render().decode()
        assert 'provider_calls_total{outcome="answered",provider="first"} 1.0' in metrics
        assert 'provider_calls_total{outcome="provider_quota",provider="first"} 2.0' in metrics
        assert 'provider_passed_over{provider="second"} 1.0' in metrics
        ready = made.made.app.test_client().get("/readyz").get_json()
        assert [one["name"] for one in ready["providers"]] == ["first", "second"]
        assert not any(key in json.dumps([problem, ready]) + metrics for key in KEYS.values())


def test_strong_quality_at_another_provider(tmp_path: Path) -> None:
    """The strong model may be at another provider than the model."""
    with two(tmp_path, Counted(), Counted()) as made:
        _, body = made.run(quality="strong")
        assert (body["provider"], body["model"]) == ("second", "gpt-6.1-sol")
        assert made.first.requests == []


def test_tools_stay_at_one_provider(tmp_path: Path) -> None:
    """A run with tools goes to the second provider when the first is down, and stays there."""
    calls = function_call("calculate", {"expression": "0.15 * 80"})
    answer = function_call("answer_with_tools", TOOL_ANSWER)
    with two(tmp_path, fault("unavailable"), calls) as made:
        made.second.script = Script([calls, answer])
        status, body = made.run("answer_with_tools")
        assert (status, body["provider"], body["steps"]) == (200, "second", 1)
        assert len(made.second.requests) == 2
        first = len(made.first.requests)
        made.forget()
        made.second.script = Script([calls, fault("quota")])
        status, body = made.run("answer_with_tools")
        assert (body["code"], body["provider"]) == ("provider_quota", "second")
        assert len(made.first.requests) == first + 2  # the first turn alone, with its retry


def test_votes_and_a_stream(tmp_path: Path) -> None:
    """Votes are each asked instead; a stream that has not begun is as well."""
    with two(tmp_path, fault("rate_limit", retry_after=30), Counted()) as made:
        _, body = made.run(votes=3)
        assert (body["provider"], len(made.second.requests)) == ("second", 3)
        made.forget()
        response = made.made.post("summarize", json={"text": "Good news. " * 9, "stream": True})
        assert '"provider": "second"' in response.get_data(as_text=True)


def test_budget_counts_the_dearest(tmp_path: Path) -> None:
    """A run is reserved at the price of the dearest provider that may be asked, also for the dry
    run."""
    with two(tmp_path, Counted(), Counted()) as made:
        _, forecast = made.run(dry_run=True)
        assert forecast["provider"] == "first"
        clients = made.service.engine.provider.clients
        dearest = clients[1].billable_models("o4-mini")[0]
        assert cost_to_nano(forecast["first_call_max_usd"]) == dearest.max_nano_usd(
            forecast["input_tokens"], forecast["output_tokens"]
        )


@pytest.mark.slow
def test_many_threads_budgets_and_a_provider_that_fails_at_random(tmp_path: Path) -> None:
    """64 callers, a budget, and two providers of which one fails at random: nothing is overspent,
    every run ends with an answer or a code, and the ledger has what the providers have counted."""
    first, second = Counted(), Counted()
    budget = 90 * COST["first"] + 1
    with two(tmp_path, first, second, Chance(errors=0.3, limited=0.2, seed=7)) as made:
        key = made.service.keys.create("bounded", ("actions",), KeyLimits(budget_day_nusd=budget))[
            0
        ]

        def call(number: int) -> str:
            if number % 5 == 0:
                made.forget()
            try:
                response: RunResponse = made.service.run(key, "classify", TICKET)
            except FormcallError as error:
                return error.code
            return response.code or response.status

        with ThreadPoolExecutor(CLIENTS) as pool:
            ended = Counter(pool.map(call, range(3 * CLIENTS)))
        assert sum(ended.values()) == 3 * CLIENTS
        assert set(ended) <= {"done", "budget_exceeded", "budget_reserved", *FALLBACK_SECONDS}
        assert ended["done"] == first.answers + second.answers > 20
        assert min(first.answers, second.answers) > 3
        with made.service.database.connect() as connection:
            booked = dict(
                connection.execute(
                    select(ledger.c.provider, func.count()).group_by(ledger.c.provider)
                ).all()
            )
            spent = connection.execute(select(func.sum(ledger.c.nusd))).scalar()
            accounts = connection.execute(
                select(spending.c.spent_nusd, spending.c.reserved_nusd).where(
                    spending.c.account == key.id, spending.c.period == today()
                )
            ).one()
        assert booked == {"first": first.answers, "second": second.answers}
        counted = first.answers * COST["first"] + second.answers * COST["second"]
        assert int(spent) == counted == accounts.spent_nusd <= budget
        assert accounts.reserved_nusd == 0
