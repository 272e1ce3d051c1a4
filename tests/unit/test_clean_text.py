"""Mail, HTML and JSON in text fields: what is recognised, what is read, and what is left alone."""

from __future__ import annotations

import json
import time
from email.message import EmailMessage
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.catalogue.clean_text import clean_text
from connector.catalogue.html_text import html_to_text
from connector.catalogue.mail_text import DividedMail, divide_mail
from connector.engine.engine import Engine, Outcome
from connector.errors import InvalidInput
from connector.providers.factory import make_provider
from connector.providers.pricing.models import load_models
from connector.settings import Settings

HTML = [
    ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    ("Hello<br>my order <b>17</b> is late<br/>Thanks", "Hello\nmy order 17 is late\nThanks"),
    ("<div>a&nbsp;&euro;&#8364;&amp;</div><div>b</div>", "a €€&\nb"),
    ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", "A\tB\n1\t2"),
    ("<ul><li>one<li>two</ul>", "- one\n- two"),
    (
        '<p>See <a href="https://x.example/?a=1&amp;b=2">it</a></p>',
        "See it (https://x.example/?a=1&b=2)",
    ),
    ('<p><a href="mailto:a@b.example">a@b.example</a></p>', "a@b.example"),
    ("<p>x</p><style>p{color:red}</style><script>if (a<b) {}</script>", "x"),
    ("<p>x</p><script>never closed", "x"),
    ('<p>x<img src="data:image/png;base64,AAAA" alt="A logo"></p>', "x[image: A logo]"),
    ('<p>x<img alt="" src="https://t.example/pixel.gif"></p>', "x"),
    ('<div style="display:none">preview<div>inner</div></div><p>Seen</p>', "Seen"),
    ("<p>x</p><!-- a > b --><p>y</p>", "x\n\ny"),
    ('<p title="a > b">x</p>', "x"),
    ("<pre>a\n  b</pre>", "a\n  b"),
    ("<blockquote><p>Old</p></blockquote><p>New</p>", "> Old\n\nNew"),
    ("<p>In\u00advoice \u200b\u200c17</p>", "Invoice 17"),
    ("<p>a < b and 3 <4</p>", "a < b and 3 <4"),
    ("<P>upper<BR>case</P>", "upper\ncase"),
    ("<p>&#99999999999;x</p>", "\ufffdx"),
]


@pytest.mark.parametrize(("source", "text"), HTML)
def test_html_is_read_as_people_see_it(source: str, text: str) -> None:
    """Blocks are lines, cells are divided, links keep their address; nothing hidden is read."""
    assert html_to_text(source) == text
    assert clean_text(source).text == text
    assert clean_text(source).kinds == ("html",)


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("AT&amp;T caf&eacute;", "AT&T café", ("entities",)),
        ("&lt;p&gt;Hello &amp;amp; bye&lt;/p&gt;", "Hello & bye", ("entities", "html")),
        ("<p>Write &lt;p&gt;x&lt;/p&gt; in HTML</p>", "Write <p>x</p> in HTML", ("html",)),
        (r"Caf\u00e9 \ud83d\ude00", "Café 😀", ("escapes",)),
        (r'"Line one\nLine \u00e9"', "Line one\nLine é", ("json-text",)),
        (r'"<p>a<\/p><p>b<\/p>"', "a\n\nb", ("json-text", "html")),
        (
            '{"from":{"name":"J\\u00f6rg"},"body":"<p>Hi</p><p>Bye</p>","n":[1,true,null]}',
            "from.name: Jörg\nbody:\nHi\n\nBye\nn[0]: 1\nn[1]: true",
            ("json",),
        ),
        (
            "Hello=20World, a line that is =\nbroken: caf=C3=A9.",
            "Hello World, a line that is broken: café.",
            ("quoted-printable",),
        ),
        ("caf=E9 =\nbar", "café bar", ("quoted-printable",)),
        ("![x](data:image/png;base64,iVBORw0KGgo=) seen", "![x]([image]) seen", ("image",)),
    ],
)
def test_other_forms(source: str, text: str, kinds: tuple[str, ...]) -> None:
    """Entities, escapes, JSON, quoted-printable and embedded images are resolved."""
    cleaned = clean_text(source)
    assert (cleaned.text, cleaned.kinds) == (text, kinds)


@pytest.mark.parametrize(
    "text",
    [
        "How do I use <div> in HTML?",
        "if a < b and c > d: List<String> x = new ArrayList<>();",
        "```\n<p>Example</p><p>of code</p>\n```",
        "<invoice><total>5</total></invoice>",
        "Write to <jane@example.com> or <https://example.com>",
        "a=b\nc=d",
        "https://x.example/?a=20&b=3",
        "[urgent] please call {name}",
        "{not json}",
        '"Quoted" and then "more"',
        r"C:\users\new",
        "Tom & Jerry; 3 &4",
        "From: Jane\nSubject: Hello\n\nThis was copied by hand.",
        "Note: one\nTotal: 5\nDue: today\n\nMessage-IDs are not headers here.",
        "",
        " \n ",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """A text that only mentions a tag, a header or a brace is read as it is."""
    assert clean_text(text).text == text
    assert clean_text(text).kinds == ()


# --- the source of a mail -------------------------------------------------------------------------


def mail(*, plain: str = "", html: str = "", attachment: bytes = b"", cte: str = "") -> str:
    """The source of a mail as Python's own library writes it."""
    message = EmailMessage()
    message["From"] = "Jörg Müller <joerg@example.com>"
    message["To"] = "support@example.com"
    message["Subject"] = "Rechnung über 5 €"
    message["Message-ID"] = "<1@example.com>"
    if plain:
        message.set_content(plain, cte=cte or None)
    if html and plain:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    if attachment:
        message.add_attachment(
            attachment, maintype="application", subtype="pdf", filename="rechnung.pdf"
        )
    return message.as_string()


@pytest.mark.parametrize(
    ("made", "body"),
    [
        ({"plain": "Grüße, doppelt abgebucht"}, "Grüße, doppelt abgebucht"),
        ({"plain": "Grüße " * 40, "cte": "quoted-printable"}, ("Grüße " * 40).strip()),
        ({"plain": "Grüße", "cte": "base64"}, "Grüße"),
        ({"html": "<p>Nur <b>HTML</b></p>"}, "Nur HTML"),
        ({"plain": "Plain wins", "html": "<p>x</p>"}, "Plain wins"),
        (
            {"plain": "See the file", "html": "<p>x</p>", "attachment": b"%PDF" * 9_000},
            "See the file",
        ),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_mail_source_is_read_as_its_reader_sees_it(
    made: dict[str, Any], body: str, line_end: str
) -> None:
    """Headers are decoded, the text is that of the mail, attachments are named and not read."""
    source = mail(**made).replace("\n", line_end)
    cleaned = clean_text(source)
    head = "From: Jörg Müller <joerg@example.com>\nTo: support@example.com\n"
    head += "Subject: Rechnung über 5 €\n"
    head += "Attachment: rechnung.pdf\n" if "attachment" in made else ""
    assert cleaned.text.replace("\r\n", "\n") == f"{head}\n{body}"
    assert cleaned.kinds == ("mail",)


# --- the newest message ---------------------------------------------------------------------------

THANKS = "Thanks, that solved it!"
OLD = "I was charged twice. This is a terrible problem and I am angry."
ATTRIBUTIONS = [
    "On Mon, 2 Mar 2026 at 10:00, Support <s@x.example> wrote:",
    "On Mon, 2 Mar 2026 at 10:00, A Very Long Name of a Support Team\n<s@x.example> wrote:",
    "Am 02.03.2026 um 10:00 schrieb Support <s@x.example>:",
    "Le lun. 2 mars 2026 à 10:00, Support <s@x.example> a écrit :",
    "El lun, 2 mar 2026 a las 10:00, Support (<s@x.example>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Support <s@x.example> ha scritto:",
    "Op ma 2 mrt 2026 om 10:00 schreef Support <s@x.example>:",
    "-----Original Message-----\nFrom: Support\nSent: Monday\nTo: Jane",
    "From: Support <s@x.example>\nSent: Monday, March 2, 2026\nTo: Jane\nSubject: RE: Charge\n",
    "Von: Support <s@x.example>\nGesendet: Montag, 2. März 2026\nAn: Jane\nBetreff: AW: x\n",
    "*From:* Support <s@x.example>\n*Sent:* Monday, March 2, 2026\n",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("quote", ["> ", ""])
def test_the_newest_message_is_divided_off(attribution: str, quote: str) -> None:
    """What clients write above a quoted message divides it from the newest one."""
    divided = divide_mail(f"{THANKS}\n\n{attribution}\n{quote}{OLD}\n")
    assert divided.newest == THANKS
    assert OLD in divided.earlier
    assert divided.as_text().startswith(f"{THANKS}\n\n[earlier messages]\n")


@pytest.mark.parametrize(
    ("text", "newest", "signature"),
    [
        ("> Was it right?\n\nYes.", "Yes.", ""),
        ("> One?\nYes.\n> Two?\nNo.", "Yes.\nNo.", ""),
        (f"{ATTRIBUTIONS[0]}\n> {OLD}\n\n{THANKS}", THANKS, ""),
        ("Please fix it.\n-- \nJane\nACME", "Please fix it.", "-- \nJane\nACME"),
        ("Yes\n\nSent from my iPhone", "Yes", "Sent from my iPhone"),
    ],
)
def test_answers_below_and_between(text: str, newest: str, signature: str) -> None:
    """Quoted lines are divided off wherever they are, and so is a signature."""
    divided = divide_mail(text)
    assert (divided.newest, divided.signature) == (newest, signature)
    assert divided.is_divided


@pytest.mark.parametrize(
    "text",
    [
        "A plain text.\nOf two lines.",
        f"FYI\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\n\n{OLD}",
        f"-----Original Message-----\nFrom: a\nSent: b\n\n{OLD}",
        f"{ATTRIBUTIONS[0]}\n{OLD}",
        f"> {OLD}",
        "On Monday we wrote to you.\nOn time: never.",
        "-- \nJane",
        "",
    ],
)
def test_texts_without_an_earlier_message(text: str) -> None:
    """A forwarded message decides, as does a text that quotes nothing or is only a quotation."""
    divided = divide_mail(text)
    assert divided == DividedMail(text) or (divided.newest == text and not divided.is_divided)


# --- runs -----------------------------------------------------------------------------------------

CATEGORIES = "complaint: angry about a problem\npraise: thanks, happy, solved"
GMAIL = (
    f'<html><body><div dir="ltr">{THANKS}</div><div class="gmail_quote"><div>{ATTRIBUTIONS[0]}'
    f"</div><blockquote>{OLD}</blockquote></div></body></html>"
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    catalogue, models, settings = load_catalogue(), load_models(), Settings(engine="local")
    return Engine(catalogue, make_provider(settings, models, catalogue), models, settings)


def answer(outcome: Outcome) -> dict[str, Any]:
    assert outcome.ok, outcome.error
    return outcome.to_json()


@pytest.mark.parametrize("text", [GMAIL, f"{THANKS}\n\n{ATTRIBUTIONS[0]}\n> {OLD}"])
def test_the_newest_message_decides(engine: Engine, text: str) -> None:
    """Thanks above an old complaint are no complaint, in HTML as in plain text."""
    form = {"text": text, "categories": CATEGORIES}
    found = answer(engine.run("classify", form))
    assert found["category"] == "praise"
    assert any("newest message decides" in warning for warning in found["warnings"])
    assert answer(engine.run("classify", {**form, "clean": "off"}))["category"] == "complaint"


def test_a_hosted_model_gets_the_newest_message_first(engine: Engine) -> None:
    """The prompt has the newest message first and names what follows; the form stays as read."""
    form = {"text": f"> {OLD}\n\n{THANKS}", "categories": CATEGORIES}
    request = engine.prepare("classify", form).initial_request()
    assert request.message == f"{THANKS}\n\n[earlier messages]\n> {OLD}"
    assert "newest message comes first and decides" in request.instructions
    assert request.values["text"] == form["text"]
    off = engine.prepare("classify", {**form, "clean": "off"}).initial_request()
    assert off.message == form["text"]
    whole = engine.prepare("summarize", {"text": form["text"]}).initial_request()
    assert form["text"] in whole.message


def test_offsets_are_those_of_the_text_that_was_read(engine: Engine) -> None:
    """Each quote stands in the text that the answer gives back on demand, at its offsets."""
    source = "<p>Invoice no. <b>NP-2041</b></p><p>Total due: EUR&nbsp;1,240.50</p>"
    form = {"text": source, "fields": "invoice_number text\ntotal money"}
    found = answer(engine.run("extract", {**form, "read_text": "true"}))
    assert found["data"]["total"] == 1240.5
    assert found["read_text"] == "Invoice no. NP-2041\n\nTotal due: EUR 1,240.50"
    for one in found["evidence"]:
        assert found["read_text"][one["start"] : one["end"]] == one["quote"]
    assert any("was sent as HTML" in warning for warning in found["warnings"])
    assert answer(engine.run("extract", form))["read_text"] is None
    off = answer(engine.run("extract", {**form, "clean": "off", "read_text": True}))
    assert off["read_text"] == source


def test_an_image_in_a_mail_is_not_sent(engine: Engine) -> None:
    """A picture of 15 kB inside the HTML is no part of the request."""
    image = f'<img src="data:image/png;base64,{"iVBORw0K" * 1_900}">'
    form = {"text": f"<p>{THANKS}</p>{image}", "categories": CATEGORIES}
    assert engine.prepare("classify", form).initial_request().message == THANKS


def test_clean_takes_only_its_choices(engine: Engine) -> None:
    """Another word than auto or off is refused by name."""
    with pytest.raises(Exception, match="auto, off"):
        engine.run("classify", {"text": "x", "categories": CATEGORIES, "clean": "maybe"})


# --- placeholders that were not filled ------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("undefined", "null", " NaN\n", "[object Object]", "[object Object],[object Object]"),
        *("{{1.text}}", "={{ $json.body }}", "{{1.subject}} {{1.text}}", "${steps.mail.body}"),
        "<%= text %>",
    ],
)
@pytest.mark.parametrize("clean", ["auto", "off"])
def test_an_unfilled_placeholder_is_refused(engine: Engine, text: str, clean: str) -> None:
    """What a tool sends for an empty mapping is no text: an error says so before any model call."""
    with pytest.raises(InvalidInput) as failure:
        engine.prepare("classify", {"text": text, "categories": CATEGORIES, "clean": clean})
    assert [(one.field, one.code) for one in failure.value.errors] == [("text", "empty_mapping")]
    assert "the mapping is empty" in failure.value.detail


@pytest.mark.parametrize(
    "text",
    [
        *("The value is undefined.", "What does {{1.text}} mean?", "none", "Null and void"),
        *("nullify", "${price} for two", "{{", "[object]", "<p>undefined behaviour</p>"),
    ],
)
def test_a_text_about_placeholders_is_a_text(engine: Engine, text: str) -> None:
    """Words around a placeholder, and other words, are read."""
    assert engine.prepare("classify", {"text": text, "categories": CATEGORIES})


# --- hostile texts --------------------------------------------------------------------------------

UNITS = [
    *("<", "<a ", '<a "', "&", "=\n", "=41=\n", "<!--", "<style>", "<p style='display:none'>"),
    *("<blockquote>", r"\u00e9", "data:", "data:a/b;base64,", "<br>", "On wrote: \n", "[", "<td>x"),
    *("\n--- Original Message ---\n>\n", "&#99999999", '<a href="', "A: b\n", "--b\n", "\n\n> x"),
    "--b\n\n--b\nA: b\n",
]
BEGINNINGS = ["", "<p>x</p>", "Received: a\nFrom: b\nContent-Type: multipart/mixed; boundary=b\n\n"]


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("unit", UNITS)
def test_hostile_texts_end(unit: str, beginning: str) -> None:
    """Repeated and never closed constructs take a time that is linear in their number: a hang is
    what an exploding rule would be, at 300,000 characters."""
    text = beginning + unit * (300_000 // len(unit))
    started = time.process_time()
    divide_mail(clean_text(text).text)
    assert time.process_time() - started < 30, "hang"


def test_deep_json_is_text() -> None:
    """JSON that is nested too deep to be read is left as it is."""
    text = "[" * 100_000 + "]" * 100_000
    assert clean_text(text).text == text
    assert clean_text(json.dumps([[1]])).text == "[0][0]: 1"
