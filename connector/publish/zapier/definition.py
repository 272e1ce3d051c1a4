"""``app.json``: what the app offers, as data. Triggers and search are operations of the service."""

from __future__ import annotations

import marshmallow

from connector import __version__
from connector.catalogue import Action, Catalogue, Field
from connector.catalogue.form_schema import FormField, FormSchema
from connector.json_types import Json
from connector.publish.operation import Body, Operation, OperationParameter
from connector.publish.operations import SERVICE_OPERATIONS
from connector.publish.samples import example_answer
from connector.publish.schemas import answer_schema
from connector.publish.zapier.widgets import (
    ADVANCED,
    input_field,
    input_fields,
    output_fields,
)

_NO_BOX = ("wait_seconds",)  # a step does not wait for a run that continues after a decision
_OPERATIONS = {operation.operation_id: operation for operation in SERVICE_OPERATIONS}
# a hidden trigger that fills a drop-down, its value and its label
_ACTIONS = "action_list.id.name"
_RUN_ID = {
    "key": "id",
    "label": "Run",
    "type": "string",
    "required": False,
    "helpText": "The run's id, such as that of an earlier step. The other boxes are then ignored.",
}
# the step's own option: what it does while a person decides
ON_REVIEW = {
    "key": "on_review",
    "label": "When a person decides first",
    "type": "string",
    "required": False,
    "default": "continue",
    "choices": [
        {
            "value": "continue",
            "sample": "continue",
            "label": "End the step with the status needs_review and the review URL",
        },
        {"value": "wait", "sample": "wait", "label": "Wait until it is decided"},
    ],
    "helpText": (
        "A run may wait for a person, by the option Review or before a tool is called. Send its "
        "Review URL to that person: who has it decides. A run that took longer than 20 seconds "
        "before it waited ends the step in both cases; the trigger Run Finished fires later."
    ),
    "group": ADVANCED["key"],
}
# only of a run that waits, so not in the sample
REVIEW_URL = {"key": "review_url", "label": "Review URL", "type": "string"}
_WORDS = {
    "run_finished": (
        "Run",
        "Run Finished",
        "Triggers when a run has its answer, has failed, or waits for a person.",
    ),
    "batch_finished": ("Batch", "Batch Finished", "Triggers when all rows of a batch have ended."),
}


def definition(catalogue: Catalogue, public_url: str) -> Json:
    """The data that ``index.js`` reads."""
    return {
        "version": __version__,
        "address": public_url.rstrip("/"),
        "groups": [ADVANCED],
        "actions": [_create(action) for action in catalogue.values()],
        "triggers": [_trigger("run_finished", "run."), _trigger("batch_finished", "batch.")],
        "search": _search(),
        "decision": _decision(),
    }


def _create(action: Action) -> Json:
    return {
        "key": action.id,
        "noun": "Answer",
        "label": action.title,
        "description": action.summary,
        "fields": [*input_fields(action), ON_REVIEW],
        "output": [*output_fields(answer_schema(action)), REVIEW_URL],
        "sample": example_answer(action),
    }


def _decision() -> Json:
    """The step that decides on a run which waits for a person."""
    operation = _OPERATIONS["decide_review"]
    run_id = {**_RUN_ID, "required": True, "helpText": "The id of the run that waits."}
    fields = [input_field(field) for field in _form_fields(operation) if field.name not in _NO_BOX]
    answer = operation.responses[200]
    return {
        "key": "decide_review",
        "noun": "Review",
        "label": "Decide on a Review",
        "description": "Accepts, corrects or refuses what waits for a person.",
        "fields": [run_id, *fields],
        "output": _outputs(answer),
        "sample": answer.example,
    }


def _form_fields(operation: Operation) -> list[Field]:
    form = _body(operation.body).schema
    assert isinstance(form, FormSchema)  # noqa: S101  the body is a form
    return [one.entry for one in form.fields.values() if isinstance(one, FormField)]


def _trigger(key: str, about: str) -> Json:
    """A REST hook for the events whose names start with ``about``."""
    operation = _OPERATIONS["create_subscription"]
    events = {name: label for name, label in _events(operation).items() if name.startswith(about)}
    noun, label, words = _WORDS[key]
    sent = _body(operation.notification)
    [first, *_] = events
    return {
        "key": key,
        "noun": noun,
        "label": label,
        "description": words,
        "fields": [_event_field(events), _actions_field("Only of this action; of all if empty.")],
        "output": _outputs(sent),
        "sample": {**sent.example, "event": first},
    }


def _events(operation: Operation) -> dict[str, str]:
    [event] = [field for field in _form_fields(operation) if field.name == "event"]
    return {choice.value: choice.label for choice in event.choices}


def _event_field(events: dict[str, str]) -> Json:
    listed = [{"value": name, "sample": name, "label": label} for name, label in events.items()]
    [first, *_] = events
    return {
        "key": "event",
        "label": "Event",
        "type": "string",
        "required": True,
        "default": first,
        "choices": listed,
    }


def _actions_field(words: str) -> Json:
    return {
        "key": "action",
        "label": "Action",
        "type": "string",
        "required": False,
        "dynamic": _ACTIONS,
        "helpText": words,
    }


def _search() -> Json:
    """Finds a run by its id, or the newest match."""
    operation = _OPERATIONS["list_runs"]
    one = {parameter.name: parameter for parameter in operation.parameters}
    answer = operation.responses[200]
    return {
        "key": "find_run",
        "noun": "Run",
        "label": "Find Run",
        "description": "Finds a run by its id, or the newest one with your tag, status or action.",
        "fields": [
            _RUN_ID,
            _parameter_field(one["tag"]),
            _parameter_field(one["status"]),
            _actions_field(one["action"].help),
        ],
        "output": _outputs(answer),
        "sample": answer.example[0],
    }


def _parameter_field(parameter: OperationParameter) -> Json:
    choices = {"choices": parameter.schema["enum"]} if "enum" in parameter.schema else {}
    return {
        "key": parameter.name,
        "label": parameter.label,
        "type": "string",
        "required": False,
        "helpText": parameter.help,
        **choices,
    }


def _outputs(body: Body) -> list[Json]:
    assert isinstance(body.schema, marshmallow.Schema)  # noqa: S101
    return output_fields(body.schema)


def _body(body: Body | None) -> Body:
    assert body is not None  # noqa: S101  the used operations have one
    return body
