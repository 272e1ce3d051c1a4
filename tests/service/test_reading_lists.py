"""Lists and fields are read alike from every door, or refused before a model is called."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.json_types import Json
from connector.settings import Settings
from connector.yaml_subset import read_yaml
from tests.support.batch_client import BatchClient
from tests.support.doors import DOORS
from tests.support.running_service import RunningService
from tests.support.upstream import FakeUpstream, Script, automatic, forced_call
from tests.support.web_app import WebApp, build_web_app

SPEC, _ = read_yaml((Path(__file__).parents[1] / "spec" / "lists.yaml").read_text(encoding="utf-8"))
TEXT = "I was charged twice for order A-1 on 4 March 2026."
FORMS: list[Json] = []
"""The form of each run, as it was read."""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """An application on the embedded engine that notes what it reads."""
    app = build_web_app(Settings(engine="local", data_dir=tmp_path_factory.mktemp("local")), "test")
    engine: Any = app.service.engine
    prepare = engine.prepare

    def noted(*given: Any, **named: Any) -> Any:
        run = prepare(*given, **named)
        FORMS.append(run.form)
        return run

    engine.prepare = noted
    yield app
    app.close()


@pytest.fixture(scope="module", params=["responses", "chat"])
def hosted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[WebApp, FakeUpstream]]:
    """An application on a fake provider, in each dialect."""
    with FakeUpstream(Script([automatic], repeat=True)) as upstream:
        settings = Settings(
            engine="openai",
            dialect=request.param,
            openai_base_url=upstream.base_url,
            openai_api_key="k",
            retired="error",
            data_dir=tmp_path_factory.mktemp(request.param),
        )
        app = build_web_app(settings, "test")
        yield app, upstream
        app.close()


def form_of(field: str, value: Any) -> tuple[str, Json]:
    """The action that has the field, and its form."""
    action = {"categories": "classify", "fields": "extract"}[field]
    return action, {"text": TEXT, field: value}


def written(field: Json) -> str:
    """A field as `name type`, with its choices or its own fields."""
    inner = "|".join(field["choices"]) or ", ".join(map(written, field["fields"]))
    return f"{field['name']} {field['type']}" + (f"({inner})" if inner else "")


def ids(cases: list[Json]) -> list[str]:
    return [case["why"] for case in cases]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", SPEC["options"], ids=ids(SPEC["options"]))
def test_categories(case: Json, door: str, local: WebApp) -> None:
    """Categories have the same names and descriptions, whatever sends them."""
    status, body = DOORS[door](local, *form_of("categories", case["send"]))
    assert status == 200, body
    names = ["|".join(filter(None, option.values())) for option in FORMS[-1]["categories"]]
    assert names == case["names"]
    assert body["category"] in {*(name.partition("|")[0] for name in names), None}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", SPEC["fields"], ids=ids(SPEC["fields"]))
def test_fields(case: Json, door: str, local: WebApp) -> None:
    """The caller's fields have the same names and types, whatever sends them."""
    status, body = DOORS[door](local, *form_of("fields", case["send"]))
    assert status == 200, body
    assert [written(field) for field in FORMS[-1]["fields"]] == case["get"]
    twins = {"items_text", "items_json", "e_text", "e_json"}
    assert set(body["data"]) - twins == {field["name"] for field in FORMS[-1]["fields"]}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", SPEC["refused"], ids=ids(SPEC["refused"]))
def test_refused(case: Json, door: str, local: WebApp) -> None:
    """What can be read in two ways, or in none, is refused with the field, the rule and the fix."""
    runs = len(FORMS)
    status, body = DOORS[door](local, *form_of(case["field"], case["send"]))
    assert (status, body["code"]) == (422, "invalid_input")
    (error,) = body["errors"]
    assert (error["field"], error["code"]) == (case["field"], case["code"])
    assert not [words for words in case["says"] if words not in error["message"]], error["message"]
    assert len(FORMS) == runs


@pytest.mark.parametrize("case", SPEC["options"], ids=ids(SPEC["options"]))
def test_the_model_gets_the_names(case: Json, hosted: tuple[WebApp, FakeUpstream]) -> None:
    """The names are the enum of the strict function, in either dialect."""
    app, upstream = hosted
    before = len(upstream.requests)
    status, body = DOORS["JSON"](app, *form_of("categories", case["send"]))
    assert (status, body["ok"]) == (200, True)
    assert not upstream.errors
    (request,) = upstream.requests[before:]
    (tool,) = request["body"]["tools"]
    schema = tool.get("function", tool)["parameters"]["properties"]["category"]
    assert schema["enum"] == [*(name.partition("|")[0] for name in case["names"]), None]


@pytest.mark.parametrize("case", SPEC["fields"], ids=ids(SPEC["fields"]))
def test_the_model_gets_the_fields(case: Json, hosted: tuple[WebApp, FakeUpstream]) -> None:
    """A provider that checks strict schemas takes the function of each shape, and its answer has
    every field."""
    app, upstream = hosted
    status, body = DOORS["JSON"](app, *form_of("fields", case["send"]))
    assert (status, body["ok"]) == (200, True), body
    assert not upstream.errors
    read = [field.partition("(")[0].rpartition(" ") for field in case["get"]]
    assert set(body["names"]) >= {name for name, _, _ in read}


@pytest.mark.parametrize("case", SPEC["refused"], ids=ids(SPEC["refused"]))
def test_nothing_is_paid_for_what_is_refused(
    case: Json, hosted: tuple[WebApp, FakeUpstream]
) -> None:
    """A list that is refused costs no call."""
    app, upstream = hosted
    before = len(upstream.requests)
    assert DOORS["form"](app, *form_of(case["field"], case["send"]))[0] == 422
    assert len(upstream.requests) == before


def test_rows_of_a_table(live_local: RunningService) -> None:
    """The cells of a CSV are read in the same way: a row is answered, or fails for its own cell."""
    texts = [case for case in SPEC["options"] if isinstance(case["send"], str)]
    bad = [
        case
        for case in SPEC["refused"]
        if case["field"] == "categories" and isinstance(case["send"], str)
    ]
    table = io.StringIO()
    sheet = csv.writer(table)
    sheet.writerow(["text", "categories"])
    sheet.writerows([TEXT, case["send"]] for case in [*texts, *bad])
    client = BatchClient(live_local.address, live_local.key, live_local)
    batch = client.create(table.getvalue())
    client.wait_finished(batch["id"])
    rows = client.rows(batch["id"])
    assert [row["status"] for row in rows] == ["done"] * len(texts) + ["failed"] * len(bad)
    for case, row in zip(texts, rows, strict=False):
        names = {name.partition("|")[0] for name in case["names"]}
        assert {row["category"], row["runner_up"]} <= {*names, None}


# --- answers --------------------------------------------------------------------------------------


def test_a_header_and_its_rows(local: WebApp) -> None:
    """One call gives a document's header and its rows, and the rows as text and as JSON too."""
    text = (
        "Order no. A-17\n\nItem | Quantity | Price\nPens | 12 | 3.50\nPaper, white | 2 | 7.00\n\n"
        "Total: EUR 56.00"
    )
    fields = "order_number text\nitems rows(item text, quantity integer, price money)\ntotal money"
    status, body = DOORS["form"](local, "extract", {"text": text, "fields": fields})
    assert status == 200
    rows = [
        {"item": "Pens", "quantity": 12, "price": 3.5, "price_currency": "EUR"},
        {"item": "Paper, white", "quantity": 2, "price": 7, "price_currency": "EUR"},
    ]
    data = body["data"]
    assert (data["order_number"], data["items"], data["total"]) == ("A-17", rows, 56)
    assert data["items_text"] == "Pens, 12, 3.5, EUR\nPaper, white, 2, 7, EUR"
    assert data["items_json"].startswith('[{"item": "Pens", "quantity": 12')
    assert dict(zip(body["names"], body["values"], strict=True)) == data
    found = {entry["field"]: entry["quote"] for entry in body["evidence"]}
    assert (found["items[0].quantity"], found["items[1].item"]) == ("12", "Paper, white")
    assert all(entry["verified"] for entry in body["evidence"])
    assert not body["not_found"]


@pytest.mark.parametrize("divider", [",", ";", "|", "，"])
def test_a_line_of_dividers(local: WebApp, divider: str) -> None:
    """Two million dividers are refused after the first ten thousand, also where no entry stands
    between them."""
    body = {"text": TEXT, "categories": f"a{divider * 700_000}b"}
    response = local.post(json=body)
    assert (response.status_code, response.get_json()["errors"][0]["code"]) == (422, "too_many")
    assert "10,000" in response.get_json()["detail"]


def test_names_of_the_caller_win_over_companions(local: WebApp) -> None:
    """A field of the caller's own keeps its name, and no text is made in its place."""
    fields = "items rows(item text)\nitems_text text"
    _, body = DOORS["JSON"](local, "extract", {"text": "x", "fields": fields})
    assert body["data"] == {"items": [], "items_json": "[]", "items_text": None}


@pytest.mark.parametrize(
    ("multiple", "fallback", "category", "categories"),
    [
        (False, "", None, []),
        (False, "other", "other", ["other"]),
        (False, "B, SOLD", "b, sold", ["b, sold"]),
        (True, "", None, []),
        (True, "other", "other", ["other"]),
    ],
)
def test_when_none_fits(
    multiple: bool,
    fallback: str,
    category: str | None,
    categories: list[str],
    hosted: tuple[WebApp, FakeUpstream],
) -> None:
    """The caller's own answer stands where no category fits, null without it; either way nothing
    was matched."""
    app, upstream = hosted
    before = upstream.script
    none: Json = {"categories": []} if multiple else {"category": None}
    upstream.script = Script(
        [forced_call({**none, "confidence": 0.9, "reason": "x", "runner_up": None})], repeat=True
    )
    form = {"text": TEXT, "categories": ["a", "b, sold"], "fallback": fallback}
    status, body = DOORS["JSON"](app, "classify", {**form, "multiple": multiple})
    upstream.script = before
    assert (status, body["ok"], body["matched"]) == (200, True, False)
    assert (body["category"], body["categories"]) == (category, categories)
    assert body["result"] == (category or "")
