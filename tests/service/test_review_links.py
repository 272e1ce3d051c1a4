"""Signed links: a person without a key sees one run and decides on it, and nothing else."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import FormcallError
from connector.runs.review_links import ReviewLinks
from connector.store.tables import runs
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def waiting(app: WebApp, **fields: Any) -> tuple[str, str]:
    """(run id, path of its signed link)."""
    body = app.post(json={**TICKET, "review": "always", **fields}).get_json()
    assert body["review_url"].startswith("http://localhost/review/run_")
    return body["id"], body["review_url"].removeprefix("http://localhost")


def status(app: WebApp, run_id: str) -> str:
    view = app.client.get(f"/v1/runs/{run_id}", headers=app.headers).get_json()
    return str(view["status"])


def test_opening_a_link_decides_nothing(make: Make) -> None:
    """GET and HEAD, however often, only show the form and the answer; the page may not be stored,
    framed or indexed, and runs no script."""
    app = make()
    run_id, path = waiting(app)
    for method in ("GET", "HEAD", "GET"):
        page = app.client.open(path, method=method)
        assert (page.status_code, page.mimetype) == (200, "text/html")
    text = page.get_data(as_text=True)
    assert TICKET["text"] in html.unescape(text)
    assert "billing" in text
    assert status(app, run_id) == "needs_review"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy.replace("default-src", "")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    style = app.client.get("/console/style.css")
    assert (style.status_code, style.mimetype) == (200, "text/css")


@pytest.mark.parametrize(
    ("button", "end"), [("accept", "done"), ("refuse", "failed"), ("correct", "done")]
)
def test_a_button_decides_once(make: Make, button: str, end: str) -> None:
    """The first click decides; a second one, of any button, only shows the decision."""
    app = make()
    run_id, path = waiting(app)
    form = {"decision": button, "note": "By phone", "value.category": "technical"}
    first = app.client.post(path, data=form)
    assert first.status_code == 200
    assert status(app, run_id) == end
    for again in (app.client.get(path), app.client.post(path, data={"decision": "refuse"})):
        assert "By a signed link." in again.get_data(as_text=True)
        assert "By phone" in again.get_data(as_text=True)
        assert "<button" not in again.get_data(as_text=True)
    assert status(app, run_id) == end


def test_a_correction_on_the_page(make: Make) -> None:
    """Only what was changed is a correction; a value that is invalid is named on the page, and the
    run still waits."""
    app = make()
    run_id, path = waiting(app)
    page = app.client.get(path).get_data(as_text=True)
    shown = dict(re.findall(r'name="(value\.\w+)" value="([^"]*)"', page))
    same = app.client.post(path, data={"decision": "correct", **shown})
    assert (same.status_code, "Nothing was changed" in same.get_data(as_text=True)) == (400, True)
    wrong = app.client.post(path, data={"decision": "correct", "value.category": "odd"})
    assert (wrong.status_code, "category" in wrong.get_data(as_text=True)) == (422, True)
    assert 'value="odd"' in wrong.get_data(as_text=True)
    buttons = re.findall(r'<button name="decision" value="(\w+)"', page)
    assert buttons == ["correct", "accept", "refuse"]  # the first is that of the Enter key
    assert "value.confidence" not in page
    assert status(app, run_id) == "needs_review"
    right = app.client.post(path, data={"decision": "correct", "value.category": "technical"})
    assert right.status_code == 200
    run = app.client.get(f"/v1/runs/{run_id}", headers=app.headers).get_json()
    assert run["category"] == "technical"


@pytest.mark.parametrize("button", ["", "approve", "expire"])
def test_a_post_without_a_button_decides_nothing(make: Make, button: str) -> None:
    app = make()
    run_id, path = waiting(app)
    assert app.client.post(path, data={"decision": button}).status_code == 400
    assert status(app, run_id) == "needs_review"


@pytest.mark.attack(
    "A signed link is forged, changed, used after its time, or for another run",
    "the page says that there is no decision here; nothing of the run is shown",
)
def test_a_link_that_was_not_signed_here(make: Make) -> None:
    """A changed run, attempt, time or signature is refused, and so is a link after its time and
    one of an earlier attempt."""
    app = make()
    run_id, path = waiting(app)
    other, _ = waiting(app, text="Another text.")
    run, attempt, until, signature = path.removeprefix("/review/").split(".")
    later = str(int(until) + 1)
    forged = ReviewLinks(b"another secret", hours=1).path(run_id, 1)
    for changed in (
        f"/review/{other}.{attempt}.{until}.{signature}",
        f"/review/{run}.2.{until}.{signature}",
        f"/review/{run}.{attempt}.{later}.{signature}",
        f"/review/{run}.{attempt}.{until}.{signature[:-1]}A",
        f"/review/{run}.{attempt}.{until}.",
        "/review/x",
        forged,
    ):
        for method in ("GET", "POST"):
            answer = app.client.open(changed, method=method, data={"decision": "accept"})
            assert answer.status_code == 404, changed
            assert TICKET["text"] not in html.unescape(answer.get_data(as_text=True))
    expired = ReviewLinks(app.service.review_links._secret, hours=-1).path(run_id, 1)
    assert app.client.post(expired, data={"decision": "accept"}).status_code == 403
    with app.service.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(attempt=2))
    assert app.client.post(path, data={"decision": "accept"}).status_code == 403
    assert status(app, run_id) == "needs_review"


def test_how_long_a_link_lasts() -> None:
    """A link is read as what it was made for, until its time is over."""
    links = ReviewLinks(b"secret", hours=1, public_url="https://forms.example/")
    run_id = "run_0123456789abcdef"
    url = links.url(run_id, 3)
    assert url.startswith("https://forms.example/review/")
    assert links.read(url.rpartition("/")[2]) == (run_id, 3)
    assert ReviewLinks(b"secret", hours=1).url(run_id, 3) == ""
    until = int(url.split(".")[-2])
    assert 3_500 < until - time.time() <= 3_601
    with pytest.raises(FormcallError, match="expired"):
        links.read(ReviewLinks(b"secret", hours=-1).path(run_id, 3).rpartition("/")[2])


@pytest.mark.attack(
    "A form or an answer has HTML, a script or a template expression for the reviewer's page",
    "it is shown as text; the page allows no script, and no value is a template",
)
def test_what_is_shown_stays_text(make: Make) -> None:
    """Nothing that was sent, answered or noted becomes a part of the page."""
    app = make()
    run_id, path = waiting(app, text=SCRIPT, tag=SCRIPT[:60])
    app.client.post(path, data={"decision": "correct", "value.category": SCRIPT})
    with app.service.database.begin() as connection:
        proposed = app.service.records.get(run_id).proposed
        assert proposed
        planted = proposed.replace('"reason": "', '"reason": "' + html.escape("") + "<b>bold</b>")
        connection.execute(runs.update().values(proposed=planted))
    for page in (
        app.client.get(path),
        app.client.post(path, data={"decision": "refuse", "note": SCRIPT}),
    ):
        text = page.get_data(as_text=True)
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>" not in text
        assert "{{ 7*7 }}" in text
        assert "49" not in text.partition("<body")[2].replace(run_id, "")


def test_a_message_has_the_link_where_the_address_is_known(make: Make) -> None:
    """With FORMCALL_PUBLIC_URL the message about a waiting run has a link that works."""
    app = make(public_url="https://forms.example")
    app.post(json={**TICKET, "review": "always", "callback_url": "https://1.1.1.1/x"})
    message = app.service.deliveries.list_by_key(app.keys.list_all()[0].id)[0]
    found = re.search(r'"review_url": "https://forms\.example(/review/[^"]+)"', message.body or "")
    assert found
    assert app.client.get(found[1]).status_code == 200


def test_a_run_that_waits_has_a_link_wherever_it_is_shown(make: Make) -> None:
    """The response, the run and the review each have a link that works, until the decision."""
    app = make()
    run_id, path = waiting(app)
    for shown in (f"/v1/runs/{run_id}", f"/v1/reviews/{run_id}"):
        view = app.client.get(shown, headers=app.headers).get_json()
        link = view["review_url"].removeprefix("http://localhost")
        assert app.client.get(link).status_code == 200
    app.client.post(path, data={"decision": "accept"})
    view = app.client.get(f"/v1/reviews/{run_id}", headers=app.headers).get_json()
    assert view["review_url"] == ""
