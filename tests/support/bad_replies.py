"""Every bad reply that docs/failures.md lists, built for any action from the function that its
model must call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from connector.catalogue import Action, Example, answer_function
from connector.json_types import Json
from tests.support.upstream import (
    Step,
    fault,
    forced_call,
    function_call,
    function_calls,
    incomplete,
    refusal,
    text,
)
from tests.support.upstream.dialects import CHAT
from tests.support.upstream.replies import Answer
from tests.support.upstream.wire import Reply, Request, json_reply


@dataclass(frozen=True)
class Case:
    """One action asked with one of its examples: the arguments of a right answer, and the schema
    that they fit."""

    action: Action
    example: Example

    @property
    def name(self) -> str:
        return self.action.id

    @property
    def good(self) -> Json:
        return self.example.output

    @property
    def right(self) -> Step:
        return forced_call(self.good)

    @property
    def properties(self) -> dict[str, Json]:
        found: dict[str, Json] = answer_function(
            self.action, self.action.read_form(self.example.input)
        )[2]["properties"]
        return found

    def find(self, fits: Callable[[Json], bool]) -> str:
        """The first value whose schema fits, "" when there is none."""
        return next((name for name, schema in self.properties.items() if fits(schema)), "")


Make = Callable[[Case], Step | None]
"""A bad reply for a case; None when no value of its answer could be wrong in that way."""


def cases(action: Action) -> Iterator[Case]:
    for example in action.examples:
        yield Case(action, example)


# --- the whole answer -----------------------------------------------------------------------------


def _said(write: Callable[[Case], str]) -> Make:
    return lambda case: text(write(case))


def _called(write: Callable[[Case], Any]) -> Make:
    """A call of the right function with these arguments; a text goes out as it is."""
    return lambda case: function_call(case.name, write(case))


def _calls(*write: Callable[[Case], tuple[str, Any]]) -> Make:
    return lambda case: function_calls(*(one(case) for one in write))


def _right(case: Case) -> tuple[str, Any]:
    return case.name, case.good


def _written(case: Case) -> str:
    return json.dumps(case.good, ensure_ascii=False)


def _first(case: Case) -> str:
    return next(iter(case.good))


# --- one value ------------------------------------------------------------------------------------


def _is(kind: str, *, null: bool = False, words: bool = False) -> Callable[[Json], bool]:
    """Whether a schema is of a kind, may be null, and has its words listed."""

    def fits(schema: Json) -> bool:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return kind in kinds and (null or "null" not in kinds) and ("enum" in schema) == words

    return fits


def _value(fits: Callable[[Json], bool], bad: Any) -> Make:
    """The right answer with one wrong value, in the first place of such a kind."""

    def make(case: Case) -> Step | None:
        name = case.find(fits)
        value = bad(_a_word(case.properties[name])) if name and callable(bad) else bad
        return function_call(case.name, {**case.good, name: value}) if name else None

    return make


def _rewritten(fits: Callable[[Json], bool], write: Callable[[Any], str]) -> Make:
    """The right answer with its first value of a kind, and not null, as ``write`` writes it."""

    def make(case: Case) -> Step | None:
        name = case.find(fits)
        good = case.good.get(name)
        return None if good is None else function_call(case.name, {**case.good, name: write(good)})

    return make


def _a_word(schema: Json) -> str:
    words = [word for word in schema.get("enum") or () if word]
    return str(max(words, key=len)) if words else ""


def _lead(value: str) -> Make:
    """The answer's first value, where that is a text which it cannot do without."""

    def make(case: Case) -> Step | None:
        name = next(iter(case.properties))
        is_text = name in case.action.returns and _is("string")(case.properties[name])
        return function_call(case.name, {**case.good, name: value}) if is_text else None

    return make


def _shaped(kind: str, value: Any) -> Make:
    """A wrong value for one of the caller's own fields of a type."""

    def make(case: Case) -> Step | None:
        form = case.action.read_form(case.example.input)
        shapes = [
            form[one.shape_from]
            for one in case.action.requested(form).values()
            if one.shape_from and one.type == "record"
        ]
        key = next(
            (field["key"] for shape in shapes for field in shape if field["type"] == kind), ""
        )
        return function_call(case.name, {**case.good, key: value}) if key in case.good else None

    return make


_TEXT, _CHOICE = _is("string"), _is("string", null=True, words=True)
_NUMBER = lambda schema: _is("number", null=True)(schema) or _is("integer", null=True)(schema)  # noqa: E731


# --- the reply's own shape ------------------------------------------------------------------------


def _edited(step: Step, chat: Callable[[Json], Any], responses: Callable[[Json], Any]) -> Step:
    """The step's reply after a change of its JSON, one for each dialect."""

    def changed(request: Request) -> Reply:
        reply = step(request)
        body = json.loads(reply.body)
        (chat if request.dialect is CHAT else responses)(body)
        return json_reply(body, reply.status)

    return changed


def _finished(reason: str, *, chat: str) -> Make:
    """A right call, and behind it a reason why it is not the whole answer."""

    def unfinished(body: Json) -> None:
        body.update(status="incomplete", incomplete_details={"reason": reason})

    return lambda case: _edited(
        case.right, lambda body: body["choices"][0].update(finish_reason=chat), unfinished
    )


def _cut(case: Case) -> Step:
    return replace(function_call(case.name, _written(case)[:-3]), incomplete="max_output_tokens")


def _without_id(case: Case) -> Step:
    return _edited(
        case.right,
        lambda body: body["choices"][0]["message"]["tool_calls"][0].pop("id"),
        lambda body: body["output"][-1].pop("id"),
    )


def _nameless(case: Case) -> Step:
    return _edited(
        case.right,
        lambda body: body["choices"][0]["message"]["tool_calls"][0]["function"].update(name=""),
        lambda body: body["output"][-1].update(name=""),
    )


def _refused_beside(case: Case) -> Step:
    return Answer(calls=((None, case.good),), refusal="I would rather not.")


def _with_error(case: Case) -> Step:
    def add(body: Json) -> None:
        body["error"] = {"message": "The backend failed.", "code": 502}

    return _edited(case.right, add, add)


def _unfinished(case: Case) -> Step:
    return _edited(
        case.right,
        lambda body: body.update(choices=[]),
        lambda body: body.update(status="in_progress"),
    )


def _raw(body: bytes) -> Make:
    return lambda case: lambda request: Reply(200, body)


def _fault(name: str, **options: Any) -> Make:
    return lambda case: fault(name, **options)


REPLIES: dict[str, Make] = {
    "the answer's JSON as text, without a call": _said(_written),
    "the answer's JSON in a fence as text": _said(lambda case: f"```json\n{_written(case)}\n```"),
    "arguments in a fence": _called(lambda case: f"```json\n{_written(case)}\n```"),
    "arguments with white space around them": _called(
        lambda case: f"\n  {json.dumps(case.good, indent=4)} \n"
    ),
    "arguments in another order": _called(lambda case: dict(reversed(case.good.items()))),
    "a call with chatter beside it": lambda case: Answer(
        calls=((None, case.good),), text="I call the function now."
    ),
    "a call without an id": _without_id,
    "a number as a text": _rewritten(_NUMBER, str),
    "yes or no as a text": _rewritten(
        _is("boolean", null=True), lambda value: "yes" if value else "No"
    ),
    "a choice with an invisible character": _rewritten(
        _CHOICE, lambda word: f"{word[:1]}\u200b{word[1:]}"
    ),
    "nothing at all": lambda case: Answer(),
    "prose instead of a call": _said(lambda case: "I would say that it is the first one."),
    "a promise to call later": _said(
        lambda case: f"I will call {case.name} as soon as I have thought about it."
    ),
    "prose around the JSON": _said(lambda case: f"Here it is: {_written(case)}"),
    "prose behind the JSON": _said(lambda case: f"{_written(case)} I hope that helps."),
    "a list of answers as text": _said(lambda case: json.dumps([case.good])),
    "two answers as text": _said(lambda case: f"{_written(case)}\n{_written(case)}"),
    "a fence that is not closed": _said(lambda case: f"```json\n{_written(case)}"),
    "the function's own schema as text": _said(
        lambda case: json.dumps({"type": "object", "properties": case.properties})
    ),
    "a function that does not exist": _calls(lambda case: ("answer_the_user", case.good)),
    "a function without a name": _nameless,
    "the function in other letters": _calls(lambda case: (case.name.upper(), case.good)),
    "the same call twice": _calls(_right, _right),
    "two calls that differ": _calls(_right, lambda case: (case.name, {})),
    "the right call behind an unknown one": _calls(lambda case: ("think", {}), _right),
    "the same call fifty times": _calls(*[_right] * 50),
    "no arguments": _called(lambda case: ""),
    "null as arguments": _called(lambda case: "null"),
    "a list as arguments": _called(lambda case: [case.good]),
    "a number as arguments": _called(lambda case: "5"),
    "JSON inside a text as arguments": _called(lambda case: json.dumps(_written(case))),
    "arguments that break off": _called(lambda case: _written(case)[:-3]),
    "something behind the arguments": _called(lambda case: _written(case) + "}"),
    "single quotes": _called(lambda case: str({**case.good, "x": 1})),
    "a comment in the JSON": _called(lambda case: f"// the answer\n{_written(case)}"),
    "a comma too many": _called(lambda case: _written(case)[:-1] + ",}"),
    "a key twice": _called(
        lambda case: _written(case)[:-1] + f", {json.dumps(_first(case))}: null}}"
    ),
    "NaN": _called(lambda case: json.dumps({**case.good, _first(case): float("nan")})),
    "infinity": _called(lambda case: json.dumps({**case.good, _first(case): float("-inf")})),
    "a number of thousands of digits": _called(
        lambda case: _written(case)[:-1] + f', "x": {"9" * 5_000}}}'
    ),
    "a line break inside a text": _called(lambda case: _written(case)[:-1] + ', "x": "one\ntwo"}'),
    "nesting twenty thousand deep": _called(lambda case: '{"a":' * 20_000),
    "nesting deeper than the model can read": _called(lambda case: '{"a":' * 200_000),
    "an empty object": _called(lambda case: {}),
    "arguments wrapped in another object": _called(lambda case: {"arguments": case.good}),
    "arguments wrapped under the function's name": _called(lambda case: {case.name: case.good}),
    "a key too many": _called(lambda case: {**case.good, "thoughts": "hm"}),
    "a key of the answer's envelope": _called(lambda case: {**case.good, "ok": True}),
    "the first key missing": _called(lambda case: dict(list(case.good.items())[1:])),
    "the last key missing": _called(lambda case: dict(list(case.good.items())[:-1])),
    "keys in other letters": _called(
        lambda case: {key.upper(): value for key, value in case.good.items()}
    ),
    "an object for a value": _called(
        lambda case: {**case.good, _first(case): {"value": case.good[_first(case)]}}
    ),
    "nesting for a value": _called(
        lambda case: {**case.good, _first(case): json.loads("[" * 600 + "]" * 600)}
    ),
    "a number for a text": _value(_is("string"), 5),
    "a list for a text": _value(_is("string"), ["a", "b"]),
    "null for a text that is needed": _value(_is("string"), None),
    "an empty text for the answer": _lead(""),
    "blanks for the answer": _lead(" \n "),
    "a word outside the choices": _value(_CHOICE, "something else"),
    "a part of a choice": _value(_CHOICE, lambda word: word[:-1]),
    "two choices in one": _value(_CHOICE, lambda word: f"{word}, {word}"),
    "a choice with a letter of another alphabet": _value(_CHOICE, lambda word: f"\u0430{word[1:]}"),
    "a text for a list": _value(_is("array"), "one, two"),
    "a list inside a list": _value(_is("array"), [["one"]]),
    "a text for a number": _value(_NUMBER, "about one"),
    "true for a number": _value(_NUMBER, True),
    "a number beyond all bounds": _value(_NUMBER, 10**400),
    "a text for yes or no": _value(_is("boolean", null=True), "perhaps"),
    "a date that no calendar has": _shaped("date", "2026-02-30"),
    "a date in words": _shaped("date", "the third of March"),
    "an e-mail address that is none": _shaped("email", "accounts at northwind"),
    "a currency that is no code": _shaped("currency", "Euro"),
    "cut off before a word was written": lambda case: incomplete(),
    "cut off in the middle of the arguments": _cut,
    "cut off although the arguments look whole": _finished("max_output_tokens", chat="length"),
    "cut off, by another name for it": _finished("steered", chat="max_tokens"),
    "a refusal": lambda case: refusal(),
    "a refusal beside a right call": _refused_beside,
    "stopped by the content filter": lambda case: incomplete("content_filter"),
    "stopped by the content filter behind a right call": _finished(
        "content_filter", chat="content_filter"
    ),
    "an input that the content filter refuses": _fault("content_filter"),
    "status 200 with a web page": _fault("html"),
    "status 200 with nothing in it": _fault("empty"),
    "half of the JSON": _fault("truncated"),
    "JSON null": _fault("null"),
    "a list instead of an object": _raw(b"[]"),
    "an object without an answer in it": _raw(b'{"id": "x", "object": "thing"}'),
    "an answer that says it is not finished": _unfinished,
    "an answer of 12 MB": _fault("huge"),
    "a compressed answer that was not requested": _fault("gzip_bomb", mib=2),
    "an error inside status 200": _fault("error_in_200"),
    "an error beside a right call": _with_error,
    "a rate limit that passes": _fault("rate_limit", retry_after=0),
    "no credit left": _fault("quota"),
    "a server error": _fault("server_error"),
    "a server that is overloaded": _fault("unavailable"),
    "an error that is only a text": _fault("string_error"),
    "a connection that breaks off": _fault("disconnect"),
    "no answer in time": _fault("stall"),
    "a byte now and then": _fault("drip"),
    "a redirect to another host": _fault("redirect", to="http://127.0.0.1:9/v1"),
    "a key that is not accepted": _fault("auth"),
    "an input longer than the model can read": _fault("context"),
    "a model that was switched off": _fault("model_gone"),
}
