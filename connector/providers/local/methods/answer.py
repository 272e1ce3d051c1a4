"""Answers to questions: a planned tool call, or a quote from the context; nothing is generated."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.providers.base import Call, CallResult, Function, ModelRequest
from connector.providers.local.methods.reranking import Reranker, installed_reranker
from connector.providers.local.methods.short_answer import lacks_value, short_answer
from connector.providers.local.methods.summarize import preselect
from connector.providers.local.methods.tool_planner import (
    ToolPlan,
    needs_tool,
    plan_call,
    select_arguments,
)
from connector.providers.local.model.embed import Encoder
from connector.providers.local.text.label_matching import concepts
from connector.providers.local.text.prose import needs_context
from connector.providers.local.text.sentences import Sentence, sentences

if TYPE_CHECKING:
    from connector.providers.local.model.embed import Vectors

    Encode = Callable[[Sequence[str], int], Vectors]

MAX_SENTENCES = 60  # sentences of the context that are embedded
MAX_TOKENS = 72  # of a sentence
MIN_SCORE = 0.45  # a sentence with a lower score is no answer
SECOND_MARGIN = 0.02  # a second sentence this close to the best is quoted too
# with the cross-encoder: the sentences that it reads, the logit from which one is an answer, how
# much a bonus weighs, and how close a second sentence must be
MAX_RERANKED = 20
MIN_LOGIT = -1.0
BONUS_OF_LOGIT = 4.0
SECOND_LOGIT_MARGIN = 1.0
CONTEXT_COST = 0.5  # of a logit that needs the sentence before, which may be the answer itself
MAX_GAP = 20  # characters between two sentences that follow each other
LABEL_BONUS = 0.25
RIGHT_KIND, WRONG_KIND = 0.08, -0.06
MAX_QUESTION = 2_000  # characters of a question that are read for years
MAX_LABEL, MAX_VALUE = 48, 120  # characters of a label, and of its value in the line below
_WORD = re.compile(r"\w{3,30}")
_YEAR = re.compile(r"(?<![\d.,/-])(?:1[5-9]|20)\d\d(?![\w/-]|[.,]\d)")
# questions that do not ask for a labelled value
_OPEN_QUESTION = re.compile(r"(?:where|why|who|how|wo|warum|wer|où|pourquoi|qui)\b")
_WHEN = re.compile(
    r"\d{1,2}:\d\d|\b(?:19|20)\d\d\b|\d{1,2}\.\d{1,2}\.|\d(?:st|nd|rd|th)\b|day\b|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.I,
)
# (pattern of the question, pattern of the value that an answer has)
_EXPECTED_VALUES = (
    (
        re.compile(r"^(?:when|what (?:date|time)|which (?:date|day)|wann|quand|cuándo|on what)\b"),
        _WHEN,
    ),
    (re.compile(r"^(?:how (?:much|many|long|old|far)|wie ?viel|combien|cuánt)"), re.compile(r"\d")),
    (re.compile(r"\b(?:e-?mail|mail address)\b"), re.compile(r"@")),
    (re.compile(r"\b(?:phone|telephone|call)\b"), re.compile(r"\d[\d ()-]{6}")),
    (re.compile(r"^(?:who|wer|qui|quién)\b"), re.compile(r"\b[A-Z]\w+ [A-Z]\w+")),
)


def answer(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    """The next call: (tool, arguments), or (the final function, its answer)."""
    question = str(request.values.get("question") or "")
    context = str(request.values.get("context") or "")
    final = request.force or request.action
    functions = {function.name: function for function in request.functions}
    tools = set(functions) - {final}
    call, result = _last_tool_call(request, final)
    if call is not None and result is not None:
        second = _second_step(call, result, question, context, tools)
        if second:
            return _tool_call(second, functions)
        return final, _final_answer(call, result, question, context, encoder)
    plan = plan_call(question, context)
    if plan and plan.tool in tools and not request.turns:
        return _tool_call(plan, functions)
    if plan or (needs_tool(question) and not tools & {"calculate", "dates"}):
        return final, _not_found(_tool_not_allowed(plan))
    must_search = request.values.get("require_tool") or not context.strip()
    if must_search and "search_context" in tools and not request.turns:
        return _tool_call(ToolPlan("search_context", {"query": question[:500]}), functions)
    return final, quote_answer(question, context, encoder)


def is_answered_by_tool(request: ModelRequest) -> bool:
    """Whether the last step was a tool that computes; one that searches only finds the text."""
    call, _ = _last_tool_call(request, request.force or request.action)
    return call is not None and call.name != "search_context"


def _tool_call(plan: ToolPlan, functions: Mapping[str, Function]) -> tuple[str, dict[str, Any]]:
    parameters = functions[plan.tool].parameters.get("properties") or {}
    return plan.tool, select_arguments(plan.arguments, parameters)


def quote_answer(question: str, context: str, encoder: Encoder) -> dict[str, Any]:
    """The sentences of ``context`` that answer ``question``, verbatim, if any do.

    Where the question asks for a value that a sentence has, that is the ``answer``.
    """
    pool = preselect(with_values(sentences(context), context), MAX_SENTENCES, question)
    chosen = best_sentences(question, pool, encoder)
    if not chosen or names_other_year(question, context):
        return _not_found("The text does not say.")
    part = answering_part(question, chosen)
    return {
        "answer": part or joined_text(chosen),
        "value": part,
        "found": True,
        "quotes": [sentence.raw for sentence in chosen],
    }


def answering_part(question: str, chosen: Sequence[Sentence]) -> str | None:
    """The value that the question asks for, in the first sentence that has it; None for others."""
    parts = (short_answer(question, sentence.text) for sentence in chosen)
    return next(filter(None, parts), None)


def joined_text(chosen: Sequence[Sentence]) -> str:
    """The sentences on one line."""
    return " ".join(sentence.text for sentence in chosen)


def with_values(found: Sequence[Sentence], text: str) -> list[Sentence]:
    """The sentences of ``text``, labels that stand alone joined with their value below."""
    joined: list[Sentence] = []
    for sentence in found:
        label = joined[-1] if joined else None
        if label and _is_label_of(label, sentence, text):
            raw = text[label.start : sentence.end]
            joined[-1] = Sentence(label.start, sentence.end, raw)
        else:
            joined.append(sentence)
    return joined


def _is_label_of(label: Sentence, value: Sentence, text: str) -> bool:
    between = text[label.end : value.start]
    is_label = (
        label.raw.endswith((":", "：")) and len(label.raw) <= MAX_LABEL and "\n" not in label.raw
    )
    return is_label and len(value.raw) <= MAX_VALUE and between.count("\n") == 1


def names_other_year(question: str, context: str) -> bool:
    """Whether a question names a year of which the context says nothing."""
    return any(year not in context for year in _YEAR.findall(question[:MAX_QUESTION]))


def best_sentences(question: str, pool: list[Sentence], encoder: Encoder) -> list[Sentence]:
    """The one or two sentences of ``pool`` that answer ``question``, in order; [] for none."""
    if not pool or not question.strip():
        return []
    bonuses = _bonuses(question, pool)
    reranker = installed_reranker()
    if reranker is None:
        scores = _likeness(question, pool, bonuses, encoder.encode)
        least, margin = MIN_SCORE, SECOND_MARGIN
    else:
        scores = dict.fromkeys(_most_alike(question, pool, bonuses, encoder), 0.0)
        for index in scores:
            logit = _logit(reranker, question, pool, index)
            scores[index] = logit + BONUS_OF_LOGIT * bonuses[index]
        least, margin = MIN_LOGIT, SECOND_LOGIT_MARGIN
    order = sorted(scores, key=lambda index: (-scores[index], index))
    best = scores[order[0]]
    if best < least:
        return []
    chosen = [
        index
        for index in order[:2]
        if scores[index] >= best - margin and not lacks_value(question, pool[index].raw)
    ]
    return [pool[index] for index in sorted(chosen)]


def _likeness(
    question: str, pool: Sequence[Sentence], bonuses: Sequence[float], encode: Encode
) -> dict[int, float]:
    """How alike the question each sentence is, by its index in ``pool``."""
    vectors = encode([sentence.text for sentence in pool], MAX_TOKENS)
    similarities = vectors @ encode([question], MAX_TOKENS)[0]
    return {index: float(one) + bonuses[index] for index, one in enumerate(similarities)}


def _most_alike(
    question: str, pool: Sequence[Sentence], bonuses: Sequence[float], encoder: Encoder
) -> list[int]:
    """The indexes of the sentences that the cross-encoder reads."""
    if len(pool) <= MAX_RERANKED:
        return list(range(len(pool)))
    scores = _likeness(question, pool, bonuses, encoder.encode_centred)
    return sorted(scores, key=lambda index: (-scores[index], index))[:MAX_RERANKED]


def _logit(reranker: Reranker, question: str, pool: Sequence[Sentence], index: int) -> float:
    """The logit of a sentence; of one that needs its context, with the sentence before it."""
    sentence = pool[index]
    before = pool[index - 1] if index else None
    alone = reranker.score(question, [sentence.text])[0]
    if before is None or not needs_context(sentence.text):
        return alone
    if not 0 <= sentence.start - before.end <= MAX_GAP:
        return alone
    together = reranker.score(question, [f"{before.text} {sentence.text}"])[0]
    return max(alone, together - CONTEXT_COST)


def _bonuses(question: str, pool: list[Sentence]) -> list[float]:
    """Bonuses for rare words of the question, its label, and values of the expected kind."""
    normalized = question.lower().strip()
    question_words = set(_WORD.findall(normalized))
    shared_words = [set(_WORD.findall(sentence.raw.lower())) & question_words for sentence in pool]
    common = Counter(word for shared in shared_words for word in shared)
    is_open = _OPEN_QUESTION.match(normalized)
    question_concepts = frozenset() if is_open else concepts(question[:300])
    value_patterns = [
        value_pattern
        for question_pattern, value_pattern in _EXPECTED_VALUES
        if question_pattern.search(normalized)
    ]
    return [
        min(0.2, sum(0.08 / common[word] for word in shared))
        + _labelled(sentence.text, question_concepts)
        + _kind(sentence.raw, value_patterns)
        for shared, sentence in zip(shared_words, pool, strict=True)
    ]


def _kind(text: str, patterns: list[re.Pattern[str]]) -> float:
    """The bonus or penalty for having a value of the expected kind, such as a date, or not."""
    if not patterns:
        return 0.0
    return RIGHT_KIND if any(pattern.search(text) for pattern in patterns) else WRONG_KIND


def _labelled(text: str, question_concepts: frozenset[str]) -> float:
    """The bonus of a line "Label: value" whose label is part of the question."""
    label, colon, _ = text[:60].partition(":")
    label_concepts = concepts(label) if colon else frozenset()
    return LABEL_BONUS if label_concepts and label_concepts <= question_concepts else 0.0


def _last_tool_call(request: ModelRequest, final: str) -> tuple[Call | None, CallResult | None]:
    """The last tool call with its result; responses to a final answer do not count."""
    for turn in reversed(request.turns):
        calls = {call.id: call for call in turn.reply.calls if call.name != final}
        for result in reversed(turn.results):
            if result.call_id in calls:
                return calls[result.call_id], result
    return None, None


def _second_step(
    call: Call, result: CallResult, question: str, context: str, tools: set[str]
) -> ToolPlan | None:
    """The second call of a plan that needed today's date first, or None."""
    if call.name != "dates" or _failed(result) or '"today"' not in call.arguments:
        return None
    day = re.search(r"\d{4}-\d\d-\d\d", result.output)
    plan = plan_call(question, context, today=day.group()) if day else None
    if plan and plan.arguments.get("operation") != "today" and plan.tool in tools:
        return plan
    return None


def _final_answer(
    call: Call, result: CallResult, question: str, context: str, encoder: Encoder
) -> dict[str, Any]:
    if _failed(result):
        return _not_found(f"The tool {call.name} could not help: {result.output[6:].strip()[:300]}")
    if call.name == "search_context":
        return quote_answer(question, context or result.output, encoder)
    value = _value(result.output)
    return {
        "answer": f"{_phrase(call)} is {value}.",
        "value": value,
        "found": True,
        "quotes": _sources(question, context),
    }


def _sources(question: str, context: str) -> list[str]:
    """The sentences of the context from which the numbers of the plan were taken."""
    plan = plan_call(question, context)
    positions = plan.positions if plan else ()
    head = context[: max(positions) + 2_000] if positions else ""
    return [
        sentence.raw
        for sentence in sentences(head)
        if any(sentence.start <= position < sentence.end for position in positions)
    ]


def _phrase(call: Call) -> str:
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = {}
    if call.name == "calculate":
        return str(arguments.get("expression", "The result"))
    return _date_phrase(arguments)


def _date_phrase(arguments: Mapping[str, Any]) -> str:
    operation = arguments.get("operation")
    date = arguments.get("date")
    if operation == "add":
        amount = int(arguments.get("amount") or 0)
        direction = "before" if amount < 0 else "after"
        return f"The date {abs(amount)} {arguments.get('unit')} {direction} {date}"
    if operation == "difference":
        unit = arguments.get("unit") or "days"
        return f"The number of {unit} from {date} to {arguments.get('other')}"
    return f"The weekday of {date}" if operation == "weekday" else "Today's date"


def _value(output: str) -> str:
    """A tool's result as text: the main value of a JSON object, or the output itself."""
    try:
        parsed = json.loads(output)
    except ValueError:
        return output.strip()
    if isinstance(parsed, dict):
        for key in ("result", "value", "date", "weekday", "answer"):
            if parsed.get(key) is not None:
                return str(parsed[key])
    return output.strip()


def _failed(result: CallResult) -> bool:
    return result.output.lstrip().startswith("Error:")


def _tool_not_allowed(plan: ToolPlan | None) -> str:
    tools = f'the tool "{plan.tool}"' if plan else "a tool"
    return f"This question needs {tools}, which is not allowed here."


def _not_found(reason: str) -> dict[str, Any]:
    return {"answer": reason, "value": None, "found": False, "quotes": []}
