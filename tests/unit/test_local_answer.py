"""Answers by the embedded engine: a planned tool call with its result in a sentence, or a quote;
never a guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.providers.base import CallResult, Function, ModelRequest, Reply, Turn
from connector.providers.local import LocalProvider
from connector.providers.local import provider as local_provider
from connector.providers.local.methods import answer as answer_method
from connector.providers.local.methods.short_answer import short_answer
from connector.providers.local.methods.tool_planner import plan_call
from connector.providers.local.model.weights import MINILM, RERANKER
from tests.support.web_app import WebApp

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
needs_reranker = pytest.mark.skipif(
    REASON is not None or RERANKER.path() is None, reason="the weights are not installed"
)
TOOLS = {
    "calculate": ("expression",),
    "dates": ("operation", "date", "other", "amount", "unit", "time_zone"),
    "search_context": ("query",),
}
CONTEXT = (
    "Order 7731 was placed on 2 March 2026 by Harrow Ltd.\nSubtotal: EUR 1,000.00\nShipping: EUR "
    "20.00\n"
    "The total is 1240.50 euros. It ships from Bergen on the night train. Invoice date: 2026-03-03"
)


def function(name: str, *properties: str) -> Function:
    return Function(name, "", {"type": "object", "properties": {key: {} for key in properties}})


def request(
    question: str,
    context: str | None,
    tools: tuple[str, ...],
    turns: tuple[Turn, ...],
    **values: Any,
) -> ModelRequest:
    functions = (
        *(function(name, *TOOLS[name]) for name in tools),
        function("reply", "answer", "value", "found", "quotes"),
    )
    given = {"question": question, "context": context, "tools": list(tools), **values}
    return ModelRequest(
        "local",
        "low",
        "",
        "",
        functions,
        None,
        turns=turns,
        action="reply",
        method="answer",
        values=given,
    )


def ask(
    question: str,
    *tools: str,
    context: str | None = None,
    turns: tuple[Turn, ...] = (),
    **values: Any,
) -> tuple[Reply, str, Any]:
    reply = LocalProvider().respond(request(question, context, tools, turns, **values))
    return reply, reply.calls[0].name, json.loads(reply.calls[0].arguments)


def done(reply: Reply, output: str) -> tuple[Turn, ...]:
    return (Turn(reply, (CallResult(reply.calls[0].id, output),)),)


SUMS = [
    ("What is 15% of 1240.50?", "15 / 100 * 1240.50"),
    ("What is 15% of the total?", "15 / 100 * 1240.50"),
    ("How much is the total plus 19% VAT?", "1240.50 * (1 + 19 / 100)"),
    ("Increase 200 by 10%", "200 * (1 + 10 / 100)"),
    ("What does a chair at 80 cost with a 25% discount?", "80 * (1 - 25 / 100)"),
    ("20 % off $80", "80 * (1 - 20 / 100)"),
    ("What is the sum of 1, 2 and 3.5?", "1 + 2 + 3.5"),
    ("What is the average of 10, 20 and 60?", "(10 + 20 + 60) / 3"),
    ("sum of the subtotal and the shipping", "1000.00 + 20.00"),
    ("12 * (3 + 4) - 5", "12 * (3 + 4) - 5"),
    ("What is 7 times 8 plus 2?", "7 * 8 + 2"),
    ("Was sind 19% von 1.250,00?", "19 / 100 * 1250.00"),
    ("What is 50 as a percentage of 200?", "50 / 200 * 100"),
    ("difference between 45.5 and 100", "abs(45.5 - 100)"),
    ("split 120 between 4 people", "120 / 4"),
    ("12 chairs at 49.90 each", "12 * 49.90"),
]


@pytest.mark.parametrize(("question", "expression"), SUMS)
def test_a_sum_is_planned_not_computed(question: str, expression: str) -> None:
    """The numbers of the question, or of the context where it names exactly one, go into an
    expression for the tool."""
    planned = plan_call(question, CONTEXT)
    assert planned is not None
    assert (planned.tool, planned.arguments) == ("calculate", {"expression": expression})


DATES = [
    ("What date is 45 days after 3 March 2026?", ("add", "2026-03-03", None, 45, "days")),
    ("two weeks before 2026-05-01", ("add", "2026-05-01", None, -2, "weeks")),
    ("When is 1 month after the invoice date?", ("add", "2026-03-03", None, 1, "months")),
    (
        "How many days are there between 2026-01-01 and 1 March 2026?",
        ("difference", "2026-01-01", "2026-03-01", None, "days"),
    ),
    (
        "Wie viele Tage liegen zwischen dem 1.3.2026 und dem 15.4.2026?",
        ("difference", "2026-03-01", "2026-04-15", None, "days"),
    ),
    ("Which day of the week is 24 December 2026?", ("weekday", "2026-12-24", None, None, None)),
    ("What is today's date?", ("today", None, None, None, None)),
]


@pytest.mark.parametrize(("question", "arguments"), DATES)
def test_a_date_question_is_planned(question: str, arguments: tuple[Any, ...]) -> None:
    """Dates in words or figures become one call of the calendar with ISO dates."""
    planned = plan_call(question, CONTEXT)
    assert planned is not None
    keys = ("operation", "date", "other", "amount", "unit")
    assert tuple(planned.arguments[key] for key in keys) == arguments


@pytest.mark.parametrize(
    "question",
    [
        "How many chairs were delivered in 2024?",
        "Who signed the order of 3 March 2026?",
        "10 working days after 3 March 2026",
        "What is 17 + 25, and what is 3 * 9?",
        "15% of the revenue",
        "what is 7",
        "",
    ],
)
def test_what_is_not_sure_is_not_planned(question: str) -> None:
    """A number or a word that no rule accounts for stops the plan."""
    assert plan_call(question, CONTEXT) is None


@needs_engine
def test_the_tool_s_result_becomes_the_answer() -> None:
    """First the call, then a sentence with the tool's own result as the value."""
    first, name, arguments = ask("What is 15% of 1240.50?", "calculate")
    assert (name, arguments) == ("calculate", {"expression": "15 / 100 * 1240.50"})
    _, name, answer = ask("What is 15% of 1240.50?", "calculate", turns=done(first, "186.075"))
    assert name == "reply"
    assert answer == {
        "answer": "15 / 100 * 1240.50 is 186.075.",
        "value": "186.075",
        "found": True,
        "quotes": [],
    }


@needs_engine
def test_a_number_from_the_context_is_quoted() -> None:
    """When the context gave a number, the sentence it stands in is quoted."""
    first, _, _ = ask("What is 15% of the total?", "calculate", context=CONTEXT)
    _, _, answer = ask(
        "What is 15% of the total?", "calculate", context=CONTEXT, turns=done(first, "186.075")
    )
    assert answer["quotes"] == ["The total is 1240.50 euros."]


@needs_engine
def test_today_is_asked_for_first() -> None:
    """A question about a date from now on takes two calls: today, then the sum."""
    question = "What is the date in 30 days?"
    first, name, arguments = ask(question, "dates")
    assert (name, arguments["operation"]) == ("dates", "today")
    second, name, arguments = ask(question, "dates", turns=done(first, "2026-03-01 (Sunday)"))
    assert (name, arguments["operation"], arguments["date"], arguments["amount"]) == (
        "dates",
        "add",
        "2026-03-01",
        30,
    )
    _, name, answer = ask(
        question, "dates", turns=(*done(first, "2026-03-01"), *done(second, "2026-03-31"))
    )
    assert (name, answer["value"], answer["found"]) == ("reply", "2026-03-31", True)


@needs_engine
def test_a_failed_tool_is_told() -> None:
    """An error of the tool ends the question with found false."""
    first, _, _ = ask("What is 1 / 0?", "calculate")
    _, name, answer = ask(
        "What is 1 / 0?", "calculate", turns=done(first, "Error: division by zero")
    )
    assert (name, answer["found"], answer["value"]) == ("reply", False, None)
    assert "division by zero" in answer["answer"]


@needs_engine
def test_a_missing_tool_is_named() -> None:
    """Nothing is computed without the tool that computes."""
    _, name, answer = ask("What is 15% of 200?", "dates")
    assert (name, answer["found"]) == ("reply", False)
    assert (
        answer["answer"] == 'This question needs the tool "calculate", which is not allowed here.'
    )


@needs_engine
@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Where does it ship from?", "It ships from Bergen on the night train."),
        ("What is the shipping?", "Shipping: EUR 20.00"),
        ("Who placed the order?", "Order 7731 was placed on 2 March 2026 by Harrow Ltd."),
    ],
)
def test_a_fact_is_quoted_verbatim(question: str, quote: str) -> None:
    """Without a computation, the sentence of the context that answers is the answer and the
    quote."""
    _, _, answer = ask(question, context=CONTEXT)
    assert answer["found"] is True
    assert answer["quotes"] == [quote]
    assert quote in CONTEXT


SPANS = [
    ("When was order 7731 placed?", "Order 7731 was placed on 2 March 2026.", "2 March 2026"),
    ("In what year was it built?", "The mill was built in 1874 and has two wheels.", "1874"),
    (
        "Who signed the lease?",
        "The lease was signed by Greta Lindqvist in Oslo.",
        "Greta Lindqvist",
    ),
    ("Where does it ship from?", "It ships from Bergen on the night train.", "Bergen"),
    ("How much is the rent?", "The monthly rent is USD 1,850.00, paid in advance.", "USD 1,850.00"),
    ("How many days of leave are there?", "Everyone has 28 days of leave a year.", "28"),
    ("How long is the trial?", "The trial lasts 30 days and can be ended.", "30 days"),
    ("What percentage is the late fee?", "Late payments incur a fee of 5%.", "5%"),
    (
        "What is the email address?",
        "Write to slides@fern.example by Friday.",
        "slides@fern.example",
    ),
    ("What is the shipping?", "Shipping: EUR 20.00", "EUR 20.00"),
    ("Wann wurde bestellt?", "Bestellt wurde am 3. März 2026.", "3. März 2026"),
    ("How far is the lake?", "The lake is 15 kilometres (9 miles) away.", "15 kilometres"),
    ("When was it built?", "It was begun in 1874 and ended in 1880.", None),
    ("How many rooms are there?", "The house has 3 floors.", None),
    ("Who signed the lease?", "Greta Lindqvist and Tomas Halvorsen met in Oslo.", None),
    ("Why was it delayed?", "It was delayed on 2 March 2026 by a strike.", None),
    ("Which order was placed on 2 March 2026?", "Order 7731 was placed on 2 March 2026.", None),
]


@pytest.mark.parametrize(("question", "sentence", "part"), SPANS)
def test_a_plain_value_is_the_answer(question: str, sentence: str, part: str | None) -> None:
    """The date, name, number or amount that is asked for; none where two could be meant."""
    assert short_answer(question, sentence) == part


@needs_engine
def test_the_sentence_stays_as_the_quote() -> None:
    """The answer is the value, and the quote the whole sentence in which it stands."""
    _, _, answer = ask("When was order 7731 placed?", context=CONTEXT)
    assert answer["answer"] == "2 March 2026"
    assert answer["quotes"] == ["Order 7731 was placed on 2 March 2026 by Harrow Ltd."]


@needs_engine
def test_a_label_is_quoted_with_its_value() -> None:
    """A label that stands above its value is nothing without it."""
    context = "Rental terms\nDeposit:\nEUR 900.00\nNotice period:\nthree months\n"
    _, _, answer = ask("What is the deposit?", context=context)
    assert (answer["answer"], answer["quotes"]) == ("EUR 900.00", ["Deposit:\nEUR 900.00"])


@needs_engine
@pytest.mark.parametrize(
    ("question", "context"),
    [
        ("How many chairs were sold in 1999?", "In 2004 the shop sold 120 chairs."),
        ("What is the email address of the shop?", "The address of the shop is Mill Lane 9."),
        ("What is the phone number of the shop?", "The number of the shop is 12, Mill Lane."),
    ],
)
def test_a_sentence_without_what_is_asked_for_is_no_answer(question: str, context: str) -> None:
    """Neither another year nor a sentence without an address or a number to call."""
    _, _, answer = ask(question, context=context)
    assert (answer["found"], answer["quotes"]) == (False, [])


@needs_engine
@pytest.mark.parametrize("question", ["What is the capital of France?", "Who won the match?", ""])
def test_what_the_context_does_not_say_is_not_found(question: str) -> None:
    """No sentence is near enough: that is said, and nothing is answered."""
    _, _, answer = ask(question, context=CONTEXT)
    assert answer == {
        "answer": "The text does not say.",
        "value": None,
        "found": False,
        "quotes": [],
    }


@needs_reranker
@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("When does the lease end?", "The term expires on 31 July 2027."),
        ("Is smoking allowed?", "Smoking is forbidden in all rooms."),
        ("Who pays for repairs of the roof?", None),
        ("When was the lease of the garage signed?", None),
    ],
)
def test_the_cross_encoder_tells_an_answer_from_the_same_subject(
    question: str, quote: str | None
) -> None:
    """A sentence about the subject that does not answer the question is not quoted."""
    context = (
        "The lease of the flat is a contract in writing. The term expires on 31 July 2027. The "
        "garage belongs to the neighbour. Smoking is forbidden in all rooms. The roof is of slate."
    )
    _, _, answer = ask(question, context=context)
    assert answer["quotes"] == ([quote] if quote else [])


@needs_reranker
@pytest.mark.parametrize(
    ("question", "answer"),
    [("When does the lease end?", "31 July 2027"), ("When does the lease begin?", "1 May 2026")],
)
def test_a_sentence_is_read_with_the_one_that_it_needs(question: str, answer: str) -> None:
    """The word "it" is the lease of the sentence before, which is not taken for the answer."""
    context = (
        "The lease of the flat begins on 1 May 2026. It expires on 31 July 2027. Pets may stay."
    )
    _, _, found = ask(question, context=context)
    assert found["answer"] == answer


@needs_engine
def test_without_the_cross_encoder_likeness_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights are another package; where that is missing, sentences are found all the same."""
    monkeypatch.setattr(answer_method, "installed_reranker", lambda: None)
    monkeypatch.setattr(local_provider, "sentence_weights", lambda: MINILM)
    _, _, answer = ask("Where does it ship from?", context=CONTEXT)
    assert answer["quotes"] == ["It ships from Bergen on the night train."]
    _, _, answer = ask("Who won the match?", context=CONTEXT)
    assert answer["found"] is False


@needs_engine
def test_a_required_tool_searches_the_context() -> None:
    """With a tool required, the context is searched by the tool and then quoted."""
    first, name, arguments = ask(
        "Where does it ship from?", "search_context", context=CONTEXT, require_tool=True
    )
    assert (name, arguments) == ("search_context", {"query": "Where does it ship from?"})
    turns = done(first, "It ships from Bergen on the night train.")
    _, name, answer = ask(
        "Where does it ship from?",
        "search_context",
        context=CONTEXT,
        require_tool=True,
        turns=turns,
    )
    assert (name, answer["found"]) == ("reply", True)


@needs_engine
@pytest.mark.parametrize("action", ["answer_with_tools", "answer"])
def test_not_found_is_an_answer(action: str, make: Callable[..., WebApp]) -> None:
    """Through the whole service: what is not there is told as not found, and never as a failure or
    as something else."""
    box = "context" if action == "answer_with_tools" else "text"
    found = (
        make(engine="local")
        .post(action, json={"question": "Who won the match?", box: "Order 7731 ships from Bergen."})
        .get_json()
    )
    assert (found["ok"], found["found"], found["quotes"]) == (True, False, [])
    assert found["answer"].endswith("not say.")


@needs_reranker
def test_the_answer_names_what_decided() -> None:
    """The cross-encoder for a quote, and rules where a tool computed."""
    reply, _, answer = ask("Where does it ship from?", context=CONTEXT)
    assert (reply.model, answer["found"]) == (RERANKER.name, True)
    first, name, _ = ask("What is 12 * 7?", "calculate")
    assert name == "calculate"
    last, _, answer = ask("What is 12 * 7?", "calculate", turns=done(first, '{"result": 84}'))
    assert (last.model, answer["value"]) == ("rules", "84")


@needs_reranker
def test_a_long_text_is_searched_before_it_is_read() -> None:
    """The cross-encoder reads the sentences that are most alike the question."""
    rooms = " ".join(
        f"The room {number} is on floor {number % 7} and has a window." for number in range(50)
    )
    told = "The fire alarm is tested by Mrs Oduya on the first Monday of the month."
    _, _, answer = ask("Who tests the fire alarm?", context=f"{rooms} {told} {rooms[:600]}")
    assert answer["quotes"] == [told]
