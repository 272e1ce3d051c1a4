"""Planning one tool call from a question by rules; nothing is computed here.

The masked question (``question_masking``) is matched against tables of patterns. A plan must use
every number and date of the question, so that none is silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.providers.local.methods.question_masking import (
    MARK,
    MaskedQuestion,
    mask_question,
    resolve_names,
    translate,
)

MAX_QUESTION = 1_000  # characters of a question that are read


@dataclass(frozen=True)
class ToolPlan:
    """A call of ``tool``; ``positions`` are those of its numbers in the context."""

    tool: str
    arguments: dict[str, Any]
    positions: tuple[int, ...] = ()


# marks: _A and _B are numbers, _P is a percentage, _D and _E are dates
_A = _B = r"#(\d{1,2})"
_P = r"%(\d{1,2})"
_D = _E = r"@(\d{1,2})"
_OF = r"(?:of|on|from)\s+(?:the\s+)?"
_THE = r"(?:(?:the|dem|le|la)\s+)?"
_UNIT = r"(day|week|month|year)s?"
_OPERATORS = (
    ("multiplied by", "*"),
    ("divided by", "/"),
    ("times", "*"),
    ("plus", "+"),
    ("minus", "-"),
    ("over", "/"),
    ("×", "*"),
    ("÷", "/"),
    ("−", "-"),
    ("·", "*"),
    (":", "/"),
)
_QUESTION_START = re.compile(
    r"^(?:please\s+|can you\s+|could you\s+)?(?:tell me\s+)?(?:what\s?(?:is|'s|are)|"
    r"how much (?:is|are)|calculate|compute|work out|evaluate|solve|was (?:ist|sind|ergibt)|"
    r"wie ?viel (?:ist|sind|ergibt)|berechne|combien font|calcule[rz]?)\s+",
)
_EXPRESSION = re.compile(r"(?:[#%]\d{1,2}|[-+*/^() ]){3,200}$")

# (pattern of the masked question, expression with the numbers that the pattern matches)
_CALCULATIONS: tuple[tuple[str, str], ...] = (
    (rf"(?:increase|raise|grow|mark up)d?\s+{_A}\s+by\s+{_P}", "{0} * (1 + {1} / 100)"),
    (rf"(?:decrease|reduce|lower|cut|discount)d?\s+{_A}\s+by\s+{_P}", "{0} * (1 - {1} / 100)"),
    (
        rf"{_A}\s+(?:is\s+)?(?:increased|raised|marked up|grown|rises?|grows?|goes up)\s+by\s+{_P}",
        "{0} * (1 + {1} / 100)",
    ),
    (
        rf"{_A}\s+(?:is\s+)?(?:decreased|reduced|lowered|cut|discounted|falls?|drops?|"
        rf"goes down)\s+by\s+{_P}",
        "{0} * (1 - {1} / 100)",
    ),
    (
        rf"{_A}\s+(?:plus|\+|with|and|including)\s+(?:an?\s+)?{_P}(?!\s*discount)",
        "{0} * (1 + {1} / 100)",
    ),
    (
        rf"{_A}(?:\s+[a-z]+)?\s+(?:minus|-|less|after|with)\s+(?:an?\s+)?{_P}",
        "{0} * (1 - {1} / 100)",
    ),
    (rf"add\s+{_P}(?:\s+\w+)?\s+to\s+{_A}", "{1} * (1 + {0} / 100)"),
    (rf"{_P}\s+off\s+(?:of\s+)?{_A}", "{1} * (1 - {0} / 100)"),
    (rf"{_P}\s+discount\s+(?:on|from|off)\s+{_A}", "{1} * (1 - {0} / 100)"),
    (rf"{_P}(?:\s+\w+)?\s+{_OF}{_A}", "{0} / 100 * {1}"),
    (rf"(?:what\s+)?percent(?:age)?\s+change\s+from\s+{_A}\s+to\s+{_B}", "({1} - {0}) / {0} * 100"),
    (
        rf"percent(?:age)?\s+(?:increase|decrease|difference|growth)\s+from\s+{_A}\s+to\s+{_B}",
        "({1} - {0}) / {0} * 100",
    ),
    (rf"(?:what|which)\s+percent(?:age)?\s+of\s+{_A}\s+(?:is|are)\s+{_B}", "{1} / {0} * 100"),
    (rf"{_A}\s+(?:is|as|are)\s+(?:a\s+|what\s+)?percent(?:age)?\s+of\s+{_B}", "{0} / {1} * 100"),
    (rf"(?:difference\s+between|subtract)\s+{_A}\s+and\s+{_B}", "abs({0} - {1})"),
    (rf"subtract\s+{_A}\s+from\s+{_B}", "{1} - {0}"),
    (rf"(?:product\s+of|multiply)\s+{_A}\s+(?:and|by|with)\s+{_B}", "{0} * {1}"),
    (rf"(?:divide|split|share)\s+{_A}\s+(?:by|between|among|across|into)\s+{_B}", "{0} / {1}"),
    (
        rf"{_A}\s+(?:is\s+)?(?:split|divided|shared)\s+(?:equally\s+)?(?:by|between|among|"
        rf"across|into)\s+{_B}",
        "{0} / {1}",
    ),
    (rf"quotient\s+of\s+{_A}\s+and\s+{_B}", "{0} / {1}"),
    (rf"half\s+of\s+{_A}", "{0} / 2"),
    (rf"(?:a|one)\s+third\s+of\s+{_A}", "{0} / 3"),
    (rf"(?:a|one)\s+quarter\s+of\s+{_A}", "{0} / 4"),
    (rf"(?:twice|double)\s+{_A}", "{0} * 2"),
    (rf"square\s+root\s+of\s+{_A}", "sqrt({0})"),
    (rf"{_A}\s+squared", "{0} ** 2"),
    (rf"{_A}\s+to\s+the\s+power\s+of\s+{_B}", "{0} ** {1}"),
    (
        rf"{_A}(?:\s+[a-z-]+){{0,3}}\s+(?:at|for|à|x)\s+{_B}\s+(?:each|apiece|per\s|a\s+piece|"
        r"pro\s)",
        "{0} * {1}",
    ),
)
_CALCULATION_PATTERNS = tuple(
    (re.compile(pattern), expression) for pattern, expression in _CALCULATIONS
)
_NUMBER_LIST = re.compile(
    r"(?P<what>sum|total|average|mean|add|product)\s+"
    r"(?:up\s+)?(?:of\s+)?(?P<list>#\d{1,2}(?:(?:\s?,\s?(?:and\s+)?|\s+and\s+)#\d{1,2}){1,20})"
)

_AFTER = re.compile(
    rf"(?:#(\d{{1,2}})|(an?))\s+{_UNIT}\s+(after|from|following|later than|before|prior to|"
    rf"earlier than)\s+(?:{_D}|(today|now))"
)
_PLUS = re.compile(rf"(?:{_D}|(today))\s*(plus|\+|minus|-)\s*#(\d{{1,2}})\s+{_UNIT}")
_AGO = re.compile(rf"(?:(in)\s+#(\d{{1,2}})\s+{_UNIT}|#(\d{{1,2}})\s+{_UNIT}\s+ago)")
_BETWEEN = re.compile(
    rf"(?:how many|number of)\s+{_UNIT}\s.{{0,60}}?(?:between|from)\s+{_THE}(?:{_D}|(today|now))\s+"
    rf"(?:and|to|until|till|through)\s+{_THE}(?:{_E}|(today|now))"
)
_UNTIL = re.compile(
    rf"(?:how many|number of)\s+{_UNIT}\s.{{0,60}}?(until|till|to|before|since|passed since)\s+{_D}"
)
_WEEKDAY = re.compile(
    rf"(?:week\s?day|day of (?:the )?week|(?:which|what)\s+day)\b.{{0,40}}?{_D}|"
    rf"on\s+(?:which|what)\s+day\b.{{0,40}}?{_D}"
)
_TODAY = re.compile(
    r"(?:what|which)\s+(?:is\s+|'s\s+)?(?:the\s+)?(?:date|day)\b.{0,20}\btoday|today'?s\s+date|"
    r"what\s+is\s+today\b"
)
_COMPUTATION = re.compile(
    r"\d\s?%.{0,40}\b(?:of|off|on)\b|\bpercent(?:age)? of\b|\b(?:sum|average|product|"
    r"difference) (?:of|between)\b|\bhow many (?:days|weeks|months) (?:between|from|until|"
    r"since)\b|\b\d+ (?:days|weeks|months|years) (?:after|before|from)\b|"
    r"\d\s?(?:[*×÷+]|plus|minus|times)\s?\d"
)


def plan_call(question: str, context: str = "", today: str | None = None) -> ToolPlan | None:
    """The call that answers ``question``, or None; ``today`` is an ISO date, once it is known."""
    resolved, positions = resolve_names(question[:MAX_QUESTION], context)
    masked = mask_question(resolved, today)
    plan = plan_dates(masked, today) or plan_calculation(masked)
    return replace(plan, positions=positions) if plan else None


def needs_tool(question: str) -> bool:
    """Whether a question needs a computation, even one that cannot be planned."""
    return bool(_COMPUTATION.search(translate(question[:MAX_QUESTION].lower())))


def plan_calculation(masked: MaskedQuestion) -> ToolPlan | None:
    """A call of the calculator, or None."""
    symbolic = _QUESTION_START.sub("", masked.text)
    for word, operator in _OPERATORS:
        symbolic = symbolic.replace(word, f" {operator} ")
    if _EXPRESSION.match(symbolic) and "%" not in symbolic and re.search(r"\d\s*[-+*/^]", symbolic):
        template = re.sub(r"#(\d{1,2})", r"{\1}", symbolic.replace("^", "**"))
        return _calculate(_insert_values(template, masked.values))
    list_match = _NUMBER_LIST.search(masked.text)
    if list_match and masked.covers_all_values(list_match):
        values = [masked.values[int(index)] for index in MARK.findall(list_match["list"])]
        return _calculate(_join_values(list_match["what"], values))
    for pattern, expression in _CALCULATION_PATTERNS:
        match = pattern.search(masked.text)
        if match and masked.covers_all_values(match):
            values = [masked.values[int(index)] for index in match.groups()]
            return _calculate(_insert_values(expression, values))
    return None


def plan_dates(masked: MaskedQuestion, today: str | None) -> ToolPlan | None:
    """A call of the calendar, or None; today's date is called for first if it is needed."""
    for pattern, rule in _DATE_RULES:
        match = pattern.search(masked.text)
        if not match or not masked.covers_all_values(match):
            continue
        plan = rule(match, masked.values)
        if plan is None:
            continue
        if "today" not in (plan.arguments["date"], plan.arguments["other"]):
            return plan
        if today is None:
            return _today(match, masked.values)
        arguments = {
            key: today if value == "today" else value for key, value in plan.arguments.items()
        }
        return ToolPlan("dates", arguments)
    return None


def _after(match: re.Match[str], values: tuple[str, ...]) -> ToolPlan | None:
    amount = values[int(match[1])] if match[1] else "1"
    is_before = match[4] in {"before", "prior to", "earlier than"}
    start = values[int(match[5])] if match[5] else "today"
    return _shift(amount, match[3], is_before, start)


def _plus(match: re.Match[str], values: tuple[str, ...]) -> ToolPlan | None:
    start = values[int(match[1])] if match[1] else "today"
    return _shift(values[int(match[4])], match[5], match[3] in {"minus", "-"}, start)


def _ago(match: re.Match[str], values: tuple[str, ...]) -> ToolPlan | None:
    return _shift(values[int(match[2] or match[4])], match[3] or match[5], not match[1], "today")


def _between(match: re.Match[str], values: tuple[str, ...]) -> ToolPlan | None:
    first = values[int(match[2])] if match[2] else "today"
    second = values[int(match[4])] if match[4] else "today"
    return _dates("difference", first, other=second, unit=match[1] + "s")


def _until(match: re.Match[str], values: tuple[str, ...]) -> ToolPlan | None:
    day = values[int(match[3])]
    first, second = (day, "today") if "since" in match[2] else ("today", day)
    return _dates("difference", first, other=second, unit=match[1] + "s")


def _weekday(match: re.Match[str], values: tuple[str, ...]) -> ToolPlan | None:
    return _dates("weekday", values[int(match[1] or match[2])])


def _today(_: re.Match[str], __: tuple[str, ...]) -> ToolPlan | None:
    return _dates("today", None)


_DateRule = Callable[[re.Match[str], tuple[str, ...]], ToolPlan | None]
_DATE_RULES: tuple[tuple[re.Pattern[str], _DateRule], ...] = (
    (_AFTER, _after),
    (_PLUS, _plus),
    (_AGO, _ago),
    (_BETWEEN, _between),
    (_UNTIL, _until),
    (_WEEKDAY, _weekday),
    (_TODAY, _today),
)


def _shift(amount: str, unit: str, backwards: bool, start: str) -> ToolPlan | None:
    if not amount.isdigit():
        return None
    return _dates("add", start, amount=-int(amount) if backwards else int(amount), unit=unit + "s")


def _dates(
    operation: str,
    date: str | None,
    *,
    other: str | None = None,
    amount: int | None = None,
    unit: str | None = None,
) -> ToolPlan:
    arguments = {
        "operation": operation,
        "date": date,
        "other": other,
        "amount": amount,
        "unit": unit,
        "time_zone": None,
    }
    return ToolPlan("dates", arguments)


def _calculate(expression: str) -> ToolPlan:
    return ToolPlan("calculate", {"expression": expression})


def _insert_values(expression: str, values: Sequence[str]) -> str:
    return " ".join(expression.format(*values).split())


def _join_values(operation: str, values: list[str]) -> str:
    if operation in {"average", "mean"}:
        return f"({' + '.join(values)}) / {len(values)}"
    return (" * " if operation == "product" else " + ").join(values)


def select_arguments(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a tool's function declares; all of them if it declares none."""
    return {key: arguments.get(key) for key in parameters} if parameters else dict(arguments)
