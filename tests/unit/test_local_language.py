"""Texts that the embedded engine does not read are not answered, and the answer says why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.catalogue.function import answer_function
from connector.catalogue.reply import check_arguments
from connector.engine.engine import Engine
from connector.providers.base import Function, ModelRequest, Reply
from connector.providers.factory import make_provider
from connector.providers.local import LocalProvider
from connector.providers.local.language_guard import READS
from connector.providers.local.text.language import detect_language
from connector.providers.pricing.models import load_models
from connector.settings import Settings

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
CATALOGUE = load_catalogue()
RUSSIAN = "Здравствуйте, я не могу войти в свой аккаунт. Пожалуйста, помогите."
GERMAN = "Guten Tag, ich habe mein Passwort vergessen und kann mich nicht mehr anmelden."
TOPICS = "billing: invoices and payments\naccount: sign-in and passwords"


@pytest.fixture(scope="module")
def engine() -> LocalProvider:
    return LocalProvider()


def ask(engine: LocalProvider, name: str, **values: Any) -> tuple[Reply, dict[str, Any]]:
    """The engine's reply to an action, and its answer as the server checks it."""
    action = CATALOGUE[name]
    form = action.read_form(values)
    form = {
        key: getattr(value, "read_plain_text", lambda v=value: v)() for key, value in form.items()
    }
    function = Function(*answer_function(action, form))
    request = ModelRequest(
        *("local", "low", "", "", (function,), function.name),
        action=name,
        method=action.local,
        values=form,
    )
    reply = engine.respond(request)
    arguments = json.loads(reply.calls[0].arguments)
    assert not check_arguments(action, form, arguments).errors
    return reply, arguments


@pytest.mark.parametrize(
    ("text", "name", "level"),
    [
        (RUSSIAN, "Russian or another language in Cyrillic letters", "none"),
        ("我的订单还没有到，请帮我查一下。", "Chinese", "none"),
        ("注文した商品がまだ届きません。", "Japanese", "none"),
        ("주문한 상품이 아직 도착하지 않았습니다.", "Korean", "none"),
        ("سفارش من هنوز نرسیده است، لطفاً پیگیری کنید.", "Persian", "none"),
        ("لم يصل طلبي بعد، يرجى المساعدة.", "Arabic", "none"),
        ("ההזמנה שלי עדיין לא הגיעה.", "Hebrew", "none"),
        ("Η παραγγελία μου δεν έφτασε ακόμα.", "Greek", "none"),
        (GERMAN, "German", "half"),
        ("Bonjour, je ne peux pas me connecter à mon compte.", "French", "half"),
        ("Hola, no puedo entrar en mi cuenta desde ayer.", "Spanish", "half"),
        ("Não consigo entrar na minha conta e quero ajuda.", "Portuguese", "none"),
        ("Ik kan niet meer inloggen op mijn account.", "Dutch", "none"),
        ("Nie mogę się zalogować do mojego konta.", "Polish", "none"),
    ],
    ids=lambda value: value if value.isascii() and len(value) < 60 else "text",
)
def test_a_language_is_recognized(text: str, name: str, level: str) -> None:
    """Other letters and the frequent words of other languages are recognized by name."""
    language = detect_language(text)
    assert (language.name, language.level) == (name, level)


@pytest.mark.parametrize(
    "text",
    [
        *("", "ok thx", "Hi", "lol", "c u l8r, luv u", "12,50 €", "SKU-1234 red L", "???"),
        *("Juan de la Cruz", "Müller GmbH & Co. KG", "Café Zürich, São Paulo", "Nguyễn Văn An"),
        *("Invoice number\nTotal\nDue date", "name\nfirst_name\ndate_of_birth", "α and β decay"),
        "Please forward this to José Núñez at the Göteborg office.",
        "My order from Россия has not arrived, where is it?",
        "net shr one dlr vs cts net mln vs mln revs mln vs mln nine mth",
    ],
)
def test_short_texts_and_names_count_as_english(text: str) -> None:
    """A few words, names, lists of fields and foreign words in an English text are no alarm."""
    assert detect_language(text).level == "full"


@needs_engine
def test_an_unread_text_has_no_category(engine: LocalProvider) -> None:
    """Null, and a reason and a warning that name the language and what to do."""
    reply, answer = ask(engine, "classify", text=RUSSIAN, categories=TOPICS)
    assert answer["category"] is None and answer["confidence"] is None
    for sentence in (answer["reason"], reply.warnings[0]):
        assert "Cyrillic" in sentence and "OPENAI_API_KEY" in sentence


@needs_engine
def test_unread_categories_match_nothing(engine: LocalProvider) -> None:
    """Categories in letters that the engine does not read are no better than such a text."""
    topics = "счета: оплата и деньги\nвход: пароли и доступ"
    reply, answer = ask(engine, "classify", text="I forgot my password.", categories=topics)
    assert answer["category"] is None and "Cyrillic" in reply.warnings[0]


@needs_engine
def test_a_language_that_is_half_read_is_answered_with_a_warning(engine: LocalProvider) -> None:
    """German is classified, with the warning and less confidence than the same in English."""
    topics = "Rechnung: Rechnungen und Zahlungen\nKonto: Anmeldung und Passwort"
    reply, answer = ask(engine, "classify", text=GERMAN, categories=topics)
    assert answer["category"] == "Konto" and "German" in reply.warnings[0]
    english = "Hello, I have forgotten my password and cannot sign in any more."
    plain, other = ask(engine, "classify", text=english, categories=TOPICS)
    assert not plain.warnings and answer["confidence"] < other["confidence"]


@needs_engine
@pytest.mark.parametrize(
    ("action", "values", "key", "value"),
    [
        ("answer", {"question": "Who asks?", "text": RUSSIAN}, "found", False),
        ("answer_with_tools", {"question": "Who asks?", "context": RUSSIAN}, "found", False),
        ("answer_with_tools", {"question": RUSSIAN, "context": "He asks."}, "found", False),
        ("summarize", {"text": RUSSIAN, "format": "tldr"}, "summary", RUSSIAN[:45]),
        ("extract", {"text": "Сумма: 12.50 EUR", "fields": "total money"}, "total", None),
        ("extract", {"text": "Сумма: 12.50 EUR", "fields": "Сумма money"}, "field_1", 12.5),
        (
            "extract",
            {"text": "Электронная почта: a@b.example", "fields": "mail email"},
            "mail",
            "a@b.example",
        ),
    ],
    ids=["quotes", "context", "question", "summary", "a field", "a field in its letters", "a form"],
)
def test_every_action_says_that_it_cannot_read(
    engine: LocalProvider, action: str, values: dict[str, str], key: str, value: Any
) -> None:
    """An unread text is answered with nothing, or with what needs no reading, and a warning."""
    reply, answer = ask(engine, action, **values)
    assert answer[key] == value
    assert "Cyrillic" in reply.warnings[-1]


@needs_engine
def test_the_reason_is_no_invented_name() -> None:
    """The language that a reason names is not reported as a name that the source lacks."""
    models, settings = load_models(), Settings(engine="local")
    engine = Engine(CATALOGUE, make_provider(settings, models, CATALOGUE), models, settings)
    form = {"text": RUSSIAN, "categories": TOPICS, "fallback": "other"}
    answer = engine.run("classify", form).to_json()
    assert (answer["category"], answer["matched"]) == ("other", False)
    assert [warning for warning in answer["warnings"] if "Cyrillic" in warning] == [
        answer["reason"]
    ]
    assert len(answer["warnings"]) == 1


@needs_engine
def test_findings_of_an_unread_document_are_empty(engine: LocalProvider) -> None:
    """A document in other letters gives no findings, and the warning."""
    url = "data:text/plain;charset=utf-8;name=a.txt," + RUSSIAN
    reply, answer = ask(engine, "analyze_document", task="What is wrong?", file=url)
    assert answer["findings"] == [] and "Cyrillic" in reply.warnings[0]


def test_what_is_computed_needs_no_context(engine: LocalProvider) -> None:
    """A question in English is calculated, whatever the language of its context."""
    action = CATALOGUE["answer_with_tools"]
    form = action.read_form({"question": "What is 15% of 80?", "context": RUSSIAN})
    functions = (Function("calculate", "", {"properties": {"expression": {}}}),)
    final = Function(*answer_function(action, form))
    reply = engine.respond(
        ModelRequest(
            *("local", "low", "", "", (*functions, final), None),
            action=action.id,
            method="answer",
            values=form,
        )
    )
    assert reply.calls[0].name == "calculate"


def test_methods_that_read_are_guarded() -> None:
    """The table of what is read names methods of the engine, and the fields of their actions."""
    from connector.providers.local.provider import METHODS

    assert set(READS) <= set(METHODS)
    for action in CATALOGUE.values():
        reads = READS.get(action.local or "")
        assert not reads or set(action.fields) & {*reads.texts, "file", "files"}
