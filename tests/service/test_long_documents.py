"""A document of 450 pages: all pages are read, all findings are returned, and the cost stays within
the announced maximum."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connector.catalogue import load_catalogue
from connector.catalogue.files import Document, FileInput, Files, Page, data_url
from connector.engine.documents import MAX_CONCURRENT_PARTS
from connector.engine.engine import Engine, Outcome
from connector.engine.splitting import split_pages
from connector.errors import FormcallError
from connector.json_types import Json
from connector.providers.factory import make_provider
from connector.providers.pricing.models import load_models
from connector.providers.pricing.tokens import TokenCounter as TokenCounter  # noqa: PLC0414
from connector.runs.responses import RunResponse
from connector.settings import Settings
from connector.store.keys import Key
from connector.store.ledger.money import cost_to_nano
from tests.support.document_factory import filler, pdf, photo, scan, table
from tests.support.guards import cpu_limit
from tests.support.service_harness import FakePricing, LocalService, OpenLocal, local_services
from tests.support.upstream import FakeUpstream, Reply, Request, Usage, fault, function_call
from tests.support.upstream.load import user_texts

COUNT = 450
NEEDLES = {  # at 2, 25, 50, 74 and 98 per cent
    9: (
        "What is the vault code of the Lisbon office?",
        "The vault code of the Lisbon office is 48213.",
    ),
    112: (
        "With whom is the insurance of the Lisbon office?",
        "The insurance of the Lisbon office is with Atlas Mutual.",
    ),
    225: (
        "When does the lease of the Lisbon office end?",
        "The lease of the Lisbon office ends on 30 June 2031.",
    ),
    333: (
        "Who is the head of the Lisbon office?",
        "The head of the Lisbon office is Marta Figueira.",
    ),
    441: ("How many people does the Lisbon office employ?", "The Lisbon office employs 37 people."),
}
SCANS = [number for number in range(1, COUNT + 1) if number % 10 == 0]
MARK = re.compile(r"^\[page (\d+)\]$", re.M)
TOGETHER = "Instead of it you have what each part gave"
CATALOGUE = load_catalogue()
MODELS = load_models()


def _page(number: int) -> Any:
    if number in SCANS:
        return scan(f"Scan {number}")
    lines = table(number) if number % 7 == 0 else filler(number)
    return [*lines[:20], NEEDLES[number][1], *lines[20:]] if number in NEEDLES else lines


@pytest.fixture(scope="module")
def paper() -> bytes:
    """The document: text, tables, and pages as a scanner makes them."""
    return pdf([_page(number) for number in range(1, COUNT + 1)])


@pytest.fixture(scope="module")
def read(paper: bytes) -> Files:
    """The same, read once for all tests that do not look at the reading itself."""
    engine = _engine(Settings(engine="scripted"))
    run = engine.prepare("answer", {"question": "?", "sources": data_url(paper)})
    engine.load_files(run)
    files: Files = run.form["sources"]
    return files


def _engine(settings: Settings) -> Engine:
    return Engine(CATALOGUE, make_provider(settings, MODELS, CATALOGUE), MODELS, settings)


Over = Callable[..., Engine]


@pytest.fixture
def over() -> Iterator[Over]:
    """An engine over a fake provider; its connections are closed in the end."""
    made: list[Engine] = []

    def one(upstream: FakeUpstream, **more: Any) -> Engine:
        given = {
            "engine": "openai",
            "openai_api_key": "sk-x",
            "openai_base_url": upstream.base_url,
            "retired": "error",
            **more,
        }
        made.append(_engine(Settings(**given)))
        return made[-1]

    yield one
    for engine in made:
        connected = getattr(engine.provider, "_connected", None)
        if connected:
            connected.close()


def _run(engine: Engine, files: Files, action: str = "answer", **form: Any) -> Outcome:
    """A run over files that are read already."""
    name = CATALOGUE[action].file_fields[0]
    run = engine.prepare(action, {**form, name: "https://example.com/paper.pdf"})
    run.set_files(**{name: files})
    return engine.execute(run)


# --- what a model does that reads what it is given ------------------------------------------------


def _said(request: Request) -> str:
    return "\n".join(user_texts(request.body))


def reader(request: Request) -> Reply:
    """Quotes each line about the office with the page above it; given what parts gave, puts their
    quotes together."""
    told = _said(request)
    quotes = (
        [quote for part in _json_lines(told) for quote in part["quotes"]]
        if TOGETHER in json.dumps(request.body)
        else []
    )
    page = None
    for line in told.splitlines() if not quotes else ():
        page = int(found[1]) if (found := MARK.match(line)) else page
        if "Lisbon office" in line and "?" not in line:
            quotes.append({"quote": line, "file": None, "page": page})
    answer = " ".join(one["quote"] for one in quotes) or "It does not say."
    return function_call("answer", {"answer": answer, "found": bool(quotes), "quotes": quotes})(
        request
    )


def _json_lines(text: str) -> Iterator[Json]:
    return (json.loads(line) for line in text.splitlines() if line.startswith("{"))


def _asked(upstream: FakeUpstream) -> tuple[list[Json], list[Json]]:
    """(the calls for parts, those that put their answers together)."""
    bodies = [request["body"] for request in upstream.requests]
    return [body for body in bodies if TOGETHER not in json.dumps(body)], [
        body for body in bodies if TOGETHER in json.dumps(body)
    ]


# --- the embedded engine --------------------------------------------------------------------------


@pytest.mark.parametrize("page", NEEDLES)
def test_the_embedded_engine_finds_each_needle(page: int, read: Files) -> None:
    """What stands on one page of 450 is found, and quoted with its page, which is looked up."""
    question, sentence = NEEDLES[page]
    outcome = _run(_engine(Settings(engine="local")), _blind(read), question=question)
    assert outcome.ok and outcome.values["found"]
    (cited,) = [one for one in outcome.values["citations"] if one["quote"] == sentence]
    assert (cited["page"], cited["verified"]) == (page, True)
    assert outcome.values["coverage"] == (COUNT - len(SCANS)) / COUNT


def _blind(files: Files) -> Files:
    """The same as an engine without eyes reads it."""
    pages = tuple(
        Page(1, page.number, page.text, coverage=float(not page.pictures)) for page in files.pages
    )
    return Files(files.inputs, (Document(1, "paper", "pdf", pages),))


@pytest.mark.parametrize("ocr", ["off", pytest.param("auto", marks=pytest.mark.slow)])
def test_scans_are_not_passed_over_in_silence(paper: bytes, ocr: str) -> None:
    """The embedded engine says which scans it did not read, and counts them as not covered; OCR
    takes no more time than leaves enough for the other pages."""
    engine = _engine(Settings(engine="local"))
    form = {"question": NEEDLES[9][0], "sources": data_url(paper), "ocr": ocr}
    outcome = engine.run("answer", form)
    assert outcome.ok, outcome.error
    assert outcome.values["page_count"] == COUNT
    assert NEEDLES[9][1] in outcome.values["answer"]
    unread = [one for one in outcome.warnings if "pictures that were not read" in one]
    count = int(unread[0].split()[0]) if unread else 0
    assert outcome.values["coverage"] == round(1 - count / COUNT, 4)
    if ocr == "off":
        assert list(outcome.warnings) == unread and count == len(SCANS)
        assert unread[0].startswith(
            "45 of 450 pages are pictures that were not read: page 10, page 20"
        ) and unread[0].endswith("and 35 more.")


# --- a model --------------------------------------------------------------------------------------


def test_every_page_is_sent_once(paper: bytes, over: Over) -> None:
    """With a model all 450 pages are sent, each exactly once, scans as pictures; the answer has
    every needle with its page."""
    with FakeUpstream([reader] * 99) as upstream:
        outcome = over(upstream).run(
            "answer", {"question": "What about the Lisbon office?", "sources": data_url(paper)}
        )
        parts, together = _asked(upstream)
    assert outcome.ok, outcome.error
    sent = Counter(
        int(number) for body in parts for text in user_texts(body) for number in MARK.findall(text)
    )
    assert sent == Counter(range(1, COUNT + 1))
    shown = [
        one["image_url"]
        for body in parts
        for one in body["input"][1]["content"]
        if one["type"] == "input_image"
    ]
    assert len(shown) == len(SCANS) and all(one.startswith("data:image/") for one in shown)
    assert len(parts) > 3 and len(together) == 1 and upstream.peak <= MAX_CONCURRENT_PARTS
    assert outcome.values["coverage"] == 1.0 and outcome.values["page_count"] == COUNT
    found = {one["page"]: one for one in outcome.values["citations"]}
    assert {page: one["quote"] for page, one in found.items()} == {
        page: sentence for page, (_, sentence) in NEEDLES.items()
    }
    assert all(one["verified"] for one in found.values())


def test_work_and_memory_of_our_own(read: Files) -> None:
    """Dividing, asking and putting together takes little beside the model's own time, and memory of
    the order of the text."""
    texts = _blind(read)
    size = sum(len(page.text) for page in texts.pages)

    class Instant:
        engine = "openai"

        def respond(self, request: Any) -> Any:
            from connector.providers.base import Call, Reply, Usage

            arguments = json.dumps(
                {
                    "answer": "x",
                    "found": True,
                    "quotes": [{"quote": NEEDLES[441][1], "file": None, "page": 441}],
                }
            )
            return Reply(
                "o4-mini", (Call("c", "answer", arguments),), usage=Usage(1_000, output=10)
            )

    engine = Engine(CATALOGUE, Instant(), MODELS, Settings())
    with cpu_limit():
        _run(engine, texts, question="warm up")
    tracemalloc.start()
    outcome = _run(engine, texts, question="What about the Lisbon office?")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome.ok
    assert peak <= 3 * size, f"{peak:,} bytes for {size:,} characters"


def test_a_part_that_fails_fails_the_run(read: Files, over: Over) -> None:
    """An answer to a part of a document is no answer: one call that cannot be made good ends the
    run, with what it cost."""
    lock, calls = threading.Lock(), Counter[str]()

    def sometimes(request: Request) -> Reply:
        with lock:
            calls["all"] += 1
            broken = calls["all"] == 3
        return fault("content_filter")(request) if broken else reader(request)

    with FakeUpstream([sometimes] * 99) as upstream:
        outcome = _run(over(upstream), read, question="What about the Lisbon office?")
        made = len(upstream.requests)
    assert outcome.error is not None and outcome.error.code == "refused"
    assert made <= 3 + MAX_CONCURRENT_PARTS and outcome.usage.input > 0 and outcome.values == {}


def test_parts_that_say_nothing_are_not_put_together(read: Files, over: Over) -> None:
    """Where only one part has the answer it is the answer, and no call is paid for putting one
    thing together."""

    def one_needle(request: Request) -> Reply:
        quotes = (
            [{"quote": NEEDLES[225][1], "file": None, "page": 225}]
            if NEEDLES[225][1] in _said(request)
            else []
        )
        return function_call(
            "answer",
            {"answer": "30 June 2031" if quotes else "-", "found": bool(quotes), "quotes": quotes},
        )(request)

    with FakeUpstream([one_needle] * 99) as upstream:
        outcome = _run(over(upstream), read, question=NEEDLES[225][0])
        _, together = _asked(upstream)
    assert outcome.result == "30 June 2031" and together == []
    assert outcome.values["citations"][0]["page"] == 225


def test_extraction_is_merged_by_the_server(read: Files, over: Over) -> None:
    """What parts give for a field: the first that is stated counts, another value elsewhere is
    told, nothing is asked again."""
    given = iter(range(99))

    def extracts(request: Request) -> Reply:
        number = next(given)
        text = _said(request)
        amount = (
            100.0 + number if any(sentence in text for _, sentence in NEEDLES.values()) else None
        )
        found = {"total": amount, "total_currency": amount and "EUR", "names": [f"n{number // 2}"]}
        return function_call("extract_document", found)(request)

    with FakeUpstream([extracts] * 99) as upstream:
        engine = over(upstream)
        outcome = _run(engine, read, "extract_document", fields="total money\nnames list")
        parts, together = _asked(upstream)
    assert outcome.ok and together == [] and len(parts) > 3
    data = outcome.values["data"]
    assert (
        data["total"] is not None
        and data["total_currency"] == "EUR"
        and len(data["names"]) == (len(parts) + 1) // 2
    )
    assert any(
        warning.startswith("total: ") and warning.endswith("the first was taken.")
        for warning in outcome.warnings
    )


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    with local_services(tmp_path) as open_one:
        yield open_one


# --- pictures -------------------------------------------------------------------------------------

IMAGE_PARTS = {
    "responses": lambda body: [
        part["image_url"] for part in body["input"][1]["content"] if part["type"] == "input_image"
    ],
    "chat": lambda body: [
        part["image_url"]["url"]
        for part in body["messages"][1]["content"]
        if part["type"] == "image_url"
    ],
}


@pytest.mark.parametrize("dialect", IMAGE_PARTS)
def test_images_in_both_dialects(dialect: str, over: Over) -> None:
    """Each image goes with the request, in its order, encoded anew, and what it can cost is counted
    before."""
    sent = [photo((300, 200), place=True), photo((64, 64), form="PNG")]
    with FakeUpstream() as upstream:
        engine = over(upstream, dialect=dialect)
        run = engine.prepare(
            "analyze_image", {"file": [data_url(one) for one in sent], "task": "compare"}
        )
        engine.load_files(run)
        outcome = engine.execute(run)
        (request,) = upstream.requests
    assert outcome.ok, outcome.error
    urls = IMAGE_PARTS[dialect](request["body"])
    pictures = [base64.b64decode(url.partition(",")[2]) for url in urls]
    assert [Image.open(io.BytesIO(one)).size for one in pictures] == [(300, 200), (64, 64)]
    assert b"SecretCamera" not in b"".join(pictures)
    row = MODELS.find("o4-mini")
    opening = run.initial_request()
    with_them, without = (
        TokenCounter().input_bound(one, row).tokens
        for one in (opening, replace(opening, pictures=()))
    )
    assert with_them - without >= math.ceil(10 * 7 * 1.72) + math.ceil(4 * 1.72)


def test_a_dry_run_shows_images_by_their_size(open_local: OpenLocal) -> None:
    """What would be sent is shown without the images' bytes."""
    with FakeUpstream() as upstream:
        local = open_local(upstream)
        runner = local.service.runner
        told = runner.run(
            runner.admission.prepare(
                local.key, "analyze_image", {"file": data_url(photo()), "dry_run": True}
            )
        )
        assert not upstream.requests
    answer = json.loads(told.body)
    assert (
        len(told.body) < 20_000
        and "data:image/jpeg;base64," in told.body
        and "characters)" in told.body
    )
    assert answer["input_tokens"] > 500


# --- money ----------------------------------------------------------------------------------------


def _ask(local: LocalService, key: Key | None = None, **form: Any) -> RunResponse:
    runner = local.service.runner
    return runner.run(runner.admission.prepare(key or local.key, "answer", form))


def _used(request: Request) -> Usage:
    return Usage(request.size // 6, 0, 200, 0)


TEXT = "\f".join(
    "\n".join([*filler(number), NEEDLES[number][1]] if number in NEEDLES else filler(number))
    for number in range(1, COUNT)
)


def test_calls_at_the_same_time_are_paid_exactly(open_local: OpenLocal) -> None:
    """What the books say is what the provider took, to the nano-dollar, and nothing stays
    reserved."""
    charged = FakePricing(reader, _used)
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        told = _ask(local, question="What about the Lisbon office?", text=TEXT)
        answer = json.loads(told.body)
        row = local.service.runner.records.get(told.id)
    assert told.status == "done", told.body
    assert len(charged.charges) > 4
    assert cost_to_nano(answer["cost_usd"]) == row.cost_nusd == charged.total
    assert row.reserved_nusd == 0


def test_a_budget_is_kept_over_all_parts(open_local: OpenLocal) -> None:
    """A budget that cannot pay for all parts refuses before the first is asked; one that can is not
    overspent by a nano-dollar."""
    charged = FakePricing(reader, lambda request: Usage(request.size // 6, 0, None, 0))
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        form: Json = {"question": "What about the Lisbon office?", "text": TEXT}
        forecast = json.loads(_ask(local, **form, dry_run=True).body)
        assert "calls for its parts" in forecast["result"] and len(forecast["requests"]) > 3
        assert not upstream.requests
        refused = _ask(local, **form, max_cost_usd=forecast["first_call_max_usd"] / 8)
        assert (
            refused.code == "cost_limit"
            and "calls that a document of this length takes" in json.loads(refused.body)["detail"]
        )
        poor = local.new_key(day=(cost_to_nano(forecast["first_call_max_usd"]) or 0) // 100)
        assert _ask(local, key=poor, **form).code == "budget_exceeded"
        assert not upstream.requests and charged.total == 0
        budget = (cost_to_nano(forecast["first_call_max_usd"]) or 0) // 2
        key = local.new_key(day=budget)
        told = _ask(local, key=key, **form)
        assert upstream.requests
        assert charged.total <= budget, told.body
        row = local.service.runner.records.get(told.id)
        assert row.cost_nusd == charged.total and row.reserved_nusd == 0


def test_repairs_of_several_parts_at_once_are_paid(open_local: OpenLocal) -> None:
    """Calls that need another while others are under way reserve beside them, so a run can never
    spend what it has not reserved."""
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def at_second_try(request: Request) -> Reply:
        key = _said(request)[:4_000]
        with lock:
            seen[key] += 1
            again = seen[key] > 1 or TOGETHER in json.dumps(request.body)
        return reader(request) if again else function_call("answer", {"answer": 5})(request)

    charged = FakePricing(at_second_try, _used)
    with FakeUpstream(charged.script) as upstream:
        local = open_local(upstream)
        key = local.new_key(day=10**11)
        told = _ask(local, key=key, question="What about the Lisbon office?", text=TEXT)
        row = local.service.runner.records.get(told.id)
    assert told.status == "done", told.body
    assert sum(count > 1 for count in seen.values()) > 3
    assert row.cost_nusd == charged.total and row.reserved_nusd == 0


# --- dividing -------------------------------------------------------------------------------------


def _files(*texts: str) -> Files:
    return Files(
        (FileInput(url="x"),),
        (
            Document(
                1, "x", "txt", tuple(Page(1, number, text) for number, text in enumerate(texts, 1))
            ),
        ),
    )


@pytest.mark.parametrize("budget", [20, 40, 90, 400])
@pytest.mark.parametrize(
    "texts",
    [
        ("word " * 500,),
        ("a" * 3_000,),
        (
            "\n\n".join(f"Paragraph {n} says something." for n in range(60)),
            "short",
            "",
            "line\n" * 200,
        ),
        tuple(f"page {n} " * (n % 9) for n in range(80)),
        ("日本語の文章です。" * 120,),
    ],
    ids=["words", "one word", "paragraphs", "pages", "no spaces"],
)
def test_nothing_is_lost_in_dividing(texts: tuple[str, ...], budget: int) -> None:
    """Every letter of every page is in exactly one part, in order, no part is longer than it may
    be, and parts are well filled."""
    files = _files(*texts)
    parts = list(split_pages(files, budget, lambda text: -(-len(text.encode()) // 3), ()))
    together: dict[int, str] = {}
    for part in parts:
        for page in part.pages:
            together[page.number] = together.get(page.number, "") + page.text
    bare = {page.number: "".join(page.text.split()) for page in files.pages}
    assert {number: "".join(text.split()) for number, text in together.items()} == bare
    lengths = [sum(12 + -(-len(page.text.encode()) // 3) for page in part.pages) for part in parts]
    assert max(lengths) <= budget
    assert all(one + other > budget // 2 for one, other in pairwise(lengths)) or len(parts) < 3


def test_too_long_for_an_action_that_cannot_be_divided(over: Over) -> None:
    """Where parts make no sense, as for images to compare, a document beyond the model's window is
    refused unpaid."""
    with FakeUpstream() as upstream:
        engine = over(upstream)
        outcome = _run(engine, _files(*["word " * 20_000] * 10), "analyze_image")
    assert (
        isinstance(outcome.error, FormcallError)
        and outcome.error.code == "too_long"
        and not upstream.requests
    )
