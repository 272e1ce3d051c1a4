"""Yes or no to a question, from one sentence that says so plainly; None for everything else.

A sentence decides if it has every word of the question that means something, or the opposite of
one of them, and neither doubts nor restricts it. Numbers, amounts and dates are compared by their
value. Nothing is inferred: most questions that need thought get None.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.providers.local.text.contacts import find_emails, find_phones, find_urls
from connector.providers.local.text.dates import DateStyle, find_dates
from connector.providers.local.text.label_matching import normalize
from connector.providers.local.text.money import ValueSpan, find_money, find_numbers
from connector.providers.local.text.sentences import word_set

MAX_QUESTION = 400  # characters; a longer one is no plain question
_MAX_SENTENCE = 1_200
_LEAST_SHARE = 0.4  # of a clause's words that the question must have, so that it is about the same
_ENDINGS = ("ing", "ed", "es", "s", "e")
_LEAST_STEM = 3
_SHORT = 9  # words of a sentence that one word of the question is enough for
_WORD = re.compile(r"[^\W_]+(?:[.-][^\W_]+)*")
_DIGIT = re.compile(r"\d")
_ASKS = re.compile(
    r"\s{0,9}(?:is|are|was|were|does|do|did|has|have|had|can|will|must|may|ist|sind|hat|haben|gibt|"
    r"wird|werden|enthält|est|sont|contient|existe|hay|contiene)\b",
    re.IGNORECASE,
)
_PRESENCE = re.compile(
    r"\b(?:is|are|was|were) there\b|\b(?:contain|contains|include|includes|mention|mentions|"
    r"mentioned|state|states|specify|specifies|list|lists|give|gives|provide|provides|present|have|"
    r"has)\b|\bgibt es\b|\benthält\b|\by a-t-il\b|\bcontient\b|\bhay\b|\bcontiene\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{2,80})[\"”“»]")
_NEGATIVE = re.compile(
    r"\b(?:not|no(?!\. ?\d)|never|nor|without|none|neither|nobody|nothing|cannot|"
    r"refuse[sd]?|decline[sd]?|fail(?:s|ed)? to|nicht|kein|keine|keinen|keiner|nie|ohne|"
    r"pas|jamais|aucun|aucune|sans|nunca|"
    r"sin|ningun[oa]?)\b|n['’]t\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:if|whether|maybe|perhaps|possibly|probably|unless|would|could|might|may|should|except|"
    r"provided|subject to|until|only|some|most|partly|partially|allegedly|reportedly|claims?|"
    r"claimed|believed?|planned|plans|used to|almost|nearly|rather than|despite|former|formerly|"
    r"removed?|abolish(?:ed)?|cancell?ed|withdr[ae]wn?|resist(?:s|ed)?|goal of|considering|request|"
    r"falls|ob|vielleicht|könnte|sofern|"
    r"peut-être|quizás|sauf|salvo)\b|\?",
    re.IGNORECASE,
)
# a question about now, and a sentence about then
_NOW = re.compile(r"\s{0,9}(?:is|are|does|do|has|have)\b", re.IGNORECASE)
_THEN = re.compile(r"\b(?:was|were|had|did)\b", re.IGNORECASE)
_CHOICE = re.compile(r"\b(?:or|either|oder|ou|o)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;:]\s|\s(?:but|aber|mais|pero|while|whereas|although)\s")
_STOP_WORDS = word_set(
    "a an the is are was were be been being do does did has have had can will shall must there it "
    "its he she they them his her their this that these those of in on at to for from by with as "
    "and any here also which who whom whose than then yes no please say says said tell told "
    "whether contain contains include includes mention mentions mentioned state states stated "
    "specify specifies list lists give gives provide provides present contained included "
    "specified anything something der die das den dem des ein eine einen ist sind war waren hat "
    "haben wird werden gibt es enthalt im in von zu mit und auch le la les un une est sont il elle "
    "y t contient de du des et el los las hay una se en del contiene que"
)
# what a question calls the text itself, and parts of it: a sentence need not have them
_DOCUMENT_WORDS = word_set(
    "document documents text texts contract agreement letter invoice message mail email page file "
    "report policy clause section paragraph provision term terms information statement vertrag "
    "dokument brief rechnung contrat document lettre contrato documento"
)
_MORE = word_set(
    "more above over exceed exceeds exceeding greater higher longer later larger after"
)
_LESS = word_set("less below under fewer lower shorter earlier smaller before")
# a value that is not equal to one of these says nothing plain
_LIMIT = re.compile(
    r"\b(?:within|by|until|till|up to|at most|at least|minimum|maximum|min|max|from|since|every|"
    r"innerhalb|binnen|bis|ab|seit|avant|dans)\b",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    r"\b(?:at least|no less than|or more|minimum of|mindestens|au moins)\b", re.I
)
_AT_MOST = re.compile(r"\b(?:at most|up to|no more than|not more than|or less|höchstens)\b", re.I)
_COMPARING = _MORE | _LESS | word_set("least most up")
_FORMS = {
    form: forms.split()[0]
    for forms in (
        "pay paid paying",
        "send sent",
        "make made",
        "sell sold",
        "buy bought",
        "take took taken",
        "give gave given",
        "begin began begun",
        "get got",
        "win won",
        "lose lost",
        "leave left",
        "find found",
        "write wrote written",
        "break broke broken",
        "choose chose chosen",
        "hold held",
        "keep kept",
        "build built",
        "bring brought",
        "meet met",
        "speak spoke spoken",
        "arrive arrived",
        "include included includes including",
    )
    for form in forms.split()
}
_OPPOSITES = tuple(
    frozenset(pair.split())
    for pair in (
        "open closed",
        "paid unpaid",
        "included excluded",
        "allowed forbidden",
        "allowed prohibited",
        "permitted prohibited",
        "permitted forbidden",
        "available unavailable",
        "signed unsigned",
        "accepted rejected",
        "approved rejected",
        "approved refused",
        "valid invalid",
        "valid expired",
        "free occupied",
        "on off",
        "possible impossible",
        "complete incomplete",
        "refundable non-refundable",
        "married unmarried",
        "offen geschlossen",
        "bezahlt unbezahlt",
        "erlaubt verboten",
        "gültig ungültig",
    )
)


@dataclass(frozen=True)
class _Value:
    """A number (``money``: with its currency) or a date, with its place."""

    kind: str
    value: Any
    currency: str
    start: int


@dataclass(frozen=True)
class Question:
    """A plain question: its words that mean something, and what it asks of a number."""

    text: str
    words: frozenset[str]
    documents: frozenset[str]
    values: tuple[_Value, ...]
    compare: str  # "more", "less", "least", "most", or "" for equal
    is_presence: bool
    quoted: str


def read_question(text: str) -> Question | None:
    """The question that ``text`` asks; None if it is none that one sentence can answer."""
    is_plain = len(text) <= MAX_QUESTION and _ASKS.match(text) is not None
    quoted = _QUOTED.search(text)
    rest = _QUOTED.sub(" ", text)
    if not is_plain or _NEGATIVE.search(rest) or _CHOICE.search(rest):
        return None
    words = _words(rest)
    if not quoted and not words:
        return None
    values = tuple(_values(text))
    return Question(
        text=text,
        words=frozenset(words - {_key(word) for word in _COMPARING} if values else words),
        documents=frozenset(_DOCUMENT_WORDS.intersection(_WORD.findall(normalize(rest)))),
        values=values,
        compare=_comparison(text) if values else "",
        is_presence=_PRESENCE.search(rest) is not None,
        quoted=quoted[1] if quoted else "",
    )


def decide(question: Question, sentence: str) -> bool | None:
    """What ``sentence`` says to ``question``: True, False, or None for nothing plain."""
    sentence = sentence[:_MAX_SENTENCE]
    if question.is_presence and (question.quoted or _kind_finder(question)):
        return True if _has_asked(question, sentence) else None
    if question.quoted or _DOUBT.search(sentence):
        return None
    clause = _nearest_clause(question, sentence)
    words = _words(clause)
    missing = question.words - words
    is_opposite = len(missing) == 1 and _has_opposite(next(iter(missing)), words)
    if (missing and not is_opposite) or not _is_about(question, clause, words):
        return None
    is_true = _compared(question, clause)
    is_negative = _NEGATIVE.search(clause) is not None
    if is_true is None or (question.values and is_negative):
        return None
    return is_true is not (is_opposite is not is_negative)


def _has_asked(question: Question, sentence: str) -> bool:
    """Whether the sentence has the words in quotation marks, or a value of the kind asked for."""
    if question.quoted:
        return question.quoted.casefold() in sentence.casefold()
    find = _kind_finder(question)
    return find is not None and bool(find(sentence))


def _is_about(question: Question, clause: str, words: set[str]) -> bool:
    """Whether the clause, with these ``words``, says little that the question does not ask."""
    found = _WORD.findall(normalize(clause))
    named = len(question.documents.intersection(found))
    if _NOW.match(question.text) and _THEN.search(clause) and not named:
        return False
    if len(question.words) + named < _LEAST_SHARE * (len(words) + named):
        return False
    return len(question.words) > 1 or bool(question.values or named) or len(found) <= _SHORT


@dataclass(frozen=True)
class Statement:
    """A sentence with its words that mean something, so that many questions are put to it."""

    text: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Statement:
        text = text[:_MAX_SENTENCE]
        return cls(text, frozenset(_words(text)))


def answer_question(question: Question, statements: Sequence[Statement]) -> tuple[str, int]:
    """("yes", "no" or "unsure", the index of the statement that says so or -1)."""
    decided: dict[bool, int] = {}
    asks_words = not (question.is_presence and (question.quoted or _kind_finder(question)))
    for index, statement in enumerate(statements):
        if asks_words and len(question.words - statement.words) > 1:
            continue
        said = decide(question, statement.text)
        if said is not None:
            decided.setdefault(said, index)
            if not asks_words:
                break
    if len(decided) != 1:
        return "unsure", -1
    said, index = next(iter(decided.items()))
    return "yes" if said else "no", index


# --- words ----------------------------------------------------------------------------------------


def _words(text: str) -> set[str]:
    """The words of ``text`` that mean something, without those of its dates."""
    if _DIGIT.search(text):
        for date in reversed(find_dates(text, DateStyle())):
            text = f"{text[: date.start]} {text[date.end :]}"
    found = _WORD.findall(normalize(text))
    left_out = _STOP_WORDS | _DOCUMENT_WORDS
    return {_key(word) for word in found if word not in left_out and not word[0].isdigit()}


def _key(word: str) -> str:
    """``word`` without its ending; allow, allows, allowed and allowing have one key."""
    word = _FORMS.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word[: -len(ending)]
    return word


def _has_opposite(word: str, words: set[str]) -> bool:
    for pair in _OPPOSITES:
        keys = {_key(normalize(one)) for one in pair}
        if word in keys and (keys - {word}) & words:
            return True
    return False


def _nearest_clause(question: Question, sentence: str) -> str:
    """The clause with most words of the question; the first of equals."""
    clauses = _CLAUSE_END.split(sentence)
    return max(clauses, key=lambda clause: len(question.words & _words(clause)))


# --- values ---------------------------------------------------------------------------------------

_KINDS: tuple[tuple[frozenset[str], Callable[[str], list[ValueSpan]]], ...] = (
    (word_set("e-mail mail email address addresses emails e-mails"), find_emails),
    (word_set("phone telephone number numbers mobile"), lambda text: find_phones(text, None)),
    (word_set("link links url urls website web address addresses"), find_urls),
    (
        word_set("date dates deadline datum"),
        lambda text: find_dates(text, DateStyle()),
    ),
    (
        word_set("amount amounts price prices money sum betrag preis"),
        lambda text: find_money(text, False),
    ),
)


def _kind_finder(question: Question) -> Callable[[str], list[ValueSpan]] | None:
    """What finds the kind of value that a question is only about, such as an e-mail address."""
    asked = [word for word in _WORD.findall(normalize(question.text)) if word not in _ASKED]
    for names, find in _KINDS:
        if asked and names.issuperset(asked):
            return find
    return None


_ASKED = (_STOP_WORDS | _DOCUMENT_WORDS) - word_set("mail email")


def _values(text: str) -> list[_Value]:
    dates = [_Value("date", one.value, "", one.start) for one in find_dates(text, DateStyle())]
    taken = [(one.start, one.end) for one in find_dates(text, DateStyle())]
    money = find_money(text, False)
    taken += [(one.start, one.end) for one in money]
    amounts = [
        _Value("number", _decimal(one.value), str(one.extra or ""), one.start) for one in money
    ]
    numbers = [
        _Value("number", _decimal(one.value), "", one.start)
        for one in find_numbers(text, False)
        if not any(start <= one.start < end for start, end in taken)
    ]
    return [*dates, *amounts, *numbers]


def _decimal(number: int | float) -> Decimal:
    return Decimal(str(number))


def _comparison(text: str) -> str:
    if _AT_LEAST.search(text):
        return "least"
    if _AT_MOST.search(text):
        return "most"
    words = set(_WORD.findall(normalize(text)))
    return "more" if words & _MORE else "less" if words & _LESS else ""


def _compared(question: Question, sentence: str) -> bool | None:
    """Whether the one value of a sentence is as the question asks; True for no value asked."""
    if not question.values:
        return True
    if len(question.values) > 1:
        return None
    asked = question.values[0]
    found = _values(sentence)
    same = [one for one in found if one.kind == asked.kind]
    if len(same) != 1 or _comparison(sentence):
        return None
    value = same[0]
    if asked.currency and value.currency != asked.currency:
        return None
    if not question.compare:
        is_limit = _LIMIT.search(sentence) or _LIMIT.search(question.text)
        return True if value.value == asked.value else None if is_limit else False
    return bool(_COMPARE[question.compare](value.value, asked.value))


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "more": operator.gt,
    "least": operator.ge,
    "less": operator.lt,
    "most": operator.le,
}
