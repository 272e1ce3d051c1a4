"""The list of runs: pages, filters and the search in texts; and the parts of one run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from connector.runs.search_indexer import SearchIndexer
from connector.store.erasure import Erasure
from connector.store.run_list import RunFilter
from connector.store.run_search import parse_phrases, run_number, searchable_text
from connector.store.tables import runs
from tests.support.databases import KINDS, database_url
from tests.support.ledger_asserts import run_values
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
NEXT = re.compile(r'<http://localhost(/[^>]+)>; rel="next"')


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Make) -> Iterator[WebApp]:
    """An application on a database of each kind."""
    with database_url(request.param) as url:
        made = make(database_url=url)
        yield made
        made.close()


def listed(app: WebApp, query: str = "", key: str = "") -> Any:
    headers = {"X-API-Key": key or app.key}
    return app.client.get(f"/v1/runs{query}", headers=headers).get_json()


def ids(app: WebApp, query: str = "", key: str = "") -> list[str]:
    return [run["id"] for run in listed(app, query, key)]


def classified(app: WebApp, about: str, *, key: str = "", **fields: Any) -> str:
    """The id of a run about this text, which is then in the search index."""
    headers = {"X-API-Key": key or app.key}
    form = {**TICKET, "text": about, **fields}
    run_id: str = app.post(json=form, headers=headers).get_json()["id"]
    SearchIndexer(app.service.database).index_all()
    return run_id


def insert(app: WebApp, **values: Any) -> str:
    """A record of a run of the application's key."""
    row = run_values(app.keys.list_all()[0].id, status="done", reserved_nusd=0, **values)
    with app.service.database.begin() as connection:
        connection.execute(runs.insert().values(**row))
    return str(row["id"])


# --- pages ----------------------------------------------------------------------------------------


def test_pages_have_each_run_once(app: WebApp) -> None:
    """Following the header Link shows each run once, the newest first, also while new runs are
    added; the last page has no such header."""
    expected = sorted((insert(app) for _ in range(7)), reverse=True)
    seen: list[str] = []
    url = "/v1/runs?limit=3&status=done"
    while url:
        response = app.client.get(url, headers=app.headers)
        seen += [run["id"] for run in response.get_json()]
        insert(app)
        found = NEXT.fullmatch(response.headers.get("Link", ""))
        url = found[1] if found else ""
    assert seen == expected


def test_a_page_that_is_exactly_full_is_the_last(app: WebApp) -> None:
    """No page is announced that would be empty."""
    for _ in range(2):
        insert(app)
    assert "Link" not in app.client.get("/v1/runs?limit=2", headers=app.headers).headers
    assert "Link" in app.client.get("/v1/runs?limit=1", headers=app.headers).headers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=x", "cursor"),
        ("cursor=run_';--", "cursor"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("from=2026-02-01&to=2026-01-01", "from"),
        ("checks_failed=perhaps", "checks_failed"),
        ("min_cost_usd=-1", "min_cost_usd"),
        ("max_cost_usd=much", "max_cost_usd"),
        ("text=%21%3F", "text"),
        ("text=" + "a" * 301, "text"),
        ("status=odd", "status"),
        ("sort=asc", "sort"),
    ],
)
def test_an_invalid_filter_is_named(make: Make, query: str, field: str) -> None:
    """A filter that cannot be read is refused by its name, and never ignored."""
    problem = listed(make(), f"?{query}")
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_input", field)


# --- filters --------------------------------------------------------------------------------------


def test_each_filter_selects_its_runs(app: WebApp) -> None:
    """Each filter alone, and several together, list the runs that fit and no others."""
    cheap = insert(app, tag="a", cost_nusd=1_000_000, checks_failed=0)
    dear = insert(app, tag="b", cost_nusd=2_000_000, checks_failed=2, action="summarize")
    broken = insert(app, code="provider_timeout")
    with app.service.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.id == broken).values(status="failed"))
    everything = sorted([cheap, dear, broken], reverse=True)
    assert ids(app) == everything
    for query, expected in {
        "tag=a": [cheap],
        "action=summarize": [dear],
        "status=failed": [broken],
        "status=running": [],
        "code=provider_timeout": [broken],
        "checks_failed=true": [dear],
        "checks_failed=false": [cheap],
        "min_cost_usd=0.0015": [dear],
        "max_cost_usd=0.001": sorted([cheap, broken], reverse=True),
        "min_cost_usd=0.001&max_cost_usd=0.001": [cheap],
        "action=classify&tag=b": [],
        "from=2020-01-01": everything,
        "to=2020-01-01": [],
        "from=2020-01-01T00:00:00Z&to=2020-01-02": [],
    }.items():
        assert ids(app, f"?{query}") == expected, query


def test_a_day_includes_its_end(app: WebApp) -> None:
    """`to` with a day has the runs of that day; with a time those before it."""
    day = 1_767_225_600_000  # 2026-01-01T00:00:00Z
    last = insert(app, id=f"run_{day + 86_399_999:012x}{'a' * 24}")
    insert(app, id=f"run_{day + 86_400_000:012x}{'a' * 24}")
    assert ids(app, "?from=2026-01-01&to=2026-01-01") == [last]
    assert ids(app, "?from=2026-01-01&to=2026-01-02T00:00:00%2B00:00") == [last]
    assert ids(app, "?to=2026-01-01T23:59:59.999Z") == []


def test_runs_of_other_keys_need_admin(app: WebApp) -> None:
    """A key lists its own runs; with the scope admin those of one key or of all."""
    own = insert(app)
    admin, admin_key = app.keys.create("chief", ("admin",))
    other = classified(app, "From the chief.", key=admin_key)
    name = app.keys.list_all()[0].name
    assert ids(app) == ids(app, f"?key={name}") == [own]
    assert listed(app, f"?key={admin.id}")["code"] == "forbidden"
    assert listed(app, "?key=*")["code"] == "forbidden"
    assert ids(app, key=admin_key) == [other]
    assert ids(app, f"?key={name}", admin_key) == [own]
    assert set(ids(app, "?key=*", admin_key)) == {own, other}
    assert set(ids(app, "?key=*&text=chief", admin_key)) == {other}
    assert listed(app, "?key=nobody", admin_key)["errors"][0]["field"] == "key"


def test_failed_checks_are_in_the_record(app: WebApp) -> None:
    """The number of failed checks that an answer states is what the list filters by."""
    answer = app.post(json=TICKET).get_json()
    assert app.service.records.get(answer["id"]).checks_failed == answer["checks_failed"]


# --- search ---------------------------------------------------------------------------------------


def test_words_and_phrases_are_found(app: WebApp) -> None:
    """All words must be there, in any order; those in quotation marks must follow one another.
    Capitals, accents and punctuation do not matter, and no text is an operator."""
    cafe = classified(app, "The Café at 12.50 EUR\nwas closed, Mr. O'Neil-Smith.")
    classified(app, "Nothing of the kind.")
    for query in (
        "closed cafe",
        "CAFÉ",
        '"was closed"',
        "12.50",
        "o'neil-smith",
        "closed OR",
        '"eur was"',
        "was:closed",
        "closed*",
        "-closed",
        'closed "',
    ):
        expected = [] if "OR" in query else [cafe]
        assert ids(app, f"?text={_quoted(query)}") == expected, query
    for query in ('"closed was"', "closed kind", "clos", "NOT closed"):
        assert ids(app, f"?text={_quoted(query)}") == [], query


def test_the_answer_is_searched_too_and_its_frame_is_not(app: WebApp) -> None:
    """Values of the answer are found; the engine, the model and the ids are not texts."""
    run_id = classified(app, "It crashed.")
    answer = listed(app)[0]
    assert ids(app, f"?text={answer['category']}") == [run_id]
    assert ids(app, "?text=scripted") == ids(app, f"?text={run_id}") == []


def test_a_search_is_paged_and_filtered(app: WebApp) -> None:
    """Pages and filters hold for a search as for a list."""
    found = [classified(app, f"Invoice {number}", tag=f"t{number % 2}") for number in range(5)]
    _, stranger = app.keys.create("stranger")
    classified(app, "Invoice of a stranger", key=stranger)
    newest_first = sorted(found, reverse=True)
    assert ids(app, "?text=invoice") == newest_first
    assert ids(app, "?text=invoice&limit=2") == newest_first[:2]
    assert ids(app, f"?text=invoice&cursor={newest_first[1]}&limit=2") == newest_first[2:4]
    assert ids(app, "?text=invoice&tag=t1") == sorted([found[1], found[3]], reverse=True)
    assert ids(app, "?text=invoice&action=summarize") == []
    assert ids(app, "?text=invoice&status=done&to=2020-01-01") == []
    assert ids(app, "?text=stranger") == []


def test_a_text_that_is_deleted_is_found_no_longer(app: WebApp) -> None:
    """The index loses a text with its run, and when the run loses its text."""
    deleted = classified(app, "Quillfeather one")
    emptied = classified(app, "Quillfeather two")
    changed = classified(app, "Quillfeather three")
    with app.service.database.begin() as connection:
        connection.execute(runs.delete().where(runs.c.id == deleted))
        empty = runs.update().values(form=None, answer=None)
        connection.execute(empty.where(runs.c.id == emptied))
        change = runs.update().values(form='{"text": "Featherquill"}')
        connection.execute(change.where(runs.c.id == changed))
    assert ids(app, "?text=quillfeather") == []
    SearchIndexer(app.service.database).index_all()
    assert ids(app, "?text=quillfeather") == []
    assert ids(app, "?text=featherquill") == [changed]
    with app.service.database.connect() as connection:
        numbers = connection.execute(select(runs.c.search_no).order_by(runs.c.id)).scalars().all()
        count = connection.execute(text("SELECT count(*) FROM run_search")).scalar()
    assert (numbers[0], count) == (None, 1)


def test_an_erased_word_is_not_in_the_file(make: Make) -> None:
    """After an erasure no word of the key's texts is left in the database, not even in the index
    of the search."""
    app = make()
    for number in range(3):
        classified(app, f"Quillfeather {number}")
    key = app.keys.list_all()[0]
    app.keys.revoke(key.id)
    files = list(app.service.settings.data_dir.glob("formcall.db*"))
    assert any(b"quillfeather" in file.read_bytes() for file in files)
    assert Erasure(app.service.database, key.id).run().is_complete
    with app.service.database.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    files = list(app.service.settings.data_dir.glob("formcall.db*"))
    assert files
    assert not any(b"quillfeather" in file.read_bytes().lower() for file in files)


def test_runs_with_the_same_number_are_both_found(app: WebApp) -> None:
    """Two runs of the same millisecond whose ids begin alike keep a number each."""
    start = f"run_{1_767_225_600_000:012x}{'0' * 5}"
    pair = [insert(app, id=start + end * 19, form='{"text": "Twin"}', search_no=0) for end in "ab"]
    assert run_number(pair[0]) == run_number(pair[1])
    SearchIndexer(app.service.database).index_all()
    assert set(ids(app, "?text=twin")) == set(pair)


def test_a_search_beyond_the_newest_runs(app: WebApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rare word is found however many runs there were since."""
    monkeypatch.setattr("connector.store.run_search._WINDOWS", (1, 2))
    found = [classified(app, "Rare"), classified(app, "Rare")]
    for number in range(4):
        classified(app, f"Common {number}")
    wanted = RunFilter(app.keys.list_all()[0].id, phrases=("rare",))
    rows = app.service.run_list.page(wanted, limit=10)
    assert [row.id for row in rows] == sorted(found, reverse=True)


def test_texts_that_are_not_stored_are_not_searched(make: Make) -> None:
    """Without stored texts a search is refused with the setting's name, and nothing is indexed."""
    app = make(store_text="off")
    classified(app, "Quillfeather")
    assert "FORMCALL_STORE_TEXT" in listed(app, "?text=quillfeather")["detail"]
    with app.service.database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM run_search")).scalar() == 0


def test_a_launched_service_indexes_by_itself(make: Make) -> None:
    """A run is found some time after its end, without any command."""
    from tests.support.service_harness import wait_until

    app = make()
    with app.launched():
        run_id = app.post(json={**TICKET, "text": "Quillfeather"}).get_json()["id"]
        assert wait_until(lambda: ids(app, "?text=quillfeather"), 30) == [run_id]


def test_what_is_searchable_of_a_run() -> None:
    """Texts and numbers at any depth, without the names of fields, addresses and flags."""
    form = '{"text": "a\\nb", "rows": [{"n": 7, "ok": true}], "callback_url": "https://x"}'
    answer = '{"result": "c", "model": "m", "data": {"total": 1.5, "empty": null}}'
    assert searchable_text(form, answer).split() == ["a", "b", "7", "c", "1.5"]
    assert searchable_text(None, "not JSON") == ""
    assert len(searchable_text(f'{{"text": "{"x" * 200_000}"}}', None)) == 100_000


def test_how_a_search_is_read() -> None:
    """Quotation marks make a phrase; what has no letter or digit is no word."""
    assert parse_phrases('one "two three" ! "" four" five') == ("one", "two three", 'four"', "five")
    assert len(parse_phrases("a " * 100)) == 20


# --- the parts of a run ---------------------------------------------------------------------------


def detailed(app: WebApp, run_id: str, include: str) -> Any:
    url = f"/v1/runs/{run_id}?include={include}"
    return app.client.get(url, headers=app.headers).get_json()


def test_the_parts_of_a_run(app: WebApp) -> None:
    """A run shows its form as it came, the request as the model reads it, its calls, its tools and
    its messages; and none of them unless they are asked for."""
    form = {**TICKET, "callback_url": "https://1.1.1.1/x"}
    run_id = app.post(json=form).get_json()["id"]
    parts = detailed(app, run_id, "form,request, ledger,trace,deliveries")
    assert parts["form"] == form
    assert TICKET["text"] in parts["request"]["message"]
    function = parts["request"]["functions"][0]
    assert function["name"] == parts["request"]["force"]
    assert "billing" in str(function["parameters"])
    assert [call["attempt"] for call in parts["ledger"]] == [1]
    assert [message["event"] for message in parts["deliveries"]] == ["run.completed"]
    assert parts["trace"] == []
    plain = detailed(app, run_id, "")
    assert not {"form", "request", "ledger", "deliveries"} & set(plain)
    assert detailed(app, run_id, "form,secrets")["errors"][0]["field"] == "include"


def test_the_request_of_a_document_leaves_its_text_out(make: Make) -> None:
    """Showing a run reads no file again, and fetches none."""
    app = make()
    form = {"file": "https://1.1.1.1/a.pdf", "fields": "total: number", "wait_seconds": 0}
    run_id = app.post("extract_document", json=form).get_json()["id"]
    request = detailed(app, run_id, "request")["request"]
    assert request["functions"]
    assert "left out" in request["note"]


def test_a_request_that_cannot_be_shown_says_why(make: Make) -> None:
    """A form that is not stored, or not valid any longer, is no error: the note has the reason."""
    app = make(store_text="off")
    run_id = app.post(json=TICKET).get_json()["id"]
    parts = detailed(app, run_id, "form,request")
    assert parts["form"] is None
    assert "FORMCALL_STORE_TEXT" in parts["request"]["note"]
    odd = insert(app, form='{"text": ""}')
    assert "cannot be made again" in detailed(app, odd, "request")["request"]["note"]


def _quoted(query: str) -> str:
    from urllib.parse import quote

    return quote(query, safe="")
