"""What people send is read alike through every way in, by the embedded engine and by a provider of
each dialect; what can be read in two ways is refused by all of them, and nothing is paid for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connector.json_types import Json
from tests.support.upstream import Script, forced_call
from tests.support.ways_in import ENGINES, WAYS, Case, Engine, engine_at_work

CP1252 = "windows-1252"

pytestmark = pytest.mark.slow  # about a minute of processor time, with three services


BODIES = ("JSON", "form", "multipart", "hook", "CSV")  # those with a charset of their own
FORMS = ("form", "multipart")

# --- the cases ------------------------------------------------------------------------------------

CHARGED = "I was charged twice on my invoice, please refund me."
NAMES = ["billing: invoice, charged, refund", "technical: errors, crashes"]


def chosen(category: str | None, **more: Any) -> Json:
    return {"category": category, "confidence": 0.9, "reason": "x", "runner_up": None, **more}


def listed(send: Any, names: list[str], first: str, text: str = CHARGED, **more: Any) -> Case:
    """A list of categories that is read as these names, of which the first fits the text."""
    asks = (text, *(json.dumps(name, ensure_ascii=False) for name in names))
    form = {"text": text, "categories": send}
    return Case("classify", form, chosen(first), {"category": first}, asks=asks, **more)


def bad_list(send: Any, code: str, *words: str) -> Case:
    form = {"text": CHARGED, "categories": send}
    return Case("classify", form, error=("categories", code, *words))


def fields(text: str, wanted: Any, data: Json, reply: Json | None = None, **more: Any) -> Case:
    """Fields that are read from a text; the model replies with the same data."""
    form = {"text": text, "fields": wanted}
    answer = {"data": data, **more.pop("answer", {})}
    return Case("extract", form, data if reply is None else reply, answer, **more)


LISTS = {
    "JSON in a text": listed('["billing", "technical"]', ["billing", "technical"], "billing"),
    "names with colons": listed(
        ["Billing: charged", "Support: technical"],
        ["Billing: charged", "Support: technical"],
        "Billing: charged",
    ),
    "CSV quoting": listed(
        '"Invoice, charged", "Crashes, errors"',
        ["Invoice, charged", "Crashes, errors"],
        "Invoice, charged",
    ),
    "semicolons": listed("invoice; crashes", ["invoice", "crashes"], "invoice"),
    "full-width commas": listed("invoice，crashes", ["invoice", "crashes"], "invoice"),
    "objects of a drop-down": listed(
        [{"label": "invoice", "value": "i1"}, {"label": "crashes", "value": "c1"}],
        ["invoice", "crashes"],
        "invoice",
    ),
    "a list in the names of a form": Case(
        "classify",
        {"text": CHARGED, "categories[0]": "Invoice: charged", "categories[1]": "crashes"},
        chosen("Invoice: charged"),
        {"category": "Invoice: charged"},
        asks=('"Invoice: charged"', '"crashes"'),
        ways=FORMS,
    ),
    "a list of Python": bad_list("['billing', 'technical']", "bad_line", "double quotes"),
    "a comma behind the last entry": bad_list('{"billing": "x",}', "bad_line", "looks like JSON"),
    "two dividers": bad_list("a, b; c", "bad_line", "one entry a line"),
    "one entry": bad_list("billing", "too_few", "one a line", "commas"),
    "a named fallback": Case(
        "classify",
        {"text": "Lovely weather today", "categories": "\n".join(NAMES), "fallback": "other"},
        chosen(None),
        {"category": "other", "matched": False},
    ),
    "labels with commas": Case(
        "classify",
        {
            "text": "invoice charged; errors and crashes",
            "categories": ["invoice, charged", "errors, crashes", "zebra"],
            "multiple": True,
        },
        {
            "categories": ["invoice, charged", "errors, crashes"],
            "confidence": 0.9,
            "reason": "x",
            "runner_up": None,
        },
        {"categories_text": "invoice, charged\nerrors, crashes"},
    ),
}
FIELDS = {
    "types as people write them": fields(
        "Total: EUR 12.50\nItems: 3",
        "Total Money\nitems int",
        {"Total": 12.5, "Total_currency": "EUR", "items": 3},
    ),
    "an object as text": fields(
        "Total: EUR 12.50\nPaid: no",
        '{"total": "money", "paid": "bool"}',
        {"total": 12.5, "total_currency": "EUR", "paid": False},
    ),
    "a JSON Schema": fields(
        "Due: 2026-03-04",
        {"type": "object", "properties": {"due": {"type": "string", "format": "date"}}},
        {"due": "2026-03-04"},
    ),
    "a type with a typing mistake": Case(
        "extract",
        {"text": "x", "fields": "total mony"},
        error=("fields", "not_a_choice", 'Did you mean "money"?'),
    ),
    "a choice with colons": fields(
        "Slot: 13:00", "slot choice(9:00|13:00)", {"slot": "13:00"}, asks=('"9:00"', '"13:00"')
    ),
    "a header and its rows": fields(
        "Order no. A-17\n\nItem | Quantity | Price\nPens | 12 | 3.50\nPaper | 2 | 7.00\n",
        "order_number text\nitems rows(item text, quantity integer)",
        {
            "order_number": "A-17",
            "items": [{"item": "Pens", "quantity": 12}, {"item": "Paper", "quantity": 2}],
            "items_text": "Pens, 12\nPaper, 2",
        },
        {
            "order_number": "A-17",
            "items": [{"item": "Pens", "quantity": 12}, {"item": "Paper", "quantity": 2}],
        },
    ),
}
THANKS = "Thanks, that solved it!"
OLD = "I was charged twice. This is a terrible problem and I am angry."
MOODS = "complaint: angry about a problem\npraise: thanks, happy, solved"
HTML = (
    f'<div dir="ltr">{THANKS}</div><img src="data:image/png;base64,{"iVBORw0K" * 99}"><br>'
    '<div class="gmail_quote"><div class="gmail_attr">On Mon, 2 Mar 2026 at 10:00, Support &lt;'
    f"s@example.com&gt; wrote:<br></div><blockquote>{OLD}</blockquote></div>"
)
SOURCE = (
    "Received: from mail.example.com\nFrom: Jane <jane@example.com>\nSubject: Re: Charge\n"
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    f"Content-Transfer-Encoding: quoted-printable\n\nThanks, that =\nsolved it!\n\n> {OLD}\n"
)
INSIDE = (
    "From: Jane <jane@example.com>\nSubject: Fwd: Charge\nMIME-Version: 1.0\n"
    f'Content-Type: multipart/mixed; boundary="b1"\n\n--b1\nContent-Type: text/plain\n\n{THANKS}\n'
    "--b1\nContent-Type: message/rfc822\nContent-Disposition: attachment; filename=a.eml\n\n"
    f"From: Support <s@example.com>\nSubject: Charge\nReceived: by x\n\n{OLD}\n--b1--\n"
)
MAILS = {
    name: Case(
        "classify",
        {"text": text, "categories": MOODS},
        chosen("praise"),
        {"category": "praise"},
        asks=(THANKS, "[earlier messages]", "terrible problem"),
        hides=("iVBORw0K", "blockquote", "Received:", "=\\\\n"),
    )
    for name, text in {
        "HTML with a picture": HTML,
        "the source of a mail": SOURCE,
        "a mail inside a mail": INSIDE,
        "a reply chain of Outlook": f"{THANKS}\n\nFrom: Support\nSent: Monday, 2 March 2026\n"
        f"To: Jane\nSubject: RE: Charge\n\n{OLD}\n",
    }.items()
} | {
    "a mail as it was sent": Case(
        "classify",
        {"text": HTML, "categories": MOODS},
        chosen("complaint"),
        {"category": "complaint"},
        options={"clean": "off"},
        asks=("iVBORw0K", "blockquote"),
    ),
    "the text that was read": Case(
        "classify",
        {"text": f"<p>{THANKS}</p>", "categories": MOODS},
        chosen("praise"),
        {"read_text": THANKS},
        options={"read_text": True},
        ways=("JSON", "query", "form", "multipart", "MCP"),
    ),
}
VALUES = {
    "another apostrophe": fields(
        "Shop: O’Neill’s",
        "shop text",
        {"shop": "O'Neill's"},
        local={"data": {"shop": "O’Neill’s"}},
        answer={"checks_failed": 0},
    ),
    "names that differ only in typography": bad_list("O’Neill\nO'Neill", "duplicate", "twice"),
    "an amount in brackets": fields(
        "Balance: (1,234.00)", "balance number", {"balance": -1234}, answer={"checks_failed": 0}
    ),
    "a minus after an amount": fields(
        "Balance: EUR 1,234.00-",
        "balance money",
        {"balance": -1234, "balance_currency": "EUR"},
        answer={"checks_failed": 0},
    ),
    "an amount of the other sign": fields(
        "Balance: -1,234.00",
        "balance number",
        {"balance": 1234},
        local={"data": {"balance": -1234}, "checks_failed": 0},
        answer={"checks_failed": 1},
    ),
    "a word for nothing": fields(
        "Nothing of the kind.",
        "vat_id text\ndue date",
        {"vat_id": None, "due": None},
        {"vat_id": "N/A", "due": "not provided"},
        answer={"not_found": ["vat_id", "due"]},
    ),
    "text in place of a number": fields(
        "Total: 1234.56\nPaid: no",
        "total number\npaid boolean",
        {"total": 1234.56, "paid": False},
        {"total": "1234.56", "paid": "false"},
    ),
}
CAFE = "Café invoice, charged 5 €"

REQUESTS = {
    **{
        f"declared as {charset}": listed(
            ["invoice", "crashes"],
            ["invoice", "crashes"],
            "invoice",
            CAFE,
            charset=charset,
            ways=BODIES,
        )
        for charset in (CP1252, "macintosh")  # Excel for Windows and for Mac
    },
    "a charset that is not declared": Case(
        "classify",
        {"text": CAFE, "categories": "invoice\ncrashes"},
        error=("", "", "UTF-8"),
        charset=CP1252,
        is_declared=False,
        ways=BODIES,
    ),
    "an option with a typing mistake": Case(
        "classify",
        {"text": CHARGED, "categories": NAMES},
        options={"dry_rum": True},
        error=("dry_rum", "", "dry_run"),
        ways=("JSON", "query", "form", "multipart", "hook", "MCP"),
    ),
    "a price before a run": Case(
        "classify",
        {"text": CHARGED, "categories": NAMES},
        answer={"status": "dry_run"},
        options={"dry_run": True},
        calls=0,
        ways=("JSON", "query", "form", "multipart", "hook", "MCP"),
    ),
    "line breaks inside JSON": listed(
        "invoice\ncrashes",
        ["invoice", "crashes"],
        "invoice",
        wrap=lambda text: text.replace("\\n", "\n"),
        ways=("JSON", "hook"),
    ),
    "JSON encoded twice": listed(
        "invoice\ncrashes",
        ["invoice", "crashes"],
        "invoice",
        wrap=json.dumps,
        ways=("JSON", "hook"),
    ),
    "sep= and empty columns": listed(
        "invoice | crashes",
        ["invoice", "crashes"],
        "invoice",
        "charged on an invoice",
        wrap=lambda text: "sep=;\r\n" + text.replace(",", ";").replace("\r\n", ";;\r\n"),
        ways=("CSV",),
    ),
    "UTF-16 as Excel writes it": listed(
        "invoice\ncrashes", ["invoice", "crashes"], "invoice", charset="utf-16", ways=("CSV",)
    ),
    "a zone and a country": fields(
        "Start: 03/04/2026 15:00\nFee: $5",
        "start datetime\nfee money",
        {"start": "2026-04-03T15:00+11:00", "fee": 5, "fee_currency": "AUD"},
        {"start": "2026-04-03T15:00", "fee": 5, "fee_currency": "AUD"},
        options={"timezone": "Australia/Sydney", "region": "AU"},
        asks=("local times of Australia/Sydney", "The text is from Australia"),
    ),
    "a zone that is none": Case(
        "extract",
        {"text": "x", "fields": "start datetime"},
        options={"timezone": "Mars/Base"},
        error=("timezone", "", "Mars/Base"),
    ),
}
CASES = {**LISTS, **FIELDS, **MAILS, **VALUES, **REQUESTS}


def applicable(case: Case) -> tuple[str, ...]:
    return case.ways or tuple(way for way in WAYS if way != "query" or case.options)


TABLE = [(name, way) for name, case in CASES.items() for way in applicable(case)]

# --- the engines ----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with engine_at_work(request.param, tmp_path_factory.mktemp(request.param)) as engine:
        yield engine


def has_values(found: Any, wanted: Any) -> bool:
    """Whether an object has these values, at every depth."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(has_values(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list) and len(found) == len(wanted):
        return all(map(has_values, found, wanted))
    return bool(found == wanted)


def check_refusal(case: Case, status: int, body: Json) -> None:
    name, code, *words = case.error
    # bytes that are no text have no fields: the body or the file is refused
    assert (status, body["code"]) == (422, "invalid_input") or (status == 400 and not name), body
    for error in body.get("errors", []):  # the rows of a batch have the sentence alone
        assert name in {error["field"].removeprefix("fixed."), ""}
        assert code in {error["code"], ""}
    assert not [word for word in words if word not in body["detail"]], body["detail"]


@pytest.mark.parametrize(("name", "way"), TABLE, ids=[f"{name}-{way}" for name, way in TABLE])
def test_every_way_in(engine: Engine, name: str, way: str) -> None:
    """The same answer or the same refusal, and one call of the model or none."""
    app, upstream = engine
    case = CASES[name]
    before = len(upstream.requests) if upstream else 0
    if upstream:
        upstream.script = Script([forced_call(case.reply)], repeat=True)
    status, body = WAYS[way](app, case)
    if case.error:
        check_refusal(case, status, body)
    else:
        assert status == 200, body
        wanted = {**case.answer, **({} if upstream else case.local)}
        found = {**body, "data": json.loads(body.get("data_json") or "{}")}
        if way == "CSV":  # its rows have what the action returns, and no checks
            wanted.pop("checks_failed", None)
        assert has_values(found, wanted), found
    if upstream:
        assert not upstream.errors
        sent = [json.dumps(one["body"], ensure_ascii=False) for one in upstream.requests[before:]]
        assert len(sent) == (0 if case.error else case.calls)
        for text in sent:
            assert not [word for word in case.asks if word not in text], text
            assert not [word for word in case.hides if word in text], text
