# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Planning one tool call from a question, by rules: nothing is ever computed here.

The question's dates and numbers are lifted out and leave marks (``@0``, ``#1``, ``%2``); what is left is matched against
a table of patterns. A plan must use every number and date of the question, so that none is silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .amounts import WORDS, comma_decimal, money, numbers, plain_digits
from .days import Calendar, calendar, dates

LONGEST = 1_000  # characters of a question that are planned
NAME_GAP = 40  # characters between a name and its number in the context


@dataclass(frozen=True)
class Plan:
    """A call of ``tool`` with ``arguments``; ``places`` says where in the context its numbers stand."""

    tool: str
    arguments: dict[str, Any]
    places: tuple[int, ...] = ()


_TRANSLATED = {
    "von": "of", "prozent": "percent", "mal": "times", "geteilt": "divided", "durch": "by", "tage": "days",
    "tagen": "days", "tag": "day", "wochen": "weeks", "woche": "week", "monate": "months", "monaten": "months",
    "jahre": "years", "jahren": "years", "nach": "after", "vor": "before", "zwischen": "between", "und": "and",
    "summe": "sum", "durchschnitt": "average", "heute": "today", "wochentag": "weekday", "jours": "days",
    "jour": "day", "semaines": "weeks", "mois": "months", "ans": "years", "après": "after", "avant": "before",
    "entre": "between", "et": "and", "moins": "minus", "fois": "times", "divisé": "divided", "par": "by",
    "wie": "how", "viele": "many", "combien": "how many", "moyenne": "average", "somme": "sum",
}  # fmt: skip
_NUMBER = r"(?P<{}>[#%]\d{{1,2}})"
_A, _B, _P = r"#(\d{1,2})", r"#(\d{1,2})", r"%(\d{1,2})"
_OF = r"(?:of|on|from)\s+(?:the\s+)?"
_THE = r"(?:(?:the|dem|le|la)\s+)?"
_D, _E = r"@(\d{1,2})", r"@(\d{1,2})"
_UNIT = r"(day|week|month|year)s?"
_SIGN_WORDS = (
    ("multiplied by", "*"), ("divided by", "/"), ("times", "*"), ("plus", "+"), ("minus", "-"), ("over", "/"),
    ("×", "*"), ("÷", "/"), ("−", "-"), ("·", "*"), (":", "/"),
)  # fmt: skip
_LEAD = re.compile(
    r"^(?:please\s+|can you\s+|could you\s+)?(?:tell me\s+)?(?:what\s?(?:is|'s|are)|how much (?:is|are)|calculate|compute|"
    r"work out|evaluate|solve|was (?:ist|sind|ergibt)|wie ?viel (?:ist|sind|ergibt)|berechne|combien font|calcule[rz]?)\s+",
)
_THE_NAME = re.compile(
    r"\b(?:the|our|my|its)\s+((?:(?!(?:and|or|to|from|plus|minus|is|are|by|in|the|times|divided|with)\b)[a-zA-Z][\w-]{1,20}\s?){1,4})"
)
_LONG = re.compile(r"(?<![\w.,#@%])\d{16,60}(?:\.\d{1,30})?(?![\w]|[.,]\d)")
_LINE = re.compile(r"(?:[#%]\d{1,2}|[-+*/^() ]){3,200}$")

# Each row: a pattern over the marked question, and the expression with the pattern's numbers in it.
_SUMS: tuple[tuple[str, str], ...] = (
    (rf"(?:increase|raise|grow|mark up)d?\s+{_A}\s+by\s+{_P}", "{0} * (1 + {1} / 100)"),
    (rf"(?:decrease|reduce|lower|cut|discount)d?\s+{_A}\s+by\s+{_P}", "{0} * (1 - {1} / 100)"),
    (
        rf"{_A}\s+(?:is\s+)?(?:increased|raised|marked up|grown|rises?|grows?|goes up)\s+by\s+{_P}",
        "{0} * (1 + {1} / 100)",
    ),
    (
        rf"{_A}\s+(?:is\s+)?(?:decreased|reduced|lowered|cut|discounted|falls?|drops?|goes down)\s+by\s+{_P}",
        "{0} * (1 - {1} / 100)",
    ),
    (rf"{_A}\s+(?:plus|\+|with|and|including)\s+(?:an?\s+)?{_P}(?!\s*discount)", "{0} * (1 + {1} / 100)"),
    (rf"{_A}(?:\s+[a-z]+)?\s+(?:minus|-|less|after|with)\s+(?:an?\s+)?{_P}", "{0} * (1 - {1} / 100)"),
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
        rf"{_A}\s+(?:is\s+)?(?:split|divided|shared)\s+(?:equally\s+)?(?:by|between|among|across|into)\s+{_B}",
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
    (rf"{_A}(?:\s+[a-z-]+){{0,3}}\s+(?:at|for|à|x)\s+{_B}\s+(?:each|apiece|per\s|a\s+piece|pro\s)", "{0} * {1}"),
)
_PATTERNS = tuple((re.compile(pattern), expression) for pattern, expression in _SUMS)
_MANY = re.compile(
    r"(?P<what>sum|total|average|mean|add|product)\s+(?:up\s+)?(?:of\s+)?(?P<list>#\d{1,2}(?:(?:\s?,\s?(?:and\s+)?|\s+and\s+)#\d{1,2}){1,20})"
)
_MARK = re.compile(r"[#%@](\d{1,2})")

_AFTER = re.compile(
    rf"(?:#(\d{{1,2}})|(an?))\s+{_UNIT}\s+(after|from|following|later than|before|prior to|earlier than)\s+(?:{_D}|(today|now))"
)
_PLUS = re.compile(rf"(?:{_D}|(today))\s*(plus|\+|minus|-)\s*#(\d{{1,2}})\s+{_UNIT}")
_AGO = re.compile(rf"(?:(in)\s+#(\d{{1,2}})\s+{_UNIT}|#(\d{{1,2}})\s+{_UNIT}\s+ago)")
_BETWEEN = re.compile(
    rf"(?:how many|number of)\s+{_UNIT}\s.{{0,60}}?(?:between|from)\s+{_THE}(?:{_D}|(today|now))\s+"
    rf"(?:and|to|until|till|through)\s+{_THE}(?:{_E}|(today|now))"
)
_UNTIL = re.compile(rf"(?:how many|number of)\s+{_UNIT}\s.{{0,60}}?(until|till|to|before|since|passed since)\s+{_D}")
_WEEKDAY = re.compile(
    rf"(?:week\s?day|day of (?:the )?week|(?:which|what)\s+day)\b.{{0,40}}?{_D}|on\s+(?:which|what)\s+day\b.{{0,40}}?{_D}"
)
_TODAY = re.compile(r"(?:what|which)\s+(?:is\s+|'s\s+)?(?:the\s+)?(?:date|day)\b.{0,20}\btoday|today'?s\s+date|what\s+is\s+today\b")
_COUNTED = re.compile(r"\b(" + "|".join(sorted((w for w in WORDS if len(w) > 2), key=len, reverse=True)) + r")(?=\s)")
_NEEDS = re.compile(
    r"\d\s?%.{0,40}\b(?:of|off|on)\b|\bpercent(?:age)? of\b|\b(?:sum|average|product|difference) (?:of|between)\b|"
    r"\bhow many (?:days|weeks|months) (?:between|from|until|since)\b|\b\d+ (?:days|weeks|months|years) (?:after|before|from)\b|"
    r"\d\s?(?:[*×÷+]|plus|minus|times)\s?\d"
)


@dataclass(frozen=True)
class Marked:
    """A question with its values lifted out: ``text`` holds marks, ``values`` what they stand for."""

    text: str
    values: tuple[str, ...]

    def used_up(self, match: re.Match[str]) -> bool:
        """Whether no value of the question stands outside ``match``."""
        return not _MARK.search(self.text[: match.start()] + " " + self.text[match.end() :])


def plan(question: str, context: str = "", today: str | None = None) -> Plan | None:
    """The call that answers ``question``, or None. ``today`` (ISO) stands in for the word once it is known."""
    named, places = with_names(question[:LONGEST], context)
    marked = mark(named, today)
    planned = plan_dates(marked, today) or plan_sum(marked)
    return replace(planned, places=places) if planned else None


def needs_tool(question: str) -> bool:
    """Whether a question asks for a computation, even one that cannot be planned surely."""
    return bool(_NEEDS.search(_translate(question[:LONGEST].lower())))


def mark(question: str, today: str | None = None) -> Marked:
    """Lift dates, percentages and numbers out of a question."""
    habit = calendar(question)
    values: list[str] = []
    pieces, place = [], 0
    for span in dates(question, habit):
        pieces += [question[place : span.start], f"@{len(values)}"]
        values.append(span.value.isoformat())
        place = span.end
    text = "".join(pieces) + question[place:]
    text = _mark_numbers(text, values, comma_decimal(question))
    text = _COUNTED.sub(lambda match: _keep(values, str(WORDS[match[1]]), "#"), _translate(text.lower()))
    if today:
        text = re.sub(r"\btoday\b|\bnow\b", lambda _: _keep(values, today, "@"), text)
    return Marked(" ".join(text.split()).rstrip(" ?.!="), tuple(values))


def plan_sum(marked: Marked) -> Plan | None:
    """A call of the calculator."""
    text = _LEAD.sub("", marked.text)
    signed = text
    for word, sign in _SIGN_WORDS:
        signed = signed.replace(word, f" {sign} ")
    if _LINE.match(signed) and "%" not in signed and re.search(r"\d\s*[-+*/^]", signed):
        return _calculate(_put(re.sub(r"#(\d{1,2})", r"{\1}", signed.replace("^", "**")), marked.values))
    many = _MANY.search(marked.text)
    if many and marked.used_up(many):
        return _calculate(_join(many["what"], [marked.values[int(place)] for place in _MARK.findall(many["list"])]))
    for pattern, expression in _PATTERNS:
        match = pattern.search(marked.text)
        if match and marked.used_up(match):
            return _calculate(_put(expression, [marked.values[int(group)] for group in match.groups()]))
    return None


def plan_dates(marked: Marked, today: str | None) -> Plan | None:
    """A call of the calendar; when it takes today's date, that is asked for first."""
    for pattern, read in _DATE_RULES:
        match = pattern.search(marked.text)
        if match and marked.used_up(match):
            found = read(match, marked.values)
            if found is None:
                continue
            if "today" not in (found.arguments["date"], found.arguments["other"]):
                return found
            if today is None:
                return _today(match, marked.values)
            return Plan("dates", {key: today if value == "today" else value for key, value in found.arguments.items()})
    return None


def _after(match: re.Match[str], values: tuple[str, ...]) -> Plan | None:
    amount = values[int(match[1])] if match[1] else "1"
    back = match[4] in {"before", "prior to", "earlier than"}
    return _shift(amount, match[3], back, values[int(match[5])] if match[5] else "today")


def _plus(match: re.Match[str], values: tuple[str, ...]) -> Plan | None:
    start = values[int(match[1])] if match[1] else "today"
    return _shift(values[int(match[4])], match[5], match[3] in {"minus", "-"}, start)


def _ago(match: re.Match[str], values: tuple[str, ...]) -> Plan | None:
    return _shift(values[int(match[2] or match[4])], match[3] or match[5], not match[1], "today")


def _between(match: re.Match[str], values: tuple[str, ...]) -> Plan | None:
    first = values[int(match[2])] if match[2] else "today"
    second = values[int(match[4])] if match[4] else "today"
    return _dates("difference", first, other=second, unit=match[1] + "s")


def _until(match: re.Match[str], values: tuple[str, ...]) -> Plan | None:
    day = values[int(match[3])]
    first, second = (day, "today") if "since" in match[2] else ("today", day)
    return _dates("difference", first, other=second, unit=match[1] + "s")


def _weekday(match: re.Match[str], values: tuple[str, ...]) -> Plan | None:
    return _dates("weekday", values[int(match[1] or match[2])])


def _today(_: re.Match[str], __: tuple[str, ...]) -> Plan | None:
    return _dates("today", None)


_DATE_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], tuple[str, ...]], Plan | None]], ...] = (
    (_AFTER, _after), (_PLUS, _plus), (_AGO, _ago), (_BETWEEN, _between), (_UNTIL, _until), (_WEEKDAY, _weekday),
    (_TODAY, _today),
)  # fmt: skip


def _shift(amount: str, unit: str, back: bool, start: str) -> Plan | None:
    if not amount.isdigit():
        return None
    return _dates("add", start, amount=-int(amount) if back else int(amount), unit=unit + "s")


def _dates(operation: str, date: str | None, *, other: str | None = None, amount: int | None = None, unit: str | None = None) -> Plan:
    arguments = {"operation": operation, "date": date, "other": other, "amount": amount, "unit": unit, "time_zone": None}
    return Plan("dates", arguments)


def _calculate(expression: str) -> Plan:
    return Plan("calculate", {"expression": expression})


def _put(expression: str, values: list[str] | tuple[str, ...]) -> str:
    return " ".join(expression.format(*values).split())


def _join(what: str, values: list[str]) -> str:
    if what in {"average", "mean"}:
        return f"({' + '.join(values)}) / {len(values)}"
    return (" * " if what == "product" else " + ").join(values)


def _mark_numbers(text: str, values: list[str], comma: bool) -> str:
    # a number longer than a float can hold is lifted out as it is written
    text = _LONG.sub(lambda match: _keep(values, match[0], "#"), text)
    pieces, place = [], 0
    amounts = {span.start: span for span in money(text, comma)}
    amounts |= {span.start: span for span in numbers(text, comma) if not _inside(span.start, amounts.values())}
    for start in sorted(amounts):
        span = amounts[start]
        if start < place or text[max(0, start - 1) : start] in {"@", "#"}:
            continue
        percent = re.match(r"\s?(?:%|percent\b|per cent\b|prozent\b|pour cent\b)", text[span.end : span.end + 12].lower())
        pieces += [
            text[place:start],
            _keep(values, _written(text[start : span.end], span.value, comma), "%" if percent else "#"),
        ]
        place = span.end + (percent.end() if percent else 0)
    return "".join(pieces) + text[place:]


def _written(raw: str, value: int | float, comma: bool) -> str:
    """The number with the digits that were written, such as 1240.50, unless a word such as "million" changed it."""
    digits = re.search(r"\d[\d.,'’\s]*", raw)
    written = plain_digits(digits.group().strip(" .,"), comma) if digits else ""
    return written if written and float(written) == abs(value) and value >= 0 else str(value)


def _inside(place: int, spans: Any) -> bool:
    return any(span.start <= place < span.end for span in spans)


def _keep(values: list[str], value: str, sign: str) -> str:
    values.append(value)
    return f"{sign}{len(values) - 1}"


def _translate(text: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda match: _TRANSLATED.get(match[0], match[0]), text)


def with_names(question: str, context: str) -> tuple[str, tuple[int, ...]]:
    """The question with names such as "the total" replaced by their value, where the context gives exactly one.

    The numbers beside it are the places in the context where those values stand.
    """
    places: list[int] = []
    if not context:
        return question, ()

    def value(match: re.Match[str]) -> str:
        words = match[1].split()
        for length in range(len(words), 0, -1):
            found = lookup(" ".join(words[:length]), context)
            if found:
                places.append(found[1])
                rest = " ".join(words[length:])
                return f"{found[0]} {rest}".rstrip() + (" " if match[0].endswith(" ") else "")
        return match[0]

    return _THE_NAME.sub(value, question), tuple(places)


def lookup(name: str, context: str) -> tuple[str, int] | None:
    """The one number or date that the context writes right after ``name``, with its place; None when there are several."""
    head = context[:200_000]
    near = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])([^\d\n.;]{{0,{NAME_GAP}}})", re.I)
    habit, comma = calendar(head), comma_decimal(head)
    found: dict[str, int] = {}
    for match in near.finditer(head):
        value = _value_at(head, match.end(), habit, comma)
        if value:
            found.setdefault(value, match.end())
    return found.popitem() if len(found) == 1 else None


def _value_at(text: str, place: int, habit: Calendar, comma: bool) -> str | None:
    after = text[place : place + 40]
    for span in dates(after, habit):
        if span.start == 0:
            return str(span.value.isoformat())
    found = re.match(r"\d[\d.,'’]{0,15}\d|\d", after)
    if not found or re.match(r"\s?%", after[found.end() :]):
        return None
    return plain_digits(found.group(), comma)


def fields(arguments: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments a tool's function asks for, in its own keys."""
    return {key: arguments.get(key) for key in asked} if asked else dict(arguments)
