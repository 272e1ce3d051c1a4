"""Values that come from a tool: the model only refers to them, the server fills them in.

A warning states where the model gave another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

from connector.catalogue.derived import ToolStep
from connector.engine.run import Run
from connector.json_types import Json

_NUMBER = re.compile(
    r"[-−]?(?:\d{1,3}(?:[ \u00a0\u202f'’,.]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])"
)
_GROUP_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f'’](?=\d)")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_SHOWN = 60


def ground(run: Run, model_values: Json) -> Json:
    """``model_values`` with each value of a tool as the tool returned it."""
    values = dict(model_values)
    for name, field in run.action.returns.items():
        if field.source == "tools" and name in model_values:
            values[name] = _grounded_value(run, name, model_values[name])
            _warn_of_other_numbers(run, name, values)
    return values


def _grounded_value(run: Run, name: str, claimed: str | None) -> str | None:
    if claimed is None:
        return None
    steps = [step for step in run.steps if step.ok and step.value is not None]
    if not steps:
        return _value_from_form(run, name, claimed)
    for step in reversed(steps):
        if _is_same(claimed, step.value or ""):
            return step.value
    last = steps[-1]
    run.warnings.append(
        f'The model gave {claimed[:_SHOWN]} as "{name}"; the tool {last.tool} gave '
        f"{_shown(last)}, which is used instead."
    )
    return last.value


def _value_from_form(run: Run, name: str, claimed: str) -> str | None:
    """Without a tool result, a value may still be copied from the form's texts."""
    texts = [
        value
        for key, value in run.form.items()
        if key in run.action.fields and isinstance(value, str)
    ]
    if any(_contains(text, claimed) for text in texts):
        return claimed
    run.warnings.append(
        f'The model gave {claimed[:_SHOWN]} as "{name}" without a tool, and the form does not '
        "state it; it was left out."
    )
    return None


def _contains(text: str, claimed: str) -> bool:
    """Whether ``claimed`` is in ``text`` as whole words or a whole number."""
    pattern = r"\s+".join(map(re.escape, claimed.split()))
    if not pattern:
        return False
    return bool(re.search(rf"(?<![\w.,]){pattern}(?!\w|[.,]\d)", text, re.IGNORECASE))


def _warn_of_other_numbers(run: Run, name: str, values: Json) -> None:
    """Warn of texts beside a tool's value that have other numbers, and not this one."""
    exact = _as_number(values[name]) if values[name] else None
    step = next((step for step in reversed(run.steps) if step.value == values[name]), None)
    if exact is None or step is None:
        return
    known = _known_numbers(run)
    for key, text in values.items():
        if key == name or not isinstance(text, str):
            continue
        if run.action.returns[key].type not in {"text", "longtext"}:
            continue
        numbers = list(_numbers(text))
        unknown = [number for number in numbers if number not in known]
        if unknown and not any(_rounds_to(exact, number) for number in numbers):
            run.warnings.append(
                f'"{key}" states {unknown[0]:f}, but the tool {step.tool} gave {_shown(step)}: '
                f'rely on "{name}".'
            )


def _known_numbers(run: Run) -> set[Decimal]:
    """The numbers in the form, in the calls and in their results."""
    texts = [
        str(value)
        for key, value in run.form.items()
        if key in run.action.fields and isinstance(value, str | int | float)
    ]
    texts += [f"{step.input} {step.output}" for step in run.steps]
    return {number for text in texts for number in _numbers(text)}


def _is_same(claimed: str, value: str) -> bool:
    if claimed.strip().casefold() == value.strip().casefold():
        return True
    exact = _as_number(value)
    given = _as_number(claimed)
    return exact is not None and given is not None and _rounds_to(exact, given)


def _rounds_to(exact: Decimal, given: Decimal) -> bool:
    """Whether ``given`` equals ``exact``, or is ``exact`` rounded to its decimal places.

    A whole number is not taken for a rounded one.
    """
    if exact == given:
        return True
    decimals = -int(given.as_tuple().exponent)
    if decimals <= 0:
        return False
    try:
        return given in {
            exact.quantize(given, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)
        }
    except InvalidOperation:
        return False


def _as_number(text: str) -> Decimal | None:
    """The number that ``text`` consists of, with or without a currency or unit."""
    numbers = list(_numbers(text))
    if len(numbers) != 1 or re.search(r"\d[-/:]\d", text):
        return None
    return numbers[0]


def _numbers(text: str) -> Iterator[Decimal]:
    for match in _NUMBER.finditer(text):
        digits = _without_thousands(_GROUP_SPACES.sub("", match[0].replace("−", "-")))
        try:
            yield Decimal(digits.replace(",", "."))
        except InvalidOperation:
            continue


def _without_thousands(digits: str) -> str:
    """``digits`` without separators between thousands, as far as they can be recognised."""
    if "," in digits and "." in digits:
        separator = min((",", "."), key=digits.rindex)
        return digits.replace(separator, "")
    grouped = _THOUSANDS.fullmatch(digits)
    if grouped and (grouped[1] == "," or digits.count(grouped[1]) > 1):
        return digits.replace(grouped[1], "")
    return digits


def _shown(step: ToolStep) -> str:
    value = step.value or ""
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
