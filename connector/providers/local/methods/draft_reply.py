"""Replies quoted from the facts: the sentences that answer the questions of a message, or none.

Nothing is generated. A question that no fact answers is left open, and a message of which none is
answered needs a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.catalogue.mail_text import divide_mail
from connector.errors import ProviderError
from connector.providers.local.methods.answer import quote_answer
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.language import detect_language
from connector.providers.local.text.sentences import sentences

NOT_ANSWERED = (
    "No fact answers a question of the message, and the embedded engine only quotes. Add the fact, "
    "or set OPENAI_API_KEY."
)
QUOTED = "The reply is quoted from the facts. Have a person read it before it is sent."
_MAX_QUESTIONS = 5
_MARKS = ("?", "？")
_SUBJECT = 78  # characters


def draft_reply(values: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """The reply to ``message`` in sentences of ``facts``; ``ProviderError`` if none answers it."""
    message = str(values.get("message") or "")
    if detect_language(message).level == "none":
        raise ProviderError("needs_model", NOT_ANSWERED)
    questions = _questions(message)
    facts = str(values.get("facts") or "")
    answers = {one: quote_answer(one, facts, encoder) for one in questions}
    quotes = [quote for answer in answers.values() if answer["found"] for quote in answer["quotes"]]
    if not quotes or values.get("decision"):
        raise ProviderError("needs_model", NOT_ANSWERED)
    quotes = list(dict.fromkeys(quotes))
    open_questions = [one for one, answer in answers.items() if not answer["found"]]
    body = " ".join(" ".join(quote.split()) for quote in quotes)
    parts = [body, str(values.get("sign_off") or "")]
    return {
        "reply": "\n\n".join(filter(None, parts)),
        "subject": questions[0][:_SUBJECT],
        "facts_used": [{"quote": quote} for quote in quotes],
        "open_questions": open_questions,
        "handoff": bool(open_questions),
        "handoff_reason": "The facts do not answer every question." if open_questions else None,
    }


def _questions(message: str) -> list[str]:
    """The questions of the newest message, or all of a short message without a question mark."""
    newest = divide_mail(message).newest
    asked = [one.text for one in sentences(newest) if one.text.endswith(_MARKS)]
    return asked[:_MAX_QUESTIONS] or [" ".join(newest.split())[:500]]
