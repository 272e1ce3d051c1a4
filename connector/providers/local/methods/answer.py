"""Answers to questions: a planned tool call, or a quote from the context; never a number made up here."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..base import Call, CallResult, ModelRequest
from .embed import Encoder
from .labels import concepts
from .plan import Plan, fields, needs_tool, plan
from .sentences import Sentence, sentences
from .summarize import preselect

READ = 60  # sentences of the context that are embedded
PIECES = 72
FITS = 0.45  # likeness from which a sentence counts as an answer
SECOND = 0.02  # a second sentence this close to the best is quoted too
LABELLED = 0.25
RIGHT_KIND, WRONG_KIND = 0.08, -0.06
_WORD = re.compile(r"\w{3,30}")
_PLACE = re.compile(r"(?:where|why|who|how|wo|warum|wer|où|pourquoi|qui)\b")  # such questions do not ask for a label
_WHEN = re.compile(
    r"\d{1,2}:\d\d|\b(?:19|20)\d\d\b|\d{1,2}\.\d{1,2}\.|\d(?:st|nd|rd|th)\b|day\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.I,
)
_EXPECTED = (
    (re.compile(r"^(?:when|what (?:date|time)|which (?:date|day)|wann|quand|cuándo|on what)\b"), _WHEN),
    (re.compile(r"^(?:how (?:much|many|long|old|far)|wie ?viel|combien|cuánt)"), re.compile(r"\d")),
    (re.compile(r"\b(?:e-?mail|mail address)\b"), re.compile(r"@")),
    (re.compile(r"\b(?:phone|telephone|call)\b"), re.compile(r"\d[\d ()-]{6}")),
    (re.compile(r"^(?:who|wer|qui|quién)\b"), re.compile(r"\b[A-Z]\w+ [A-Z]\w+")),
)  # fmt: skip


def answer(request: ModelRequest, encoder: Encoder) -> tuple[str, dict[str, Any]]:
    """The next call: (tool, arguments), or (the final function, answer with value, found and quotes)."""
    question, context = _texts(request.values)
    final = request.force or request.action
    asked = {function.name: function.parameters.get("properties") or {} for function in request.functions}
    tools = set(asked) - {final}
    if request.turns:
        call, result = _last(request, final)
        if call is not None and result is not None:
            following = _following(call, result, question, context, tools)
            if following:
                return following.tool, fields(following.arguments, asked[following.tool])
            return final, _conclude(call, result, question, context, encoder)
    planned = plan(question, context)
    if planned and planned.tool in tools and not request.turns:
        return planned.tool, fields(planned.arguments, asked[planned.tool])
    if planned or (needs_tool(question) and not tools & {"calculate", "dates"}):
        return final, _nothing(_absent(planned))
    must_search = request.values.get("require_tool") or not context.strip()
    if must_search and "search_context" in tools and not request.turns:
        return "search_context", fields({"query": question[:500]}, asked["search_context"])
    return final, quote(question, context, encoder)


def quote(question: str, context: str, encoder: Encoder) -> dict[str, Any]:
    """The sentences of ``context`` that answer ``question``, verbatim; nothing when none is near enough."""
    told = best(question, preselect(sentences(context), READ, question), encoder)
    if not told:
        return _nothing("The text does not say.")
    return {
        "answer": " ".join(sentence.text for sentence in told),
        "value": None,
        "found": True,
        "quotes": [sentence.raw for sentence in told],
    }


def best(question: str, pool: list[Sentence], encoder: Encoder) -> list[Sentence]:
    """The one or two sentences of ``pool`` that answer ``question``, in its order; none when none is near enough."""
    if not pool or not question.strip():
        return []
    vectors = encoder.encode([sentence.text for sentence in pool], PIECES)
    likeness = [float(score) for score in vectors @ encoder.encode([question], PIECES)[0]]
    scores = [score + bonus for score, bonus in zip(likeness, _bonuses(question, pool), strict=True)]
    order = sorted(range(len(pool)), key=lambda place: (-scores[place], place))
    if scores[order[0]] < FITS:
        return []
    chosen = [order[0], *(place for place in order[1:2] if scores[place] >= scores[order[0]] - SECOND)]
    return [pool[place] for place in sorted(chosen)]


def _bonuses(question: str, pool: list[Sentence]) -> list[float]:
    """What speaks for a sentence besides its meaning: rare words of the question, and the kind of value asked for."""
    asked = set(_WORD.findall(question.lower()))
    bags = [set(_WORD.findall(sentence.raw.lower())) & asked for sentence in pool]
    common = Counter(word for bag in bags for word in bag)
    about = frozenset() if _PLACE.match(question.lower().strip()) else concepts(question[:300])
    wanted = [sought for cue, sought in _EXPECTED if cue.search(question.lower().strip())]
    return [
        min(0.2, sum(0.08 / common[word] for word in bag)) + _labelled(sentence.text, about) + _kind(sentence.raw, wanted)
        for bag, sentence in zip(bags, pool, strict=True)
    ]


def _kind(text: str, wanted: list[re.Pattern[str]]) -> float:
    """What a sentence gains or loses for holding the kind of value that is asked for, such as a date."""
    if not wanted:
        return 0.0
    return RIGHT_KIND if any(sought.search(text) for sought in wanted) else WRONG_KIND


def _labelled(text: str, about: frozenset[str]) -> float:
    """What a line "Label: value" gains when the question has all of its label."""
    label, colon, _ = text[:60].partition(":")
    named = concepts(label) if colon else frozenset()
    return LABELLED if named and named <= about else 0.0


def _texts(values: Mapping[str, Any]) -> tuple[str, str]:
    return str(values.get("question") or ""), str(values.get("context") or "")


def _last(request: ModelRequest, final: str) -> tuple[Call | None, CallResult | None]:
    """The last call of a tool that got a result, with it; what was said to an answer is no result."""
    for turn in reversed(request.turns):
        calls = {call.id: call for call in turn.reply.calls if call.name != final}
        for result in reversed(turn.results):
            if result.call_id in calls:
                return calls[result.call_id], result
    return None, None


def _following(call: Call, result: CallResult, question: str, context: str, tools: set[str]) -> Plan | None:
    """The second step of a plan that had to ask for today's date first."""
    if call.name != "dates" or _failed(result) or '"today"' not in call.arguments:
        return None
    day = re.search(r"\d{4}-\d\d-\d\d", result.output)
    planned = plan(question, context, today=day.group()) if day else None
    if planned and planned.arguments.get("operation") != "today" and planned.tool in tools:
        return planned
    return None


def _conclude(call: Call, result: CallResult, question: str, context: str, encoder: Encoder) -> dict[str, Any]:
    if _failed(result):
        return _nothing(f"The tool {call.name} could not help: {result.output[6:].strip()[:300]}")
    if call.name == "search_context":
        return quote(question, context or result.output, encoder)
    value = _value(result.output)
    return {"answer": f"{_phrase(call)} is {value}.", "value": value, "found": True, "quotes": _sources(question, context)}


def _sources(question: str, context: str) -> list[str]:
    """The sentences of the context from which the planned numbers come."""
    planned = plan(question, context)
    places = planned.places if planned else ()
    head = context[: max(places) + 2_000] if places else ""
    return [one.raw for one in sentences(head) if any(one.start <= place < one.end for place in places)]


def _phrase(call: Call) -> str:
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = {}
    if call.name == "calculate":
        return str(arguments.get("expression", "The result"))
    return _date_phrase(arguments)


def _date_phrase(arguments: Mapping[str, Any]) -> str:
    operation, date = arguments.get("operation"), arguments.get("date")
    if operation == "add":
        amount = int(arguments.get("amount") or 0)
        return f"The date {abs(amount)} {arguments.get('unit')} {'before' if amount < 0 else 'after'} {date}"
    if operation == "difference":
        return f"The number of {arguments.get('unit') or 'days'} from {date} to {arguments.get('other')}"
    return f"The weekday of {date}" if operation == "weekday" else "Today's date"


def _value(output: str) -> str:
    """A tool's result as text: its own words, or the one value of a JSON object."""
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


def _absent(planned: Plan | None) -> str:
    tools = f'the tool "{planned.tool}"' if planned else "a tool"
    return f"This question needs {tools}, which is not allowed here."


def _nothing(reason: str) -> dict[str, Any]:
    return {"answer": reason, "value": None, "found": False, "quotes": []}
