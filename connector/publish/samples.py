"""An action's first example as the specifications show it: what a person types, and the whole answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from connector.catalogue import TYPES, Action, Field
from connector.catalogue.answer import flat_values, result_text
from connector.catalogue.reply import check_arguments

Json = dict[str, Any]

# what a run looks like that cost something; the figures are those of a short text
_BILL: Json = {
    "engine": "openai",
    "model": "o4-mini",
    "model_requested": "o4-mini",
    "effort": "low",
    "warnings": [],
    "input_tokens": 412,
    "cached_tokens": 0,
    "output_tokens": 96,
    "reasoning_tokens": 64,
    "cost_usd": 0.000876,
    "duration_ms": 1840,
}


def sample_input(action: Action) -> Json:
    """The first example's input in the types that the specifications publish: lists become lines."""
    form = action.read_form(action.examples[0].input)
    return {name: as_published(action.fields[name], value, form[name]) for name, value in action.examples[0].input.items() if name in form}


def as_published(entry: Field, value: Any, read: Any) -> Any:
    """``value`` as the published request types it; ``read`` is the same value after reading."""
    build = TYPES[entry.type].request
    if build is None or build(entry)["type"] != "string":
        return read
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sample_answer(action: Action) -> Json:
    """The answer to the first example, with all its keys in their order."""
    form = action.read_form(action.examples[0].input)
    values = check_arguments(action, form, action.examples[0].output).values
    asked = action.asked(form)
    work = _Sample(action, form, dict(values))
    values = {name: work.value(name) for name in action.returns}
    flat = flat_values(action, values, confidence_kind="reported")
    head = {"ok": True, "status": "done", "result": result_text(action, values, asked)}
    return {**head, **flat, "id": "run_0123456789abcdef", "action": action.id, **_BILL, "effort": action.effort}


class _Sample:
    """The values of the answer, each worked out when it is first needed."""

    def __init__(self, action: Action, form: Json, values: Json) -> None:
        self.action, self.form, self._values = action, form, values

    def value(self, name: str) -> Any:
        if name not in self._values:
            self._values[name] = None  # two values that are made from each other end here
            rule, names = self.action.returns[name].fill or ("", ())
            self._values[name] = SAMPLE_FILLS[rule](self, *names)
        return self._values[name]

    def evidence(self, name: str, box: str) -> list[Json]:
        """Those entries that stand in the text word for word."""
        value, text = self.value(name), self.form.get(box) or ""
        entries = value.items() if isinstance(value, dict) else [(name, one) for one in value or ()]
        return [_proof(field, quote, text.find(quote)) for field, quote in entries if isinstance(quote, str) and quote and quote in text]

    def trace(self) -> list[Json]:
        calls = enumerate(self.action.examples[0].calls, 1)
        return [_step(number, call["tool"], call["arguments"]) for number, call in calls]


def _proof(field: str, quote: str, start: int) -> Json:
    return {"field": field, "quote": quote, "start": start, "end": start + len(quote), "verified": True}


def _step(number: int, tool: str, arguments: Json) -> Json:
    shown = json.dumps(arguments, ensure_ascii=False)
    return {"step": number, "tool": tool, "input": shown, "output": "The tool's answer.", "ok": True, "duration_ms": 2}


def _absent(value: Any) -> list[str]:
    return [name for name, one in (value or {}).items() if one in (None, [])]


# One row a rule of ``catalogue.FILLS``. They show what a rule gives and need not be as thorough as the server's own.
SAMPLE_FILLS: dict[str, Callable[..., Any]] = {
    "given": lambda sample, name: sample.value(name) not in (None, "", []),
    "first": lambda sample, name: next(iter(sample.value(name) or ()), None),
    "only": lambda sample, name: [] if sample.value(name) is None else [sample.value(name)],
    "joined": lambda sample, name: "\n".join(f"- {entry}" for entry in sample.value(name) or ()),
    "sentences": lambda sample, name: [f"{part.rstrip('.')}." for part in (sample.value(name) or "").split(". ") if part],
    "words": lambda sample, name: len((sample.value(name) or "").split()),
    "absent": lambda sample, name: _absent(sample.value(name)),
    "evidence": _Sample.evidence,
    "tools_used": lambda sample: list(dict.fromkeys(step["tool"] for step in sample.trace())),
    "steps": lambda sample: len(sample.trace()),
    "trace": _Sample.trace,
}
