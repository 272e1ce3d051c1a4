"""The published files: valid, equal in all versions, within the subset that importers understand,
and up to date."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from connector.catalogue import OPTIONS, Catalogue, load_catalogue, read_file
from connector.catalogue.action import ENVELOPE
from connector.catalogue.options import PROMPT_OPTIONS
from connector.catalogue.sample import sample_answer as served_sample
from connector.errors import KINDS, TemplateError
from connector.json_types import Json
from connector.publish import openapi, platforms, samples
from connector.publish.openapi import SERVICE_OPERATIONS
from connector.publish.operation import STREAM_OPTIONS
from connector.yaml_subset import read_yaml

ROOT = Path(__file__).resolve().parents[2]
SPECS = ("openapi/openapi.json", "openapi/openapi-3.1.json", "openapi/swagger.json")
NULL_WORDS = dict(zip(SPECS, ("nullable", "type", "x-nullable"), strict=True))
# those who call us keep these names in their workflows: one may be added here, none may be changed
# or taken away
OPERATION_IDS = set(
    "answer_with_tools classify extract summarize list_actions get_action list_runs get_run "
    "cancel_run retry_run create_batch list_batches "
    "get_batch cancel_batch resume_batch retry_batch get_batch_results_csv "
    "get_batch_results_jsonl create_subscription list_subscriptions "
    "list_subscription_samples get_subscription delete_subscription test_subscription "
    "list_deliveries get_delivery resend_delivery "
    "get_signing_secret create_hook list_hooks delete_hook receive_hook get_usage "
    "list_reviews get_review decide_review give_feedback "
    "healthz readyz".split()
)
BINARY = (".zip", ".png")
METHODS = ("get", "post", "put", "delete")
MOST_FIELDS = 12  # what the strictest importer reads of a request
# all of Microsoft's words that we use
MICROSOFTS = {
    "x-ms-summary",
    "x-ms-visibility",
    "x-ms-enum-values",
    "x-ms-dynamic-values",
    "x-ms-trigger",
    "x-ms-notification-content",
    "x-ms-notification-url",
}
ODD_ACTION = """
title: Odd job
summary: Has a field of every type.
group: odd
fields:
  text: {type: longtext, label: Text, required: true, max: 10}
  note: {type: text, label: Note, default: none}
  share: {type: number, label: Share, min: 0.5, max: 2.5, default: 1.5}
  count: {type: integer, label: Count, min: 1, max: 9}
  loud: {type: boolean, label: Loud}
  tone: {type: choice, label: Tone, choices: {warm: Warm, cool: Cool}, default: warm}
  kinds: {type: list, label: Kinds, choices: {one: One, two: Two}, default: [one, two]}
  names: {type: options, label: Names, default: "a: first\\nb"}
  parts: {type: shape, label: Parts, required: true}
returns:
  facts: {type: record, shape_from: parts}
  words: {type: integer, fill: {words: text_back}}
  text_back: {type: text, nullable: true}
instructions: Do it.
message: "{{ text }}"
examples:
  - name: One
    input: {text: "3", share: "0.75", count: "2", loud: "yes", kinds: [two],
            names: [{name: a, description: b}], parts: ["total money"]}
    output: {facts: {total: 1, total_currency: EUR}, text_back: a b}
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def specs(catalogue: Catalogue) -> dict[str, Json]:
    return _parsed(openapi.build(catalogue))


@pytest.fixture(scope="module")
def odd_catalogue(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    path = tmp_path_factory.mktemp("actions") / "odd_job.yaml"
    path.write_text(ODD_ACTION)
    return Catalogue([*catalogue.values(), read_file(path)])


def _parsed(files: dict[str, bytes]) -> dict[str, Json]:
    return {path: json.loads(body) for path, body in files.items()}


def _operations(spec: Json) -> dict[str, Json]:
    return {
        one["operationId"]: one
        for path in spec["paths"].values()
        for method, one in path.items()
        if method in METHODS
    }


def _schemas(spec: Json) -> dict[str, Json]:
    found: dict[str, Json] = (
        spec["definitions"] if "swagger" in spec else spec["components"]["schemas"]
    )
    return found


def _nodes(value: Any) -> Iterator[Json]:
    """Every object at any depth."""
    if isinstance(value, dict):
        yield value
    for one in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _nodes(one)


# --- up to date -----------------------------------------------------------------------------------


def test_committed_files_are_what_the_actions_say(catalogue: Catalogue) -> None:
    """Building again gives the committed files byte for byte."""
    assert platforms.outdated_files(platforms.build_all(catalogue), ROOT) == []


def test_stale_names_missing_and_different_files(catalogue: Catalogue, tmp_path: Path) -> None:
    """A file that is missing, or that somebody edited, is named in a sentence that says what to
    do."""
    files = platforms.build_all(catalogue, platforms=["openapi"])
    platforms.write_files(files, tmp_path)
    assert platforms.outdated_files(files, tmp_path) == []
    (tmp_path / SPECS[0]).unlink()
    (tmp_path / SPECS[1]).write_bytes(b"{}\n")
    missing, other = platforms.outdated_files(files, tmp_path)
    assert missing == "openapi/openapi.json is missing; write it with `formcall build`."
    assert other == (
        "openapi/openapi-3.1.json does not match the actions; write it with `formcall build`."
    )


@pytest.mark.parametrize(
    ("platform", "left"),
    [
        ("bubble", "bubble/plugin/actions/AZZ-1/server.js"),
        ("retool", "retool/functions/gone.js"),
        ("retool", "retool/components/src/actions/gone.tsx"),
    ],
)
def test_what_an_earlier_build_has_left(
    catalogue: Catalogue, tmp_path: Path, platform: str, left: str
) -> None:
    """An action that is gone, or that had another id, would be offered twice: its file is named."""
    files = platforms.build_all(catalogue, platforms=[platform])
    platforms.write_files(files, tmp_path)
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_text("")
    assert platforms.outdated_files(files, tmp_path) == [
        f"{left} is not generated any more; delete it."
    ]


def test_same_catalogue_gives_same_bytes(catalogue: Catalogue) -> None:
    """Nothing but the catalogue and the address goes into the files; their texts end in one line
    feed, but for JSON as Bubble writes it."""
    once, again = platforms.build_all(catalogue), platforms.build_all(load_catalogue())
    assert once == again
    bubbles = {
        path for path in once if path.startswith("bubble/plugin/") and path.endswith(".json")
    }
    texts = [
        body for path, body in once.items() if not path.endswith(BINARY) and path not in bubbles
    ]
    assert all(
        body.endswith(b"\n") and not body.endswith(b"\n\n") and b"\r" not in body for body in texts
    )


def test_public_url_is_the_only_thing_an_address_changes(
    catalogue: Catalogue, specs: dict[str, Json]
) -> None:
    """The address stands in ``servers``, or in host, base path and scheme, and nowhere else."""
    moved = _parsed(openapi.build(catalogue, public_url="https://ai.example.org/forms/"))
    where = {"servers", "host", "basePath", "schemes"}
    for path, spec in specs.items():
        assert {key: value for key, value in moved[path].items() if key not in where} == {
            key: value for key, value in spec.items() if key not in where
        }
    assert (
        moved[SPECS[0]]["servers"]
        == moved[SPECS[1]]["servers"]
        == [{"url": "https://ai.example.org/forms"}]
    )
    assert [moved[SPECS[2]][key] for key in ("host", "basePath", "schemes")] == [
        "ai.example.org",
        "/forms",
        ["https"],
    ]
    assert [specs[SPECS[2]][key] for key in ("host", "basePath", "schemes")] == [
        "127.0.0.1:8080",
        "/",
        ["http"],
    ]


# --- valid and readable by importers --------------------------------------------------------------


@pytest.mark.parametrize("path", SPECS)
def test_specs_are_valid(path: str, odd_catalogue: Catalogue) -> None:
    """Each version is valid, also with an action that has a field of every type."""
    validate(json.loads(openapi.build(odd_catalogue)[path]))


@pytest.mark.parametrize("path", SPECS)
def test_requests_stay_in_the_subset(path: str, odd_catalogue: Catalogue) -> None:
    """A request is flat: one type a property, no references, no null, no alternatives, bounded
    texts, and nothing that is not known."""
    forms = {
        name: schema
        for name, schema in _schemas(json.loads(openapi.build(odd_catalogue)[path])).items()
        if name.endswith("_input")
    }
    assert set(forms) >= {
        f"{name}_input"
        for name in [*odd_catalogue, "create_batch", "create_hook", "create_subscription"]
    }
    for form, schema in forms.items():
        assert schema["additionalProperties"] is False
        for name, entry in schema["properties"].items():
            words = set(entry) - {"enum", "default", "example"}
            assert entry["type"] in {"string", "number", "integer", "boolean"}, (form, name)
            assert not words & {
                "$ref",
                "anyOf",
                "oneOf",
                "allOf",
                "nullable",
                "x-nullable",
                "items",
                "properties",
            }, (form, name)
            assert entry.get("default", "") is not None
            assert None not in entry.get("enum", [])
            assert 0 < len(entry.get("description", "-")) <= 700
            assert all(
                isinstance(entry[key], int) for key in ("minLength", "maxLength") if key in entry
            )
            assert entry["type"] != "integer" or all(
                isinstance(entry[key], int) for key in ("minimum", "maximum") if key in entry
            )


@pytest.mark.parametrize("path", SPECS)
def test_requests_are_short_and_what_is_needed_comes_first(path: str, catalogue: Catalogue) -> None:
    """An action's own fields and what it says to the model are few, those that are needed come
    first, and run options come last.

    One importer makes up a body from the first properties when there is no example, so there is an
    example, which has all that is needed.
    """
    spec = json.loads(openapi.build(catalogue)[path])
    for action in catalogue.values():
        assert len(action.fields) + len(PROMPT_OPTIONS) <= MOST_FIELDS
        assert list(action.form)[-len(action.options) :] == list(action.options)
    for operation in _operations(spec).values():
        schema, example = _sent(operation)
        if "$ref" in schema:
            form = _schemas(spec)[schema["$ref"].rpartition("/")[2]]
            needed = form.get("required", [])
            assert sorted(list(form["properties"])[: len(needed)]) == needed
            assert set(needed) <= set(
                example
                or {
                    name: one.get("example")
                    for name, one in form["properties"].items()
                    if "example" in one
                }
            )


def _sent(operation: Json) -> tuple[Json, Any]:
    """The schema of an operation's body ({} without one) and its example, where the version has a
    place for that."""
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        return media["schema"], media["example"]
    found = [one["schema"] for one in operation.get("parameters", []) if one["in"] == "body"]
    return (found[0] if found else {}), None


@pytest.mark.parametrize("path", SPECS)
def test_run_options_are_published_and_never_sent_unasked(
    path: str, specs: dict[str, Json], catalogue: Catalogue
) -> None:
    """Every action publishes all options that it has, alike everywhere, with their bounds, and with
    no default that a client would send."""
    for action in catalogue.values():
        found = {
            name: entry
            for name, entry in _schemas(specs[path])[f"{action.id}_input"]["properties"].items()
            if name in OPTIONS
        }
        assert list(found) == [
            name for name in action.options if not (path == SPECS[2] and name in STREAM_OPTIONS)
        ]
        assert not [name for name, entry in found.items() if "default" in entry]
        wait, money = found["wait_seconds"], found["max_cost_usd"]
        assert (wait["type"], wait["minimum"], wait["maximum"]) == ("number", 0, 100)
        assert (money["type"], money["minimum"]) == ("number", 0)
        assert (found["dry_run"]["type"], found["idempotency_key"]["maxLength"]) == ("boolean", 255)
        assert found["cache"]["enum"] == ["off", "1h", "1d", "7d"]


@pytest.mark.parametrize("path", SPECS)
def test_answers_stay_in_the_subset(path: str, odd_catalogue: Catalogue) -> None:
    """Only single values and records may be null, no answer forbids new keys, and nothing is left
    in our own words."""
    spec = json.loads(openapi.build(odd_catalogue)[path])
    answers = {
        name: schema for name, schema in _schemas(spec).items() if not name.endswith("_input")
    }
    for name, schema in answers.items():
        for node in _schemas_in(schema):
            assert not {"$ref", "anyOf", "oneOf", "allOf"} & set(node), name
            assert node.get("additionalProperties") is not False, name
            assert not _may_be_null(node) or node["type"] not in ("array", ["array", "null"]), name
    null = [_may_be_null(node) for schema in answers.values() for node in _schemas_in(schema)]
    assert set(filter(None, null)) == {NULL_WORDS[path]}
    words = {key for node in _nodes(spec) for key in node}
    assert not words & {"x-label", "x-caption", "x-visibility", "x-choices"}


def _schemas_in(schema: Json) -> Iterator[Json]:
    yield schema
    for one in [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if "items" in schema else []),
    ]:
        yield from _schemas_in(one)


def _may_be_null(schema: Json) -> str:
    """The word that says so, if any."""
    listed = "type" if isinstance(schema.get("type"), list) else ""
    return next((word for word in ("nullable", "x-nullable") if schema.get(word)), listed)


@pytest.mark.parametrize("path", SPECS)
def test_operations_are_short_and_have_examples(path: str, specs: dict[str, Json]) -> None:
    """Ids, summaries and descriptions are short enough for the strictest importer, and each body
    and answer has an example."""
    for name, operation in _operations(specs[path]).items():
        assert re.fullmatch(r"[a-z][a-z_]{0,39}", name)
        assert 0 < len(operation["summary"]) <= 60
        assert 0 < len(operation["description"]) <= 300
        assert operation["tags"][0] in {tag["name"] for tag in specs[path]["tags"]}
        first = min(operation["responses"])
        assert first in {"200", "201", "202"}
        for media, answer in _answered(operation, first).items():
            assert answer["example"], (name, media)
        schema, example = _sent(operation)
        if "requestBody" in operation:
            assert list(operation["requestBody"]["content"]) == ["application/json"]
            assert schema and example
        for parameter in operation.get("parameters", []):
            assert 0 < len(parameter["description"]) <= 700
            assert "default" not in {**parameter, **parameter.get("schema", {})}


def _answered(operation: Json, status: str) -> dict[str, Json]:
    """The schema and the example of an answer by its content type."""
    answer = operation["responses"][status]
    if "content" in answer:
        found: dict[str, Json] = answer["content"]
        return found
    return {
        media: {"schema": answer["schema"], "example": example}
        for media, example in answer["examples"].items()
    }


@pytest.mark.parametrize("path", SPECS)
def test_addresses_are_plain(path: str, specs: dict[str, Json]) -> None:
    """No two addresses differ in a parameter's name alone, and each operation declares just the
    parameters of its address."""
    paths = specs[path]["paths"]
    assert len({re.sub(r"{\w+}", "{}", address) for address in paths}) == len(paths)
    assert not [address for address in paths if address.endswith("/") or "?" in address]
    for address, entry in paths.items():
        for method in set(entry) & set(METHODS):
            parameters = [(one["in"], one["name"]) for one in entry[method].get("parameters", [])]
            assert len(set(parameters)) == len(parameters)
            assert {name for place, name in parameters if place == "path"} == set(
                re.findall(r"{(\w+)}", address)
            )
            assert all(
                one["required"]
                for one in entry[method].get("parameters", [])
                if one["in"] == "path"
            )


@pytest.mark.parametrize("path", SPECS)
def test_nothing_is_defined_in_vain(path: str, specs: dict[str, Json]) -> None:
    """Each schema, answer and group that a specification defines is used in it, and each reference
    leads somewhere."""
    spec = specs[path]
    used = {node["$ref"] for node in _nodes(spec) if isinstance(node.get("$ref"), str)}
    defined = spec if "swagger" in spec else spec["components"]
    schemas = "definitions" if "swagger" in spec else "schemas"
    start = "#/" if "swagger" in spec else "#/components/"
    assert used == {
        f"{start}{kind}/{name}" for kind in (schemas, "responses") for name in defined[kind]
    }
    assert {tag["name"] for tag in spec["tags"]} == {
        one["tags"][0] for one in _operations(spec).values()
    }
    # a schema that is made twice would get a second name that nobody has chosen
    bodies = [
        body
        for one in SERVICE_OPERATIONS
        for body in (one.body, one.notification, *one.responses.values())
        if body and body.name
    ]
    sides = ("input", "answer", "handed_over")
    own = {f"{action}_{side}" for action in load_catalogue() for side in sides}
    assert set(defined[schemas]) == {body.name for body in bodies} | own | {"problem"}


@pytest.mark.parametrize("path", SPECS)
def test_answers_that_hand_over_say_where_and_when(path: str, specs: dict[str, Json]) -> None:
    """What goes on is answered with 202, its address and whole seconds; what was made with 201 and
    its address."""
    headers_of = {"201": ["Location"], "202": ["Location", "Retry-After", "Idempotent-Replayed"]}
    types = {"Retry-After": "integer", "Idempotent-Replayed": "boolean"}
    handed_over = set()
    for name, operation in _operations(specs[path]).items():
        for status in set(operation["responses"]) & set(headers_of):
            headers = operation["responses"][status]["headers"]
            assert list(headers) == headers_of[status]
            kinds = {
                header: entry.get("schema", entry)["type"] for header, entry in headers.items()
            }
            assert kinds == {header: types.get(header, "string") for header in headers}
            handed_over.add((name, status))
    assert {name for name, status in handed_over if status == "201"} == {
        "create_subscription",
        "create_hook",
        "create_key",
    }
    others = {
        "receive_hook",
        "approve_run",
        "refuse_run",
        "retry_run",
        "create_batch",
        "resume_batch",
        "retry_batch",
    }
    assert {name for name, status in handed_over if status == "202"} == others | set(
        load_catalogue()
    )


def test_examples_fit_their_schemas(odd_catalogue: Catalogue) -> None:
    """The examples of requests and answers are what their own schemas allow, and the request's can
    be sent as it is."""
    spec = json.loads(openapi.build(odd_catalogue)[SPECS[1]])
    for action in odd_catalogue.values():
        _, sent = _sent(_operations(spec)[action.id])
        assert action.read_form(sent) == action.read_form(action.examples[0].input)
        assert list(
            _answered(_operations(spec)[action.id], "200")["application/json"]["example"]
        ) == list(_schemas(spec)[f"{action.id}_answer"]["properties"])
    for name, operation in _operations(spec).items():
        schema, sent = _sent(operation)
        if schema:
            _validate(spec, schema, sent)
        for status in set(operation["responses"]) & {"200", "201", "202", "503"}:
            if "$ref" not in operation["responses"][status]:
                for answer in _answered(operation, status).values():
                    _validate(spec, answer["schema"], answer["example"], name)
    for answer in spec["components"]["responses"].values():
        media = answer["content"]["application/problem+json"]
        _validate(spec, media["schema"], media["example"])


def _validate(spec: Json, schema: Json, value: Any, name: str = "") -> None:
    errors = [
        error.message
        for error in Draft202012Validator({**schema, "components": spec["components"]}).iter_errors(
            value
        )
    ]
    assert errors == [], name


def test_both_ways_to_give_the_key_are_declared(specs: dict[str, Json]) -> None:
    """A bearer token or X-API-Key in 3.x, X-API-Key in 2.0, and no key for those whose address is a
    secret or no secret at all."""
    for path in SPECS[:2]:
        schemes = specs[path]["components"]["securitySchemes"]
        assert schemes["bearer"]["scheme"] == "bearer"
        assert (schemes["api_key"]["in"], schemes["api_key"]["name"]) == ("header", "X-API-Key")
        assert specs[path]["security"] == [{"bearer": []}, {"api_key": []}]
    assert list(specs[SPECS[2]]["securityDefinitions"]) == ["api_key"]
    for spec in specs.values():
        assert {name for name, one in _operations(spec).items() if one.get("security") == []} == {
            "healthz",
            "readyz",
            "check_hook",
            "receive_hook",
        }


def test_power_platform_words(specs: dict[str, Json], catalogue: Catalogue) -> None:
    """Swagger 2.0 has each label as x-ms-summary, shows required fields at once and hides the
    options of a run."""
    spec = specs[SPECS[2]]
    for action in catalogue.values():
        for name, entry in _schemas(spec)[f"{action.id}_input"]["properties"].items():
            wanted = (
                "important"
                if action.form[name].required
                else None
                if name in action.fields
                else "advanced"
            )
            assert (entry["x-ms-summary"], entry.get("x-ms-visibility")) == (
                action.form[name].label,
                wanted,
            )
        operation = _operations(spec)[action.id]
        assert operation["produces"] == ["application/json", "application/problem+json"]
        assert operation["x-openai-isConsequential"] is False


def test_power_platform_trigger(specs: dict[str, Json]) -> None:
    """Swagger 2.0 has the one webhook trigger: what it is sent, the hidden box for its address, and
    where to say that it is over."""
    spec = specs[SPECS[2]]
    entry = spec["paths"]["/v1/subscriptions"]
    assert entry["x-ms-notification-content"]["schema"] == {"$ref": "#/definitions/message"}
    assert entry["post"]["x-ms-trigger"] == "single"
    assert "Location" in entry["post"]["responses"]["201"]["headers"]
    form = _schemas(spec)["create_subscription_input"]["properties"]
    assert (form["target_url"]["x-ms-notification-url"], form["target_url"]["x-ms-visibility"]) == (
        True,
        "internal",
    )
    assert form["event"]["x-ms-visibility"] == "important"
    assert _operations(spec)["delete_subscription"]["x-ms-visibility"] == "internal"
    assert [name for name, one in _operations(spec).items() if "x-ms-trigger" in one] == [
        "create_subscription"
    ]


def test_microsofts_words_are_few_and_in_their_places(specs: dict[str, Json]) -> None:
    """Only Swagger 2.0 has Microsoft's words, only those we know, and lists to choose from are made
    by an operation that there is."""
    for path, spec in specs.items():
        used = {key for node in _nodes(spec) for key in node if key.startswith("x-ms-")}
        assert used == (MICROSOFTS if path == SPECS[2] else set())
        for node in _nodes(spec):
            assert node.get("x-ms-visibility", "internal") in {"important", "advanced", "internal"}
            if source := node.get("x-ms-dynamic-values"):
                listed = _operations(spec)[source["operationId"]]["responses"]["200"]["schema"][
                    "items"
                ]["$ref"].rpartition("/")[2]
                assert {source["value-path"], source["value-title"]} <= set(
                    _schemas(spec)[listed]["properties"]
                )


@pytest.mark.parametrize("path", SPECS)
def test_failures_are_declared_as_problems(path: str, specs: dict[str, Json]) -> None:
    """Every status that a run can fail with is declared, once for all operations, with the codes
    that have it."""
    spec = specs[path]
    shared = spec["responses"] if "swagger" in spec else spec["components"]["responses"]
    for operation in _operations(spec).values():
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                name = answer["$ref"].rsplit("/", 1)[1]
                assert name == f"problem_{status}"
                media, kinds = "content", ["application/problem+json", "application/json"]
                if "swagger" in spec:
                    media, kinds = "examples", kinds[:1]
                assert list(shared[name][media]) == kinds
    run = _operations(spec)["classify"]["responses"]
    for code in (
        "invalid_input",
        "bad_json",
        "unauthorized",
        "unsupported_media_type",
        "body_too_large",
        "provider_timeout",
        "busy",
    ):
        assert code in shared[f"problem_{KINDS[code].status}"]["description"]
        assert str(KINDS[code].status) in run


# --- the same in all versions ---------------------------------------------------------------------


def test_operation_ids_are_for_ever(specs: dict[str, Json]) -> None:
    """An operation that was once published keeps its id in every version."""
    for path, spec in specs.items():
        assert set(_operations(spec)) >= OPERATION_IDS, path


@pytest.mark.parametrize("path", SPECS)
def test_every_action_and_field_is_there(
    path: str, specs: dict[str, Json], catalogue: Catalogue
) -> None:
    """Each action is one POST with its own name, whose fields and values have the action's names in
    the action's order."""
    spec = specs[path]
    for action in catalogue.values():
        assert spec["paths"][f"/v1/actions/{action.id}"]["post"]["operationId"] == action.id
        form, answer = _schemas(spec)[f"{action.id}_input"], _schemas(spec)[f"{action.id}_answer"]
        assert list(form["properties"]) == [
            name for name in action.form if not (path == SPECS[2] and name in STREAM_OPTIONS)
        ]
        assert form.get("required", []) == sorted(
            name for name, entry in action.form.items() if entry.required
        )
        assert [name for name in answer["properties"] if name in action.returns] == list(
            action.returns
        )
        assert set(answer["properties"]) >= set(ENVELOPE)
        assert answer["required"] == sorted(ENVELOPE)  # a dry run has these alone


def test_versions_are_alike(specs: dict[str, Json]) -> None:
    """All three have the same paths, operations, statuses, schemas, properties and required lists;
    Swagger 2.0 alone knows no streams."""
    specs = copy.deepcopy(specs)
    for spec in specs.values():
        for schema in _schemas(spec).values():
            for name in STREAM_OPTIONS:
                schema["properties"].pop(name, None)
    assert len({json.dumps(_outline(spec)) for spec in specs.values()}) == 1


def _outline(spec: Json) -> Any:
    paths = {
        path: {method: list(entry[method]["responses"]) for method in METHODS if method in entry}
        for path, entry in spec["paths"].items()
    }
    schemas = {
        name: [_shape(schema), schema.get("required")] for name, schema in _schemas(spec).items()
    }
    return [paths, schemas]


def _shape(schema: Json) -> Any:
    return [
        {name: _shape(one) for name, one in schema.get("properties", {}).items()},
        _shape(schema["items"]) if "items" in schema else None,
        schema.get("enum"),
        schema.get("description"),
    ]


def test_labels_and_defaults_reach_the_request(odd_catalogue: Catalogue) -> None:
    """A property keeps its label as title, its choices and its default, as the type that is
    published."""
    found = _schemas(json.loads(openapi.build(odd_catalogue)[SPECS[0]]))["odd_job_input"][
        "properties"
    ]
    assert {name: entry["title"] for name, entry in found.items()} == {
        name: one.label for name, one in odd_catalogue["odd_job"].form.items()
    }
    assert {name: entry["default"] for name, entry in found.items() if "default" in entry} == {
        "note": "none",
        "share": 1.5,
        "tone": "warm",
        "kinds": "one\ntwo",
    }
    assert found["tone"]["enum"] == ["warm", "cool"]
    assert "one (One), two (Two)" in found["kinds"]["description"]
    assert {name: entry["example"] for name, entry in found.items() if "example" in entry} == {
        "text": "3",
        "share": 0.75,
        "count": 2,
        "loud": True,
        "kinds": "two",
        "names": '[{"name": "a", "description": "b"}]',
        "parts": "total money",
    }


@pytest.mark.parametrize("path", SPECS)
def test_another_action_changes_nothing_else(
    path: str, specs: dict[str, Json], odd_catalogue: Catalogue
) -> None:
    """An operator's own action adds its operation, its three schemas and its group, and leaves
    every other byte as it was."""
    spec = json.loads(openapi.build(odd_catalogue)[path])
    assert spec["paths"].pop("/v1/actions/odd_job")["post"]["tags"] == ["odd"]
    for name in ("odd_job_input", "odd_job_answer", "odd_job_handed_over"):
        del _schemas(spec)[name]
    spec["tags"] = [tag for tag in spec["tags"] if tag["name"] != "odd"]
    assert json.dumps(spec) == json.dumps(specs[path])


def test_action_may_not_take_the_name_of_a_fixed_operation(tmp_path: Path) -> None:
    """An action called like a fixed operation is refused, since ids are unique."""
    path = tmp_path / "list_actions.yaml"
    path.write_text(ODD_ACTION)
    with pytest.raises(TemplateError, match="`list_actions` is the name of another operation"):
        openapi.build(Catalogue([read_file(path)]))


def test_fixed_operations_name_their_routes() -> None:
    """The fixed operations are one table of methods, paths and ids, each once."""
    routes = [(one.method, one.path) for one in SERVICE_OPERATIONS]
    assert len(set(routes)) == len(routes)
    assert ("get", "/v1/actions") in routes
    assert [one.operation_id for one in SERVICE_OPERATIONS if not one.needs_key] == [
        "receive_hook",
        "check_hook",
        "healthz",
        "readyz",
    ]


# --- the examples of answers ----------------------------------------------------------------------


def test_sample_answers_have_the_keys_and_types_of_served_ones(catalogue: Catalogue) -> None:
    """The published answer to an example and the one that sample mode serves have the same keys and
    fit the same schema."""
    schemas = _schemas(json.loads(openapi.build(catalogue)[SPECS[1]]))
    for action in catalogue.values():
        served = served_sample(action)
        assert list(samples.example_answer(action)) == list(served)
        Draft202012Validator(schemas[f"{action.id}_answer"]).validate(served)


# --- the schema of an action's file ---------------------------------------------------------------


@pytest.fixture(scope="module")
def action_schema(catalogue: Catalogue) -> Draft202012Validator:
    schema = json.loads(platforms.build_all(catalogue)["openapi/action.schema.json"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").glob("*.yaml")), ids=lambda path: path.stem
)
def test_actions_fit_their_schema(path: Path, action_schema: Draft202012Validator) -> None:
    """Every prebuilt action is what the schema for editors describes."""
    action_schema.validate(read_yaml(path.read_text())[0])


def test_odd_action_fits_the_schema(action_schema: Draft202012Validator) -> None:
    """So is an action that uses every type of field."""
    action_schema.validate(read_yaml(ODD_ACTION)[0])


WRONG: dict[str, tuple[tuple[str, ...], Any]] = {
    "a key that is not known": (("color",), "red"),
    "a type that is not known": (("fields", "text", "type"), "paragraph"),
    "no label": (("fields", "text", "label"), ...),
    "no message": (("message",), ...),
    "a label that is a number": (("fields", "text", "label"), 7),
    "a title that is too long": (("title",), "x" * 61),
    "a required field with a default": (("fields", "text", "default"), "a"),
    "a choice without choices": (("fields", "tone", "choices"), ...),
    "a choice with a comma": (("fields", "tone", "choices", "warm"), "Warm, red"),
    "a choice in capitals": (("fields", "tone", "choices", "Hot"), "Hot"),
    "a name with two underscores": (("fields", "a__b"), {"type": "text", "label": "A"}),
    "the name of an option": (("fields", "effort"), {"type": "text", "label": "A"}),
    "a value named like one of every answer": (("returns", "status"), {"type": "text"}),
    "a record without a shape": (("returns", "facts", "shape_from"), ...),
    "when without fill": (("returns", "text_back", "when"), {"loud": True}),
    "a rule that is not known": (("returns", "words", "fill"), {"sum": "text_back"}),
    "a rule without its name": (("returns", "words", "fill"), "words"),
    "an effort that is not known": (("effort",), "extreme"),
    "a bound that is a text": (("fields", "text", "max"), "ten"),
    "no examples": (("examples",), []),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_action_is_marked(
    what: str, action_schema: Draft202012Validator, tmp_path: Path
) -> None:
    """An editor marks what the reader refuses too."""
    value = read_yaml(ODD_ACTION)[0]
    path, new = WRONG[what]
    place = value
    for step in path[:-1]:
        place = place[step]
    if new is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    assert not action_schema.is_valid(value)
    file = tmp_path / "odd_job.yaml"
    file.write_text(json.dumps(value))
    with pytest.raises(TemplateError):
        read_file(file)
