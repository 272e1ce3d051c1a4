"""Classification by the embedded engine: the nearest category by meaning, or none."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector.errors import ProviderError
from connector.providers.base import Function, ModelRequest
from connector.providers.local import LocalProvider

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")
ASKED = ("category", "confidence", "reason", "runner_up")
DESK = [
    {"name": "billing", "description": "invoices, charges and payments"},
    {"name": "technical", "description": "errors and things that do not work"},
    {"name": "account", "description": "sign-in, passwords and profile"},
]


@pytest.fixture(scope="module")
def engine() -> LocalProvider:
    return LocalProvider()


def request(method: str | None, asked: tuple[str, ...], **values: Any) -> ModelRequest:
    function = Function(
        "classify", "", {"type": "object", "properties": {key: {} for key in asked}}
    )
    return ModelRequest(
        "local",
        "low",
        "",
        "",
        (function,),
        "classify",
        action="classify",
        method=method,
        values=values,
    )


def classify(
    engine: LocalProvider, asked: tuple[str, ...] = ASKED, **values: Any
) -> dict[str, Any]:
    reply = engine.respond(request("classify", asked, **{"categories": DESK, **values}))
    assert reply.confidence_kind == "similarity"
    answer: dict[str, Any] = json.loads(reply.calls[0].arguments)
    return answer


@needs_engine
@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I was charged twice for my May invoice. Please send the second amount back.", "billing"),
        ("The app crashes with error 500 whenever I open it.", "technical"),
        ("I forgot my password and cannot sign in any more.", "account"),
    ],
)
def test_the_nearest_category_is_given(engine: LocalProvider, text: str, category: str) -> None:
    """A clear text gets its category, a confidence from 0 to 1 and a quote from the text as the
    reason."""
    answer = classify(engine, text=text)
    assert answer["category"] == category
    assert 0.5 < answer["confidence"] <= 1
    assert answer["runner_up"] in {"billing", "technical", "account"} - {category}
    assert any(sentence in answer["reason"] for sentence in text.rstrip(".").split(". "))


@needs_engine
@pytest.mark.parametrize(
    "text",
    ["The owl laid three eggs in the old barn this spring.", "", " \n\t ", "\ud800\udfff", "....."],
)
def test_a_text_that_fits_nothing_has_no_category(engine: LocalProvider, text: str) -> None:
    """Null is given rather than the least bad category."""
    answer = classify(engine, text=text)
    assert answer["category"] is None
    assert answer["confidence"] is None
    assert answer["reason"]


@needs_engine
def test_several_categories_come_best_first(engine: LocalProvider) -> None:
    """With `categories` asked, every category that fits is named, and only what was asked for is
    answered."""
    text = "The app crashes with error 500. My invoice for May was charged twice."
    answer = classify(engine, ("categories", "confidence"), text=text, multiple=True)
    assert set(answer) == {"categories", "confidence"}
    assert set(answer["categories"]) == {"billing", "technical"}


@needs_engine
def test_a_text_has_at_most_three_categories_unless_more_are_asked_for(
    engine: LocalProvider,
) -> None:
    """With forty categories that are all about one thing, three are given, or as many as asked."""
    categories = [
        {"name": f"payment {number}", "description": "card payments"} for number in range(40)
    ]
    text = "My card payment was declined."
    answer = classify(engine, ("categories",), text=text, categories=categories, multiple=True)
    assert len(answer["categories"]) == 3
    more = classify(
        *(engine, ("categories",)),
        text=text,
        categories=categories,
        multiple=True,
        max_categories=12,
    )
    assert len(more["categories"]) == 12


@needs_engine
@pytest.mark.parametrize("text", ["-", "{}", "12345", "&nbsp;", "3.50 €", "…", "[ ]"])
def test_a_text_without_words_fits_nothing(engine: LocalProvider, text: str) -> None:
    """Numbers, brackets and blanks have no category, not even of praise and complaint."""
    opinions = [{"name": "positive", "description": ""}, {"name": "negative", "description": ""}]
    for categories in (DESK, opinions):
        assert classify(engine, text=text, categories=categories)["category"] is None


@needs_engine
def test_strictness_decides_on_borderline_texts(engine: LocalProvider) -> None:
    """What fits with high strictness fits with normal and low, and low gives more answers."""
    texts = [
        "My bank account shows a payment to you that I do not recognise.",
        "The screen is dark.",
        "Where is the museum?",
        "Could someone call me back?",
        "I want to change my name.",
        "It is not what I expected.",
        "Lovely weather today.",
        "The door does not close.",
    ]
    answered = {
        strictness: [
            text
            for text in texts
            if classify(engine, text=text, strictness=strictness)["category"] is not None
        ]
        for strictness in ("low", "normal", "high")
    }
    assert set(answered["high"]) <= set(answered["normal"]) <= set(answered["low"])
    assert len(answered["high"]) < len(answered["low"])


@needs_engine
@pytest.mark.parametrize(
    ("names", "text", "category"),
    [
        (("positive", "negative"), "It broke after two days and nobody answers.", "negative"),
        (("positive", "negative"), "Exactly what I was looking for.", "positive"),
        (("praise", "complaint"), "The parcel arrived on Tuesday.", None),
        (("good", "bad"), "The meeting is at 3 pm in room 4.", None),
    ],
)
def test_praise_or_complaint_is_always_answered(
    engine: LocalProvider, names: tuple[str, ...], text: str, category: str | None
) -> None:
    """Without a neutral category every text with words gets one of the two, with a confidence."""
    categories = [{"name": name, "description": ""} for name in names]
    answer = classify(engine, text=text, categories=categories)
    assert answer["category"] in ((category,) if category else names)
    assert 0.5 <= answer["confidence"] <= 1


@needs_engine
def test_examples_move_a_category(engine: LocalProvider) -> None:
    """A category that means nothing by its name is learnt from its examples."""
    categories = [{"name": "A", "description": ""}, {"name": "B", "description": ""}]
    examples = [
        {"text": "Please call me back today, it is urgent", "choice": "A"},
        {"text": "The kitchen tap drips all night", "choice": "B"},
    ]
    answer = classify(
        engine,
        text="Water is dripping from the tap in the bathroom",
        categories=categories,
        examples=examples,
    )
    assert answer["category"] == "B"


@pytest.mark.slow
@needs_engine
def test_many_categories_are_answered(engine: LocalProvider) -> None:
    """Five hundred categories are no failure, and the right one is found among them."""
    categories = [
        {"name": f"group {number}", "description": f"complaints about product {number}"}
        for number in range(499)
    ]
    categories.append({"name": "gardening", "description": "plants, flowers and gardens"})
    answer = classify(
        engine, text="When should I prune my roses and tulips?", categories=categories
    )
    assert answer["category"] == "gardening"


@needs_engine
def test_the_answer_is_always_the_same(engine: LocalProvider) -> None:
    """Neither threads nor what was asked before change an answer."""
    text = "My invoice is wrong and the app shows an error."
    first = classify(engine, text=text)
    with ThreadPoolExecutor(4) as threads:
        again = list(threads.map(lambda _: classify(engine, text=text), range(8)))
    assert all(answer == first for answer in [*again, classify(LocalProvider(), text=text)])


@needs_engine
@pytest.mark.parametrize("method", [None, "translate"])
def test_other_actions_need_a_model(engine: LocalProvider, method: str | None) -> None:
    """An action without a method of ours is refused in one sentence that says what to do."""
    with pytest.raises(ProviderError) as failure:
        engine.respond(request(method, ASKED, text="x"))
    assert failure.value.code == "needs_model"
    assert failure.value.detail.startswith(
        'The action "classify" needs a model. Set OPENAI_API_KEY'
    )


def test_importing_the_engine_is_cheap() -> None:
    """Without a first answer, no heavy package is imported."""
    code = (
        "import sys, connector.providers.local; print([m for m in ('numpy', 'onnxruntime', "
        "'phonenumbers') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the sentence says which command installs it, and no engine is made."""
    monkeypatch.setattr(
        "connector.providers.local.model.embed.PACKAGES", ("numpy", "no_such_package")
    )
    problem = LocalProvider.available()
    assert (
        problem
        == 'Install the embedded engine: pip install "formcall[local]" (missing: no_such_package).'
    )
    with pytest.raises(ProviderError, match="Install the embedded engine"):
        LocalProvider()


TONES = [
    ("I love this product, it works great!", "positive"),
    ("The staff were so kind, thank you.", "positive"),
    ("Das Essen war hervorragend!", "positive"),
    ("Terrible service, I want my money back.", "negative"),
    ("Not good at all.", "negative"),
    ("Ich bin sehr enttäuscht.", "negative"),
    ("The parcel arrived on Tuesday.", "neutral"),
    ("The meeting is at 3 pm in room 4.", "neutral"),
]


@needs_engine
@pytest.mark.parametrize(("text", "tone"), TONES)
def test_praise_and_complaint_are_told_apart(engine: LocalProvider, text: str, tone: str) -> None:
    """Categories of tone go by what is said of the thing, not by what the text is about."""
    categories = [{"name": name, "description": ""} for name in ("positive", "negative", "neutral")]
    assert classify(engine, text=text, categories=categories)["category"] == tone


def test_an_actions_file_may_name_every_method() -> None:
    """The methods that an action's file may name are those that the embedded engine has."""
    from connector.catalogue.template_format import LOCAL_METHODS
    from connector.providers.computed import COMPUTED_METHODS
    from connector.providers.local.provider import METHODS

    assert not set(METHODS) & set(COMPUTED_METHODS)
    assert set(LOCAL_METHODS) == {*METHODS, *COMPUTED_METHODS}
