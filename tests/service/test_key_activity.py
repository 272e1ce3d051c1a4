"""What `formcall key` says about the use of keys, and which of their answers wait for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner

from connector.cli.keys import key as key_command
from connector.errors import FormcallError
from connector.store.ids import now_ms, today
from connector.store.tables import runs, spending
from tests.support.databases import KINDS, database_url
from tests.support.ledger_asserts import run_values
from tests.support.samples import TICKET
from tests.support.web_app import WebApp


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Callable[..., WebApp]) -> Iterator[WebApp]:
    """An application on a database of each kind."""
    with database_url(request.param) as url:
        made = make(database_url=url)
        yield made
        made.close()


def command(app: WebApp, *arguments: str) -> str:
    """The output of `formcall key ...` on the application's data."""
    settings = app.service.settings
    environment = {
        "FORMCALL_DATA_DIR": str(settings.data_dir),
        "FORMCALL_DATABASE_URL": settings.database_url,
    }
    return CliRunner().invoke(key_command, arguments, env=environment).output


def test_when_a_key_was_used_and_what_it_spent(app: WebApp) -> None:
    """The newest run and the sums of this day and month are those of the key alone."""
    own = app.keys.list_all()[0]
    other, _ = app.keys.create("other")
    before = now_ms()
    app.post(json=TICKET)
    app.post(json=TICKET)
    with app.service.database.begin() as connection:
        for period, amount in ((today(), 2_000_000), (today()[:7], 1_500_000_000)):
            row = {"account": other.id, "period": period, "reserved_nusd": 7, "spent_nusd": amount}
            connection.execute(spending.insert().values(**row))
        old = run_values(other.id, status="done", reserved_nusd=0, created_ms=86_400_000)
        connection.execute(runs.insert().values(**old))
    found = app.keys.activity()
    newest = found[own.id].last_run_ms
    assert newest is not None
    assert before <= newest <= now_ms()
    assert (found[own.id].day_nusd, found[own.id].month_nusd) == (0, 0)
    assert (found[other.id].day_nusd, found[other.id].month_nusd) == (2_000_000, 1_500_000_000)
    listed = command(app, "list").splitlines()
    assert f"last used {dt.datetime.now(dt.UTC).date()}  spent $0.00 this month" in listed[0]
    assert "last used 1970-01-02  spent $1.50 this month" in listed[1]


def test_which_answers_of_a_key_wait(app: WebApp) -> None:
    """It is set when the key is made or later, shown in the list, and holds from the next run on;
    an unknown word is refused."""
    plain = command(app, "create", "clinic", "--review", "always").strip()
    assert "review: always" in command(app, "list")
    assert app.post(json=TICKET, headers={"X-API-Key": plain}).status_code == 202
    assert "wait for a person: never" in command(app, "change", "clinic", "--review", "never")
    assert app.post(json=TICKET, headers={"X-API-Key": plain}).status_code == 200
    assert "sometimes" in command(app, "change", "clinic", "--review", "sometimes")
    with pytest.raises(FormcallError, match="never, checks, unsure, always"):
        app.keys.change("clinic", review="sometimes")
