"""Values that a tool gave: the model may only point at them, the server writes them down. What it says otherwise is told as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from connector.catalogue.filling import Step
from connector.engine.turns import Run

Json = dict[str, Any]

_NUMBER = re.compile(r"[-−]?(?:\d{1,3}(?:[ \u00a0\u202f'’,.]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])")
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u202f'’](?=\d)")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_SHOWN = 60


def settled(run: Run, given: Json) -> Json:
    """``given`` with each value that is to come from a tool as the tool gave it; a warning says where the model said something else."""
    found = dict(given)
    for name, entry in run.action.returns.items():
        if entry.source == "tools" and name in given:
            found[name] = _settled(run, name, given[name])
            _check_text(run, name, found)
    return found


def _settled(run: Run, name: str, claimed: str | None) -> str | None:
    steps = [step for step in run.steps if step.ok and step.value is not None]
    if claimed is None:
        return None
    if not steps:
        return _from_context(run, name, claimed)
    same = [step for step in steps if _is_same(claimed, step.value or "")]
    step = same[-1] if same else steps[-1]
    if not same:
        words = f'The model gave {claimed[:_SHOWN]} as "{name}"; the tool {step.tool} gave {_short(step)}, which is what it says now.'
        run.warnings.append(words)
    return step.value


def _from_context(run: Run, name: str, claimed: str) -> str | None:
    """What no tool gave may still be copied from the form's texts."""
    texts = [value for key, value in run.form.items() if key in run.action.fields and isinstance(value, str)]
    if any(_stands_in(text, claimed) for text in texts):
        return claimed
    run.warnings.append(f'The model gave {claimed[:_SHOWN]} as "{name}" without a tool, and the form does not say it; it was left out.')
    return None


def _stands_in(text: str, claimed: str) -> bool:
    """Whether ``text`` has ``claimed`` as words or a number of its own, not as a part of others."""
    words = r"\s+".join(map(re.escape, claimed.split()))
    return bool(words) and bool(re.search(rf"(?<![\w.,]){words}(?!\w|[.,]\d)", text, re.IGNORECASE))


def _check_text(run: Run, name: str, found: Json) -> None:
    """A text beside the value that has other numbers and not this one does not agree with it."""
    value = _as_number(found[name]) if found[name] else None
    step = next((one for one in reversed(run.steps) if one.value == found[name]), None)
    if value is None or step is None:
        return
    known = _known_numbers(run)
    for key, text in found.items():
        if key == name or not isinstance(text, str) or run.action.returns[key].type not in {"text", "longtext"}:
            continue
        said = list(_numbers(text))
        strange = [number for number in said if number not in known]
        if strange and not any(_rounds_to(value, number) for number in said):
            run.warnings.append(f'"{key}" says {strange[0]:f}, the tool {step.tool} gave {_short(step)}: go by "{name}".')


def _known_numbers(run: Run) -> set[Decimal]:
    texts = [str(value) for key, value in run.form.items() if key in run.action.fields and isinstance(value, str | int | float)]
    return {number for text in (*texts, *(f"{step.input} {step.output}" for step in run.steps)) for number in _numbers(text)}


def _is_same(claimed: str, value: str) -> bool:
    if claimed.strip().casefold() == value.strip().casefold():
        return True
    exact, said = _as_number(value), _as_number(claimed)
    return exact is not None and said is not None and _rounds_to(exact, said)


def _rounds_to(exact: Decimal, said: Decimal) -> bool:
    """Whether ``said`` is ``exact``, or what it comes to with as many places as ``said`` has; a whole number is not a rounded one."""
    if exact == said:
        return True
    places = -int(said.as_tuple().exponent)
    if places <= 0:
        return False
    try:
        return said in {exact.quantize(said, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    except InvalidOperation:
        return False


def _as_number(text: str) -> Decimal | None:
    """The one number that ``text`` is, with or without its currency or unit."""
    found = list(_numbers(text))
    return found[0] if len(found) == 1 and not re.search(r"\d[-/:]\d", text) else None


def _numbers(text: str) -> Iterator[Decimal]:
    for match in _NUMBER.finditer(text):
        written = _GROUPS.sub("", match[0].replace("−", "-"))
        if "," in written and "." in written:
            thousands = min((",", "."), key=written.rindex)
            written = written.replace(thousands, "")
        elif (grouped := _THOUSANDS.fullmatch(written)) and (grouped[1] == "," or written.count(grouped[1]) > 1):
            written = written.replace(grouped[1], "")
        try:
            yield Decimal(written.replace(",", "."))
        except InvalidOperation:
            continue


def _short(step: Step) -> str:
    value = step.value or ""
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
