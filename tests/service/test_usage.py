"""Usage: the sums equal those of the answers, each key sees its own, and every parameter is
checked."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update

from connector.cli.main import main
from connector.errors import FormcallError, InvalidInput
from connector.json_types import Json
from connector.store.ids import today
from connector.store.tables import ledger
from connector.store.usage import COLUMNS, UsageReport, parse_dimensions, parse_period, to_csv
from tests.support.databases import KINDS, database_url
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream, Script, text
from tests.support.web_app import WebApp


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with database_url(request.param) as found:
        yield found


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(usage=(1013, 257, 71, 33)) as fake:
        yield fake


def openai(make: Callable[..., WebApp], upstream: FakeUpstream, **settings: Any) -> WebApp:
    """An application that asks the fake provider."""
    return make(
        engine="openai", openai_api_key="sk-x", openai_base_url=upstream.base_url, **settings
    )


def ask(made: WebApp, query: str = "", *, key: str | None = None) -> Json:
    headers = {"X-API-Key": key or made.key}
    found: Json = made.client.get(f"/v1/usage?{query}", headers=headers).json
    return found


# --- the sums -------------------------------------------------------------------------------------


def test_the_sums_are_those_of_the_answers(
    make: Callable[..., WebApp], upstream: FakeUpstream, address: str
) -> None:
    """The costs and tokens of all answers, also of those that failed, are the totals to the last
    nano-dollar."""
    made = openai(make, upstream, database_url=address)
    answers = [
        made.post(json={**TICKET, "text": f"I was charged twice, {number}."}).json
        for number in range(7)
    ]
    upstream.script = Script([text("No call."), text("Still none.")])  # paid for, and no answer
    answers.append(made.post(json=TICKET).json)
    answers += [
        made.post("summarize", json={"text": "A long story. " * number}).json for number in (1, 5)
    ]
    assert [answer.get("ok", False) for answer in answers] == [True] * 7 + [False] + [True] * 2
    told = ask(made)
    assert told["totals"]["cost_usd"] == pytest.approx(
        sum(answer["cost_usd"] for answer in answers), abs=1e-9
    )
    assert told["totals"]["cost_usd"] > 0
    for name in ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"):
        assert told["totals"][name] == sum(answer[name] for answer in answers)
    assert (told["totals"]["calls"], told["totals"]["runs"]) == (len(upstream.requests), 10)
    assert (told["totals"]["unpriced_calls"], told["totals"]["estimated_usd"]) == (0, 0.0)
    parts = ask(made, "by=day,action,key,model")["rows"]
    assert {part["action"] for part in parts} == {"classify", "summarize"}
    assert sum(part["cost_usd"] for part in parts) == pytest.approx(
        told["totals"]["cost_usd"], abs=1e-9
    )


def test_calls_without_a_price_are_counted(
    make: Callable[..., WebApp], upstream: FakeUpstream, address: str
) -> None:
    """A call whose price is not known adds nothing to the money and is told; one whose end nobody
    saw is told as estimated."""
    made = openai(make, upstream, database_url=address)
    made.post(json=TICKET)
    with made.service.database.begin() as connection:
        row = connection.execute(ledger.select()).one()._asdict()
        connection.execute(update(ledger).values(nusd=None))
        connection.execute(
            insert(ledger),
            [{**row, "step": -1, "model": "unknown", "nusd": 123_456_789, "estimated": True}],
        )
    totals = ask(made)["totals"]
    assert (totals["calls"], totals["runs"], totals["unpriced_calls"]) == (2, 1, 1)
    assert (totals["cost_usd"], totals["estimated_usd"]) == (0.123456789, 0.123456789)


def test_each_key_sees_its_own(
    make: Callable[..., WebApp], upstream: FakeUpstream, address: str
) -> None:
    """A key sees what it has used; one with the scope admin sees all, with the name of each key."""
    made = openai(make, upstream, database_url=address)
    other, plain = made.keys.create("the other")
    _, admin = made.keys.create("admin", ("admin",))
    made.post(json=TICKET)
    for _ in range(2):
        made.client.post("/v1/actions/classify", json=TICKET, headers={"X-API-Key": plain})
    assert ask(made)["totals"]["calls"] == 1
    assert ask(made, key=plain)["totals"]["calls"] == 2
    assert [row["key_name"] for row in ask(made, "by=key", key=plain)["rows"]] == ["the other"]
    told = ask(made, "by=key", key=admin)
    assert told["totals"]["calls"] == 3
    assert {row["key_name"]: row["calls"] for row in told["rows"]} == {"key 0": 1, "the other": 2}
    assert other.id in {row["key"] for row in told["rows"]}


def test_days_are_those_of_the_question(
    make: Callable[..., WebApp], upstream: FakeUpstream, address: str
) -> None:
    """The first and the last day are included, the days between are in order, and others are left
    out."""
    made = openai(make, upstream, database_url=address)
    made.post(json=TICKET)
    days = [f"2026-03-0{number}" for number in range(1, 6)]
    database = made.service.database
    with database.begin() as connection:
        row = connection.execute(ledger.select()).one()._asdict()
        connection.execute(
            insert(ledger), [{**row, "run_id": f"run_{day}", "day": day} for day in reversed(days)]
        )
    told = ask(made, "from=2026-03-02&to=2026-03-04")
    assert [row["day"] for row in told["rows"]] == days[1:4]
    assert told["totals"]["calls"] == 3
    assert ask(made, "from=2026-03-06&to=2026-03-31")["rows"] == []
    assert ask(made, "from=2026-03-06&to=2026-03-31")["totals"]["cost_usd"] == 0
    assert [row["day"] for row in ask(made)["rows"]] == [today()]


def test_too_many_rows_are_refused(
    make: Callable[..., WebApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer of more rows than anybody reads is refused with what to change."""
    made = make()
    for _ in range(3):
        made.post(json=TICKET)
    monkeypatch.setattr("connector.store.usage._MAX_ROWS", 0)
    database = made.service.database
    with pytest.raises(FormcallError, match="Request fewer days, or fewer dimensions"):
        UsageReport(database).rows(parse_period(None, None), ("day",))


# --- the question ---------------------------------------------------------------------------------


def test_the_usual_period() -> None:
    """Without days it is the month so far; the order of `by` does not matter, nor does its case."""
    period = parse_period(None, None)
    assert (period.first, period.last) == (f"{today()[:7]}-01", today())
    assert parse_period("2026-1-5", "2026-02-01").first == "2026-01-05"
    assert parse_period(None, "2026-02-10").first == "2026-02-01"
    assert parse_dimensions("model, Day") == ("day", "model")
    assert parse_dimensions("") == parse_dimensions(None) == ("day",)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("from=yesterday", "from", '"from" takes a day such as'),
        ("to=2026-02-30", "to", '"to" takes a day such as'),
        ("from=2026-03-02&to=2026-03-01", "from", "must not be after"),
        ("by=day,colour", "by", '"colour" is none of them'),
        ("format=xml", "format", '"format" takes json or csv'),
    ],
)
def test_what_is_wrong_is_named(web: WebApp, query: str, field: str, words: str) -> None:
    """A day, a breakdown or a format that is not right is refused by its name."""
    answer = web.client.get(f"/v1/usage?{query}", headers=web.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert answer.json["errors"][0]["field"] == field
    assert words in answer.json["detail"]


def test_usage_needs_a_key(web: WebApp) -> None:
    """Nobody sees money without a key."""
    assert web.client.get("/v1/usage").status_code == 401


# --- other forms ----------------------------------------------------------------------------------


def test_csv(make: Callable[..., WebApp], upstream: FakeUpstream) -> None:
    """As CSV the rows are the same, under a line of headings that is there also without rows."""
    made = openai(make, upstream)
    made.post(json=TICKET)
    told = made.client.get("/v1/usage?by=day,action,key,model&format=csv", headers=made.headers)
    assert told.mimetype == "text/csv"
    assert list(csv.DictReader(io.StringIO(told.text))) == [
        {name: str(value) for name, value in row.items()}
        for row in ask(made, "by=day,action,key,model")["rows"]
    ]
    assert to_csv([]) == ",".join(COLUMNS) + "\n"


def test_the_command(
    make: Callable[..., WebApp], upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`formcall usage` shows the sums of all keys as a table or as CSV, and names what is wrong."""
    made = openai(make, upstream)
    made.post(json=TICKET)
    cost = ask(made)["totals"]["cost_usd"]
    environment = {
        "FORMCALL_DATA_DIR": str(made.service.settings.data_dir),
        "FORMCALL_DATABASE_URL": "",
    }
    table = CliRunner().invoke(main, ["usage", "--by", "key,action"], env=environment)
    assert table.exit_code == 0, table.output
    lines = table.stdout.splitlines()
    assert lines[1].split()[:4] == ["action", "key", "calls", "runs"]
    assert lines[2].split()[:3] == ["classify", "key", "0"]
    assert lines[-1].startswith("total")
    assert f"${cost:.6f}" in lines[-1]
    shown = CliRunner().invoke(main, ["usage", "--csv"], env=environment)
    assert [row["cost_usd"] for row in csv.DictReader(io.StringIO(shown.stdout))] == [str(cost)]
    wrong = CliRunner().invoke(main, ["usage", "--from", "May"], env=environment)
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert '"from" takes a day such as' in wrong.stderr


def test_a_day_is_a_day_of_utc() -> None:
    """Days are counted in UTC, as budgets are."""
    assert today() == dt.datetime.now(dt.UTC).date().isoformat()
    with pytest.raises(InvalidInput):
        parse_period("2026-13-01", None)
