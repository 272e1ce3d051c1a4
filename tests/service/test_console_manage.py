"""The console's pages for batches, usage, keys, hooks, deliveries, the audit log and settings."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

from connector.console.usage_chart import HEIGHT, OTHERS, WIDTH, days_between, usage_chart
from connector.settings import Settings
from connector.store.audit import EVENTS
from tests.support.console import OWN, Person, signed_in
from tests.support.receivers import wait_until
from tests.support.samples import TICKET
from tests.support.web_app import WebApp, build_web_app

HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'
OPEN_TO_ALL = ("/console/batches", "/console/usage", "/console/hooks", "/console/deliveries")
ADMIN_ONLY = ("/console/keys", "/console/audit", "/console/settings")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """One service on the embedded engine for the tests of this file."""
    folder = tmp_path_factory.mktemp("manage")
    settings = Settings(engine="local", data_dir=folder, openai_api_key="sk-very-secret")
    app = build_web_app(settings, "owner")
    yield app
    app.close()


@pytest.fixture(scope="module")
def person(app: WebApp) -> Person:
    return signed_in(app)


@pytest.fixture(scope="module")
def admin(app: WebApp) -> Person:
    return signed_in(app, "admin", "actions", name="boss")


# --- who sees what --------------------------------------------------------------------------------


def test_pages_are_open_to_the_scopes_that_they_are_for(app: WebApp) -> None:
    """A key that runs actions has neither the pages of the operator nor links to them."""
    visitor = signed_in(app, "actions", name="visitor")
    navigation = visitor.read("/console")
    for path in OPEN_TO_ALL:
        visitor.read(path)
        assert f'href="{path}"' in navigation
    for path in ADMIN_ONLY:
        assert visitor.get(path).status_code == 403
        assert f'href="{path}"' not in navigation
    refused = visitor.send("/console/keys", "/console", name="mine", scopes="admin")
    assert refused.status_code == 403
    assert "mine" not in {key.name for key in app.keys.list_all()}


@pytest.mark.parametrize("path", ["/console/keys", "/console/batches"])
def test_a_form_of_another_page_changes_nothing(app: WebApp, admin: Person, path: str) -> None:
    """Without the token of a page of ours nothing is done."""
    forged = {"name": "forged", "action": "classify"}
    response = admin.client.post(path, data=forged, headers=OWN)
    assert response.status_code == 403
    assert "forged" not in {key.name for key in app.keys.list_all()}


# --- usage ----------------------------------------------------------------------------------------


def row(day: str, action: str, calls: int) -> dict[str, Any]:
    return {"day": day, "action": action, "calls": calls, "cost_usd": 0.0}


def test_the_bars_have_the_heights_of_their_values() -> None:
    """The highest day reaches the top, parts stand on one another, and nothing leaves the frame."""
    days = days_between("2026-02-27", "2026-03-02")
    assert days == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    rows = [row(days[0], "classify", 3), row(days[0], "extract", 1), row(days[2], "extract", 2)]
    chart = usage_chart(rows, days, name="action", measure="calls")
    assert chart and chart.top == 4
    assert chart.series == (("classify", 3.0), ("extract", 3.0))
    first, second, third = chart.parts
    room = chart.base - chart.upper
    assert (first.height, second.height, third.height) == (0.75 * room, 0.25 * room, 0.5 * room)
    assert second.y == chart.upper and second.y + second.height == first.y
    assert first.y + first.height == third.y + third.height == chart.base
    for part in chart.parts:
        assert part.x > 0 and part.x + part.width < WIDTH and part.y + part.height < HEIGHT
    assert usage_chart(rows, days, name="action", measure="cost_usd") is None


def test_small_series_are_drawn_together() -> None:
    """The sixth and later series are one, so that a legend stays readable."""
    rows = [row("2026-01-01", f"action {number}", 10 - number) for number in range(8)]
    chart = usage_chart(rows, ["2026-01-01"], name="action", measure="calls")
    assert chart and len(chart.series) == 6
    assert chart.series[-1] == (OTHERS, 5.0 + 4.0 + 3.0)
    assert sum(part.value for part in chart.parts) == sum(one["calls"] for one in rows)


def test_usage_is_shown_and_exported(app: WebApp, admin: Person) -> None:
    """Calls of the embedded engine are counted where they cost nothing; a wrong day is named."""
    assert app.post(json=TICKET).status_code == 200
    page = admin.read("/console/usage?by=key")
    assert 'class="chart"' in page and "owner" in page and "<rect" in page
    lines = admin.read("/console/usage/usage.csv?by=action").splitlines()
    assert lines[0].startswith("day,action,") and ",classify," in lines[1]
    wrong = admin.read("/console/usage?from=yesterday")
    assert "takes a day such as" in html.unescape(wrong)
    assert admin.get("/console/usage/usage.csv?from=yesterday").status_code == 422


# --- keys and audit -------------------------------------------------------------------------------


def test_a_key_is_made_used_and_revoked(app: WebApp, admin: Person) -> None:
    """Its text is shown once, its limits hold, and everything is in the audit log."""
    made = admin.send(
        "/console/keys", "/console/keys", name="Bubble app", scopes="actions", budget_day_usd="2.5"
    ).get_data(as_text=True)
    [text] = re.findall(r'<pre id="new-key">(fc_[\w-]+)</pre>', made)
    assert text not in admin.read("/console/keys")
    [key] = [one for one in app.keys.list_all() if one.name == "Bubble app"]
    assert (list(key.scopes), key.limits.budget_day_nusd) == (["actions"], 2_500_000_000)
    run = app.client.post("/v1/actions/classify", json=TICKET, headers={"X-API-Key": text})
    assert run.status_code == 200
    assert admin.send(f"/console/keys/{key.id}/revoke", "/console/keys").status_code == 303
    again = app.client.post("/v1/actions/classify", json=TICKET, headers={"X-API-Key": text})
    assert again.status_code == 401
    log = admin.read("/console/audit")
    assert "Bubble app" in log and "Key created" in log and "Key revoked" in log
    one = admin.read("/console/audit?event=key.revoked&by=operator")
    assert "There are no such entries." in one
    assert len(re.findall("<option", log)) >= len(EVENTS)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": ""}, "name"),
        ({"name": "a", "budget_day_usd": "much"}, '"budget_day_usd" takes an amount'),
        ({"name": "a", "scopes": "everything"}, "is not a scope"),
    ],
)
def test_a_wrong_key_is_explained(app: WebApp, admin: Person, form: Any, words: str) -> None:
    """The page says what is wrong, and keeps what was typed."""
    before = len(app.keys.list_all())
    response = admin.send("/console/keys", "/console/keys", **form)
    page = html.unescape(response.get_data(as_text=True))
    assert response.status_code in {400, 422} and words in page
    assert f'value="{form["name"]}"' in page
    assert len(app.keys.list_all()) == before


def test_nobody_is_locked_out(app: WebApp, admin: Person) -> None:
    """The key of the session cannot be revoked from it."""
    [own] = [key for key in app.keys.list_all() if key.name == "boss"]
    assert admin.send(f"/console/keys/{own.id}/revoke", "/console/keys").status_code == 409
    assert app.keys.by_id(own.id).revoked_at is None  # type: ignore[union-attr]


# --- hooks and deliveries -------------------------------------------------------------------------


def test_hooks_and_messages(app: WebApp, person: Person) -> None:
    """A hook is listed and revoked, a subscription is listed, and a message is sent again."""
    hook = {"name": HOSTILE, "action": "classify", "fixed": {"categories": "a\nb"}}
    made = app.client.post("/v1/hooks", json=hook, headers=app.headers).get_json()
    target = {"target_url": "https://1.1.1.1/secret-path", "event": "run.completed"}
    app.client.post("/v1/subscriptions", json=target, headers=app.headers)
    page = person.read("/console/hooks")
    assert "<script>alert" not in page and html.escape(HOSTILE, quote=False)[2:9] in page
    assert "1.1.1.1" in page and "secret-path" not in page
    person.send(f"/console/hooks/{made['id']}/revoke", "/console/hooks")
    assert "Revoked" in person.read("/console/hooks")
    assert person.send("/console/hooks/hook_0/revoke", "/console/hooks").status_code == 404
    app.post(json={**TICKET, "callback_url": "https://1.1.1.1/x"})
    sent = person.read("/console/deliveries")
    assert "run.completed" in sent and "secret-path" not in sent
    person.read("/console/deliveries?state=given_up")
    missing = person.send("/console/deliveries/dlv_0/resend", "/console/deliveries")
    assert missing.status_code == 404


# --- settings -------------------------------------------------------------------------------------


def test_settings_show_no_secret(admin: Person) -> None:
    """Every setting is there; of a secret only that it is set."""
    page = admin.read("/console/settings")
    assert "sk-very-secret" not in page
    for variable, _, _ in Settings().redacted_rows():
        assert f"<code>{variable}</code>" in page


# --- batches --------------------------------------------------------------------------------------


def sheet(*texts: str) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([["Message"], *([text] for text in texts)])
    return file.getvalue().encode()


def started(person: Person, rows: bytes, name: str = "rows.csv", **form: str) -> Any:
    """The response to the form of a new batch."""
    fields = {
        "form-token": person.token("/console/batches"),
        "action": "classify",
        "budget_usd": "1",
        "fixed": "categories: billing, technical",
        "mapping": "text: Message",
        "file": (io.BytesIO(rows), name),
        **form,
    }
    return person.client.post("/console/batches", data=fields, headers=OWN)


def notices(response: Any) -> list[str]:
    """What a page says is wrong."""
    page = html.unescape(response.get_data(as_text=True))
    return re.findall(r'role="alert">([^<]*)<', page)


def test_a_batch_is_begun_watched_and_read(app: WebApp, person: Person) -> None:
    """Rows of a file are run; the page shows the progress, and the results are files."""
    with app.launched():
        response = started(person, sheet("I was charged twice.", HOSTILE), tag="May")
        assert response.status_code == 303, notices(response)
        address = response.headers["Location"]
        batch_id = address.rpartition("/")[2]
        wait_until(lambda: app.service.batches.get(batch_id).status == "done")
    page = person.read(address)
    assert "100.0 %" in page and "<script>alert" not in page
    lines = person.read(f"{address}/results.csv").splitlines()
    assert len(lines) == 3 and "billing" in lines[1]
    found = person.get(f"{address}/results.xlsx")
    assert (found.status_code, found.get_data()[:2]) == (200, b"PK")
    listed = person.read("/console/batches")
    assert address in listed and "<script>alert" not in listed
    stranger = signed_in(app, "actions", name=f"stranger {batch_id}")
    for path in (address, f"{address}/results.csv"):
        assert stranger.get(path).status_code == 404
    refused = stranger.send(f"{address}/cancel", "/console/batches")
    assert refused.status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"mapping": "text: Nothing"}, "Nothing"),
        ({"budget_usd": "0"}, "above 0"),
        ({"action": "unknown"}, "unknown"),
    ],
)
def test_a_wrong_batch_is_explained(app: WebApp, person: Person, form: Any, words: str) -> None:
    """The page says what is wrong, and nothing was begun."""
    response = started(person, sheet("a"), **form)
    assert 400 <= response.status_code < 500
    assert words in " ".join(notices(response))
