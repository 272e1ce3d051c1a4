"""What a model returns is compared with its source as people read it, and is not paid for twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from connector.json_types import Json
from connector.settings import Settings
from tests.support.upstream import FakeUpstream, Script, forced_call
from tests.support.web_app import WebApp, build_web_app


@pytest.fixture(scope="module", params=["responses", "chat"])
def hosted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[WebApp, FakeUpstream]]:
    """An application on a fake provider, in each dialect."""
    with FakeUpstream() as upstream:
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


def extract(
    hosted: tuple[WebApp, FakeUpstream], text: str, fields: str, answer: Json, **form: Any
) -> tuple[Json, int]:
    """The answer to a text for which the model returns ``answer``, and the number of calls."""
    app, upstream = hosted
    upstream.script = Script([forced_call(answer)], repeat=True)
    before = len(upstream.requests)
    response = app.post("extract", json={"text": text, "fields": fields, **form})
    body: Json = response.get_json()
    assert response.status_code == 200, body
    assert not upstream.errors
    return body, len(upstream.requests) - before


QUOTED = [
    ("shop text", "at O’Neill’s, Dublin", "O'Neill's", "O’Neill’s"),
    ("shop text", "at O'Neill's, Dublin", "O’Neill’s", "O'Neill's"),
    ("room text", "Room A–12 is free", "A-12", "A–12"),
    ("word text", "the ﬁrst of\u00adfice", "first office", "ﬁrst of\u00adfice"),
    ("name text", "by Rene\u0301e", "Renée", "Rene\u0301e"),
    ("total number", "total １,２４０.５０ due", 1240.5, "１,２４０.５０"),
    ("total number", "المجموع ١٢٣٤٫٥ ريال", 1234.5, "١٢٣٤٫٥"),
    ("total number", "total 1\u202f234,50 EUR", 1234.5, "1\u202f234,50"),
    (
        "mood text",
        "all good \U0001f44d\ufe0f here",
        "good \U0001f44d here",
        "good \U0001f44d\ufe0f here",
    ),
    ("total number", "Balance (1,234.00)", -1234, "1,234.00"),
    ("total number", "Balance 1,234.00-", -1234, "1,234.00"),
    ("total number", "Balance \u22121,234.00", -1234, "1,234.00"),
]


@pytest.mark.parametrize(
    ("field", "text", "value", "quoted"), QUOTED, ids=[ascii(case[1])[:40] for case in QUOTED]
)
def test_verified(
    hosted: tuple[WebApp, FakeUpstream], field: str, text: str, value: Any, quoted: str
) -> None:
    """A value is verified whatever the typography; quote and offsets are the source's own, and the
    stronger model is not called."""
    name = field.partition(" ")[0]
    body, calls = extract(hosted, text, field, {name: value}, quality="auto")
    (entry,) = body["evidence"]
    assert (entry["verified"], entry["quote"]) == (True, quoted)
    assert text[entry["start"] : entry["end"]] == quoted
    assert (calls, body["escalated"], body["checks_failed"]) == (1, False, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Balance (1,234.00)", 1234),
        ("Balance 1,234.00-", 1234),
        ("Balance -1,234.00", 1234),
        ("Balance 1,234.00", -1234),
        ("Balance 10² m", 102),
    ],
)
def test_the_sign_counts(hosted: tuple[WebApp, FakeUpstream], text: str, value: float) -> None:
    """An amount of the other sign, or with an exponent read as a digit, is not verified."""
    body, _ = extract(hosted, text, "balance number", {"balance": value})
    assert [entry["verified"] for entry in body["evidence"]] == [False]


@pytest.mark.parametrize(
    "word", ["N/A", "n/a.", "None", "not provided", "-", "—", "(unknown)", "null"]
)
@pytest.mark.parametrize("field", ["vat_id text", "due date", "total number", "paid boolean"])
def test_not_given(hosted: tuple[WebApp, FakeUpstream], field: str, word: str) -> None:
    """A model's word for a value that the source does not give is null, in one call."""
    name = field.partition(" ")[0]
    body, calls = extract(hosted, "Nothing of the kind.", field, {name: word})
    assert (body["data"], body["not_found"], calls) == ({name: None}, [name], 1)


def test_none_may_be_stated(hosted: tuple[WebApp, FakeUpstream]) -> None:
    """`Allergies: none` says something; the same word for another field does not."""
    text = "Patient: Ann\nAllergies: None\nMedication: not asked"
    answer = {"allergies": "None", "surgery": "None", "patient": "Ann"}
    body, _ = extract(hosted, text, "allergies\nsurgery\npatient", answer)
    assert body["data"] == {"allergies": "None", "surgery": None, "patient": "Ann"}
    assert body["not_found"] == ["surgery"]


def test_right_type(hosted: tuple[WebApp, FakeUpstream]) -> None:
    """Text in place of a number, a date, yes or no, or a list is taken where it has one reading."""
    text = "Paid: no. Total 1234.56 of 2026-03-04 for a, b."
    fields = "paid boolean\ntotal number\non date\nitems list"
    answer = {"paid": "false", "total": "1234.56", "on": "2026-03-04T00:00:00", "items": "a, b"}
    body, calls = extract(hosted, text, fields, answer)
    assert calls == 1
    assert body["data"] == {
        "paid": False,
        "total": 1234.56,
        "on": "2026-03-04",
        "items": ["a", "b"],
    }


def test_two_readings_are_asked_again(hosted: tuple[WebApp, FakeUpstream]) -> None:
    """A number that two countries read differently is not guessed: the model says it again."""
    app, upstream = hosted
    upstream.script = Script([forced_call({"total": "1,234"}), forced_call({"total": 1234})])
    body = app.post("extract", json={"text": "Total 1,234", "fields": "total number"}).get_json()
    assert body["data"] == {"total": 1234}


def test_categories_are_compared_as_people_read_them(hosted: tuple[WebApp, FakeUpstream]) -> None:
    """A category that the model writes with other typography is the caller's own."""
    app, upstream = hosted
    given = {"category": "O'Neill's - bar", "confidence": 0.9, "reason": "x", "runner_up": "N/A"}
    upstream.script = Script([forced_call(given)])
    form = {"text": "x", "categories": ["O’Neill’s – bar", "other"]}
    body = app.post("classify", json=form).get_json()
    assert (body["category"], body["runner_up"]) == ("O’Neill’s – bar", None)


@pytest.mark.parametrize(
    ("names", "text"),
    [(["a, b", "c, d", "e"], "a, b\nc, d"), (["x", "y", "z"], "x, y")],
)
def test_several_labels_can_be_divided_again(
    hosted: tuple[WebApp, FakeUpstream], names: list[str], text: str
) -> None:
    """Labels are divided by commas, or one a line where a name has a comma."""
    app, upstream = hosted
    given = {"categories": names[:2], "confidence": 0.9, "reason": "x", "runner_up": None}
    upstream.script = Script([forced_call(given)])
    body = app.post(
        "classify", json={"text": "x", "categories": names, "multiple": True}
    ).get_json()
    assert (body["categories"], body["categories_text"], body["result"]) == (names[:2], text, text)


# the bytes that these clients send for {"categories": ["a", "b"]} and for rows of fields
BODIES = {
    "axios 1.x, URLSearchParams": "categories%5B%5D=billing&categories%5B%5D=tech%3A+x",
    "qs 6.x, indices": "categories%5B0%5D=billing&categories%5B1%5D=tech%3A%20x",
    "qs 6.x, repeat": "categories=billing&categories=tech%3A%20x",
    "PHP 8, http_build_query": "categories%5B0%5D=billing&categories%5B1%5D=tech%3A+x",
    "jQuery 3, $.param": "categories%5B%5D=billing&categories%5B%5D=tech%3A%20x",
    "objects": "categories%5B0%5D%5Bname%5D=billing&categories%5B1%5D%5Bname%5D=tech%3A+x",
}


@pytest.mark.parametrize("client", BODIES)
def test_lists_in_the_names_of_a_form(hosted: tuple[WebApp, FakeUpstream], client: str) -> None:
    """A list in a form's names is a real list: its entries are names as they stand."""
    app, upstream = hosted
    given = {"category": "tech: x", "confidence": 0.9, "reason": "x", "runner_up": None}
    upstream.script = Script([forced_call(given)])
    response = app.post(
        "classify",
        data=f"text={quote('Größe & mehr')}&{BODIES[client]}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (response.status_code, response.get_json()["category"]) == (200, "tech: x")
