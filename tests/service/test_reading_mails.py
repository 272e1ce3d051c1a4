"""Mail, HTML and JSON in a text are read alike from every door, and cost what the clean text does.

The rows are what e-mail triggers of workflow tools deliver.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from connector.settings import Settings
from tests.support.batch_client import BatchClient
from tests.support.doors import DOORS
from tests.support.running_service import RunningService
from tests.support.upstream import FakeUpstream, Script, automatic
from tests.support.web_app import WebApp, build_web_app

THANKS = "Thanks, that solved it!"
OLD = "I was charged twice. This is a terrible problem and I am angry."
CATEGORIES = "complaint: angry about a problem\npraise: thanks, happy, solved"
WROTE = "On Mon, 2 Mar 2026 at 10:00, Support <support@example.com> wrote:"
SENT = "From: Support\nSent: Monday, 2 March 2026 10:00\nTo: Jane\nSubject: RE: Charge\n"
GMAIL = (
    f'<div dir="ltr">{THANKS}</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, '
    "2 Mar 2026 at 10:00, Support &lt;<a href='mailto:support@example.com'>support@example.com</a>"
    f'&gt; wrote:<br></div><blockquote class="gmail_quote">{OLD}</blockquote></div>'
)
OUTLOOK = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><style><!-- p.MsoNormal "
    "{margin:0cm;} --></style></head><body lang=EN-GB><div class=WordSection1><p class=MsoNormal>"
    f"{THANKS}</p><p class=MsoNormal>&nbsp;</p><div><p class=MsoNormal><b>From:</b> Support<br>"
    f"<b>Sent:</b> Monday, 2 March 2026 10:00<br><b>To:</b> Jane</p></div><p>{OLD}</p></div></body>"
    "</html>"
)
SOURCE = (
    "Received: from mail.example.com\r\nFrom: =?utf-8?Q?J=C3=B6rg?= <joerg@example.com>\r\n"
    "Subject: Re: Charge\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nThanks, that =\r\nsolved it!\r\n\r\n"
    f"{WROTE}\r\n> {OLD}\r\n"
)
# what was sent, and what is read of its first line
MAILS = {
    "Gmail": (GMAIL, THANKS),
    "Outlook": (OUTLOOK, THANKS),
    "plain text": (f"{THANKS}\n\n{WROTE}\n> {OLD}\n", THANKS),
    "plain text of Outlook": (f"{THANKS}\n\n{SENT}\n{OLD}\n", THANKS),
    "source": (SOURCE, "From: Jörg <joerg@example.com>"),
    "HTML as JSON text": (json.dumps(GMAIL), THANKS),
    "escaped HTML": (GMAIL.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), THANKS),
    "signature": (f"{THANKS}\n-- \nJane\nComplaints and angry problems department\n", THANKS),
}


OPTION_DOORS = [door for door in DOORS if door != "hook"]  # a stranger's post sets no options


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    app = build_web_app(Settings(engine="local", data_dir=tmp_path_factory.mktemp("local")), "test")
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


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("mail", MAILS)
def test_the_newest_message_decides(mail: str, door: str, local: WebApp) -> None:
    """Thanks above an old complaint are no complaint, whatever sends the mail and in which form."""
    text, first = MAILS[mail]
    form = {"text": text, "categories": CATEGORIES, "read_text": True}
    status, body = DOORS[door](local, "classify", form)
    assert (status, body["category"]) == (200, "praise"), body
    assert sum("newest message decides" in warning for warning in body["warnings"]) == 1
    if door in OPTION_DOORS:
        assert body["read_text"].splitlines()[0] == first
        is_unchanged = body["read_text"] == text
        assert is_unchanged == (not any("was sent as" in warning for warning in body["warnings"]))


@pytest.mark.parametrize("door", OPTION_DOORS)
def test_offsets(door: str, local: WebApp) -> None:
    """Each quote stands at its offsets in the text that was read, which the answer gives back."""
    text = (
        "<p>Invoice no. <b>NP-2041</b></p><table><tr><td>Total due</td><td>EUR&nbsp;1,240.50</td>"
    )
    form = {"text": text, "fields": "invoice_number text\ntotal money", "read_text": True}
    status, body = DOORS[door](local, "extract", form)
    assert (status, body["data"]["total"]) == (200, 1240.5)
    for entry in body["evidence"]:
        assert entry["verified"]
        assert body["read_text"][entry["start"] : entry["end"]] == entry["quote"]


EMPTY = "<p></p><img src='https://t.example/p.gif'>"


@pytest.mark.parametrize("door", DOORS)
def test_a_mail_without_a_text(door: str, local: WebApp) -> None:
    """HTML that shows no text is refused with the field and the fix; no category is guessed."""
    form = {"text": EMPTY, "categories": CATEGORIES}
    status, body = DOORS[door](local, "classify", form)
    assert (status, body["code"]) == (422, "invalid_input")
    (error,) = body["errors"]
    assert (error["field"], error["code"]) == ("text", "no_text")
    assert "HTML without any text" in error["message"]


@pytest.mark.parametrize("door", OPTION_DOORS)
@pytest.mark.parametrize(("name", "code"), [("clean", "not_a_choice"), ("read_text", "wrong_type")])
def test_wrong_options(name: str, code: str, door: str, local: WebApp) -> None:
    """Another word than the option takes is refused by name."""
    form = {"text": "x", "categories": CATEGORIES, name: "maybe"}
    status, body = DOORS[door](local, "classify", form)
    assert (status, body["code"]) == (422, "invalid_input")
    (error,) = body["errors"]
    assert (error["field"], error["code"]) == (name, code)


def test_what_the_model_is_sent(hosted: tuple[WebApp, FakeUpstream]) -> None:
    """The model reads the newest message first and no markup, in either dialect; with clean off it
    reads what was sent."""
    app, upstream = hosted
    for clean in ("", "auto", "off"):
        form = {"text": GMAIL, "categories": CATEGORIES, "clean": clean}
        status, body = DOORS["form"](app, "classify", form)
        assert (status, body["ok"]) == (200, True)
        sent = upstream.requests[-1]["body"]
        message = (sent.get("input") or sent["messages"])[1]["content"]
        if clean == "off":
            assert message == GMAIL
        else:
            assert message.startswith(f"{THANKS}\n\n[earlier messages]\nOn Mon, 2 Mar 2026")
            assert OLD in message
            assert "<" not in message.replace("<support@example.com>", "")


def test_an_image_in_a_mail_costs_nothing(hosted: tuple[WebApp, FakeUpstream]) -> None:
    """A picture of 15 kB in the HTML is not sent, so the call is as cheap as without it."""
    app, _ = hosted
    image = f'<img src="data:image/png;base64,{"iVBORw0K" * 1_900}">'
    prices = []
    for text in (f"<p>{THANKS}</p>{image}", f"<p>{THANKS}</p>"):
        form = {"text": text, "categories": CATEGORIES, "dry_run": True}
        _, body = DOORS["JSON"](app, "classify", form)
        prices.append((body["input_tokens"], body["expected_cost_usd"], body["max_cost_usd"]))
    assert prices[0] == prices[1]
    assert prices[0][0] < 700


def test_rows_of_a_table(live_local: RunningService) -> None:
    """The cells of a CSV are read in the same way, and a column may set clean."""
    table = io.StringIO()
    sheet = csv.writer(table)
    sheet.writerow(["text", "categories", "clean"])
    sheet.writerows([text, CATEGORIES, ""] for text, _ in MAILS.values())
    sheet.writerow([GMAIL, CATEGORIES, "off"])
    client = BatchClient(live_local.address, live_local.key, live_local)
    batch = client.create(table.getvalue())
    client.wait_finished(batch["id"])
    rows = client.rows(batch["id"])
    assert [row["category"] for row in rows] == ["praise"] * len(MAILS) + ["complaint"]
