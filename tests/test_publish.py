"""The published files: valid, alike in all versions, inside the subset that importers understand, and up to date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from connector import publish
from connector.catalogue import Catalogue, load_catalogue, read_file
from connector.catalogue.action import ENVELOPE
from connector.catalogue.sample import sample_answer as served_sample
from connector.errors import KINDS, TemplateError
from connector.publish import openapi, samples
from connector.publish.openapi import FIXED_OPERATIONS
from connector.strictyaml import read_yaml

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
SPECS = ("openapi/openapi.json", "openapi/openapi-3.1.json", "openapi/swagger.json")
NULL_WORDS = dict(zip(SPECS, ("nullable", "type", "x-nullable"), strict=True))
# those who call us keep these names in their workflows: one may be added here, none may be changed or taken away
OPERATION_IDS = {"answer_with_tools", "classify", "extract", "get_action", "healthz", "list_actions", "readyz", "summarize"}
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
    input: {text: "3", share: "0.75", count: "2", loud: "yes", kinds: [two], names: [{name: a, description: b}], parts: ["total money"]}
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
    return {one["operationId"]: one for path in spec["paths"].values() for one in path.values()}


def _schemas(spec: Json) -> dict[str, Json]:
    found: dict[str, Json] = spec["definitions"] if "swagger" in spec else spec["components"]["schemas"]
    return found


def _nodes(value: Any) -> Iterator[Json]:
    """Every object at any depth."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(one)


# --- up to date --------------------------------------------------------------------------------------------------------


def test_committed_files_are_what_the_actions_say(catalogue: Catalogue) -> None:
    """Building again gives the committed files byte for byte."""
    assert publish.stale(publish.build_all(catalogue), ROOT) == []


def test_stale_names_missing_and_different_files(catalogue: Catalogue, tmp_path: Path) -> None:
    """A file that is missing, or that somebody edited, is named in a sentence that says what to do."""
    files = publish.build_all(catalogue, platforms=["openapi"])
    publish.write(files, tmp_path)
    assert publish.stale(files, tmp_path) == []
    (tmp_path / SPECS[0]).unlink()
    (tmp_path / SPECS[1]).write_bytes(b"{}\n")
    missing, other = publish.stale(files, tmp_path)
    assert missing == "openapi/openapi.json is missing; write it with `formcall build`."
    assert other == "openapi/openapi-3.1.json does not say what the actions say; write it with `formcall build`."


def test_same_catalogue_gives_same_bytes(catalogue: Catalogue) -> None:
    """Nothing but the catalogue and the address goes into the files, and they end in one line feed."""
    once, again = publish.build_all(catalogue), publish.build_all(load_catalogue())
    assert once == again
    assert all(body.endswith(b"}\n") and b"\r" not in body for body in once.values())


def test_public_url_is_the_only_thing_an_address_changes(catalogue: Catalogue, specs: dict[str, Json]) -> None:
    """The address stands in ``servers``, or in host, base path and scheme, and nowhere else."""
    moved = _parsed(openapi.build(catalogue, public_url="https://ai.example.org/forms/"))
    where = {"servers", "host", "basePath", "schemes"}
    for path, spec in specs.items():
        assert {key: value for key, value in moved[path].items() if key not in where} == {
            key: value for key, value in spec.items() if key not in where
        }
    assert moved[SPECS[0]]["servers"] == moved[SPECS[1]]["servers"] == [{"url": "https://ai.example.org/forms"}]
    assert [moved[SPECS[2]][key] for key in ("host", "basePath", "schemes")] == ["ai.example.org", "/forms", ["https"]]
    assert [specs[SPECS[2]][key] for key in ("host", "basePath", "schemes")] == ["127.0.0.1:8080", "/", ["http"]]


# --- valid and readable by importers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SPECS)
def test_specs_are_valid(path: str, odd_catalogue: Catalogue) -> None:
    """Each version is valid, also with an action that has a field of every type."""
    validate(json.loads(openapi.build(odd_catalogue)[path]))


@pytest.mark.parametrize("path", SPECS)
def test_requests_stay_in_the_subset(path: str, odd_catalogue: Catalogue) -> None:
    """A request is flat: one type a property, no references, no null, no alternatives, bounded texts and few fields."""
    spec = json.loads(openapi.build(odd_catalogue)[path])
    for action in odd_catalogue.values():
        schema = _schemas(spec)[f"{action.id}_input"]
        assert len(schema["properties"]) <= 12
        for name, entry in schema["properties"].items():
            words = set(entry) - {"enum", "default", "example"}
            assert entry["type"] in {"string", "number", "integer", "boolean"}, name
            assert not words & {"$ref", "anyOf", "oneOf", "allOf", "nullable", "x-nullable", "items", "properties"}, name
            assert entry.get("default", "") is not None
            assert None not in entry.get("enum", [])
            assert len(entry.get("description", "")) <= 700
            assert all(isinstance(entry[key], int) for key in ("minLength", "maxLength") if key in entry)
            assert entry["type"] != "integer" or all(isinstance(entry[key], int) for key in ("minimum", "maximum") if key in entry)


@pytest.mark.parametrize("path", SPECS)
def test_answers_stay_in_the_subset(path: str, odd_catalogue: Catalogue) -> None:
    """Only single values and records may be null, no answer forbids new keys, and nothing is left in our own words."""
    spec = json.loads(openapi.build(odd_catalogue)[path])
    answers = {name: schema for name, schema in _schemas(spec).items() if not name.endswith("_input")}
    for name, schema in answers.items():
        for node in _schemas_in(schema):
            assert not {"$ref", "anyOf", "oneOf", "allOf"} & set(node), name
            assert node.get("additionalProperties") is not False, name
            assert not _may_be_null(node) or node["type"] not in ("array", ["array", "null"]), name
    null = [_may_be_null(node) for schema in answers.values() for node in _schemas_in(schema)]
    assert set(filter(None, null)) == {NULL_WORDS[path]}
    words = {key for node in _nodes(spec) for key in node}
    assert not words & {"x-label", "x-caption", "x-visibility"}


def _schemas_in(schema: Json) -> Iterator[Json]:
    yield schema
    for one in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from _schemas_in(one)


def _may_be_null(schema: Json) -> str:
    """The word that says so, if any."""
    listed = "type" if isinstance(schema.get("type"), list) else ""
    return next((word for word in ("nullable", "x-nullable") if schema.get(word)), listed)


@pytest.mark.parametrize("path", SPECS)
def test_operations_are_short_and_have_examples(path: str, specs: dict[str, Json]) -> None:
    """Ids, summaries and descriptions are short enough for the strictest importer, and each body and answer has an example."""
    for name, operation in _operations(specs[path]).items():
        assert re.fullmatch(r"[a-z_]{1,40}", name)
        assert 0 < len(operation["summary"]) <= 60
        assert 0 < len(operation["description"]) <= 300
        assert operation["tags"][0] in {tag["name"] for tag in specs[path]["tags"]}
        answer = operation["responses"]["200"]
        assert answer["examples"] if "swagger" in specs[path] else answer["content"]["application/json"]["example"]
        if "requestBody" in operation:
            assert list(operation["requestBody"]["content"]) == ["application/json"]
            assert operation["requestBody"]["content"]["application/json"]["example"]


def test_examples_fit_their_schemas(odd_catalogue: Catalogue) -> None:
    """The examples of requests and answers are what their own schemas allow, and the request's can be sent as it is."""
    spec = json.loads(openapi.build(odd_catalogue)[SPECS[1]])
    for action in odd_catalogue.values():
        operation, schemas = _operations(spec)[action.id], _schemas(spec)
        sent = operation["requestBody"]["content"]["application/json"]["example"]
        answered = operation["responses"]["200"]["content"]["application/json"]["example"]
        Draft202012Validator(schemas[f"{action.id}_input"]).validate(sent)
        Draft202012Validator(schemas[f"{action.id}_answer"]).validate(answered)
        assert action.read_form(sent) == action.read_form(action.examples[0].input)


def test_both_ways_to_give_the_key_are_declared(specs: dict[str, Json]) -> None:
    """A bearer token or X-API-Key in 3.x, X-API-Key in 2.0, and no key for the two that tell whether the service is up."""
    for path in SPECS[:2]:
        schemes = specs[path]["components"]["securitySchemes"]
        assert schemes["bearer"]["scheme"] == "bearer"
        assert (schemes["api_key"]["in"], schemes["api_key"]["name"]) == ("header", "X-API-Key")
        assert specs[path]["security"] == [{"bearer": []}, {"api_key": []}]
    assert list(specs[SPECS[2]]["securityDefinitions"]) == ["api_key"]
    for spec in specs.values():
        assert {name for name, one in _operations(spec).items() if one.get("security") == []} == {"healthz", "readyz"}


def test_power_platform_words(specs: dict[str, Json], catalogue: Catalogue) -> None:
    """Swagger 2.0 has each label as x-ms-summary, shows required fields at once and hides the options of a run."""
    spec = specs[SPECS[2]]
    for action in catalogue.values():
        for name, entry in _schemas(spec)[f"{action.id}_input"]["properties"].items():
            wanted = "important" if action.form[name].required else None if name in action.fields else "advanced"
            assert (entry["x-ms-summary"], entry.get("x-ms-visibility")) == (action.form[name].label, wanted)
        operation = _operations(spec)[action.id]
        assert operation["produces"] == ["application/json", "application/problem+json"]
        assert operation["x-openai-isConsequential"] is False


@pytest.mark.parametrize("path", SPECS)
def test_failures_are_declared_as_problems(path: str, specs: dict[str, Json]) -> None:
    """Every status that a run can fail with is declared, once for all operations, with the codes that have it."""
    spec = specs[path]
    shared = spec["responses"] if "swagger" in spec else spec["components"]["responses"]
    for operation in _operations(spec).values():
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                name = answer["$ref"].rsplit("/", 1)[1]
                assert name == f"problem_{status}"
                media = "examples" if "swagger" in spec else "content"
                assert list(shared[name][media]) == ["application/problem+json"]
    run = _operations(spec)["classify"]["responses"]
    for code in ("invalid_input", "bad_json", "unauthorized", "unsupported_media_type", "body_too_large", "provider_timeout", "busy"):
        assert code in shared[f"problem_{KINDS[code].status}"]["description"]
        assert str(KINDS[code].status) in run


# --- the same in all versions ------------------------------------------------------------------------------------------


def test_operation_ids_are_for_ever(specs: dict[str, Json]) -> None:
    """An operation that was once published keeps its id in every version."""
    for path, spec in specs.items():
        assert set(_operations(spec)) >= OPERATION_IDS, path


@pytest.mark.parametrize("path", SPECS)
def test_every_action_and_field_is_there(path: str, specs: dict[str, Json], catalogue: Catalogue) -> None:
    """Each action is one POST with its own name, whose fields and values have the action's names in the action's order."""
    spec = specs[path]
    for action in catalogue.values():
        assert spec["paths"][f"/v1/actions/{action.id}"]["post"]["operationId"] == action.id
        form, answer = _schemas(spec)[f"{action.id}_input"], _schemas(spec)[f"{action.id}_answer"]
        assert list(form["properties"]) == list(action.form)
        assert form["required"] == sorted(name for name, entry in action.form.items() if entry.required)
        assert [name for name in answer["properties"] if name in action.returns] == list(action.returns)
        assert set(answer["properties"]) >= set(ENVELOPE)
        assert sorted(answer["properties"]) == answer["required"]


def test_versions_are_alike(specs: dict[str, Json]) -> None:
    """All three have the same paths, operations, statuses, schemas, properties and required lists."""
    assert len({json.dumps(_outline(spec)) for spec in specs.values()}) == 1


def _outline(spec: Json) -> Any:
    paths = {path: {method: list(one["responses"]) for method, one in entry.items()} for path, entry in spec["paths"].items()}
    schemas = {name: [_shape(schema), schema["required"]] for name, schema in _schemas(spec).items()}
    return [paths, schemas]


def _shape(schema: Json) -> Any:
    return [
        {name: _shape(one) for name, one in schema.get("properties", {}).items()},
        _shape(schema["items"]) if "items" in schema else None,
        schema.get("enum"),
        schema.get("description"),
    ]


def test_labels_and_defaults_reach_the_request(odd_catalogue: Catalogue) -> None:
    """A property keeps its label as title, its choices and its default, as the type that is published."""
    found = _schemas(json.loads(openapi.build(odd_catalogue)[SPECS[0]]))["odd_job_input"]["properties"]
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
def test_another_action_changes_nothing_else(path: str, specs: dict[str, Json], odd_catalogue: Catalogue) -> None:
    """An operator's own action adds its operation, its two schemas and its group, and leaves every other byte as it was."""
    spec = json.loads(openapi.build(odd_catalogue)[path])
    assert spec["paths"].pop("/v1/actions/odd_job")["post"]["tags"] == ["odd"]
    for name in ("odd_job_input", "odd_job_answer"):
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
    routes = [(one.method, one.path) for one in FIXED_OPERATIONS]
    assert len(set(routes)) == len(routes)
    assert ("get", "/v1/actions") in routes
    assert [one.operation_id for one in FIXED_OPERATIONS if not one.needs_key] == ["healthz", "readyz"]


# --- the examples of answers -------------------------------------------------------------------------------------------


def test_sample_answers_have_the_keys_and_types_of_served_ones(catalogue: Catalogue) -> None:
    """The published answer to an example and the one that sample mode serves have the same keys and fit the same schema."""
    schemas = _schemas(json.loads(openapi.build(catalogue)[SPECS[1]]))
    for action in catalogue.values():
        served = served_sample(action)
        assert list(samples.published_answer(action)) == list(served)
        Draft202012Validator(schemas[f"{action.id}_answer"]).validate(served)


# --- the schema of an action's file ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def action_schema(catalogue: Catalogue) -> Draft202012Validator:
    schema = json.loads(publish.build_all(catalogue)["openapi/action.schema.json"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", sorted((ROOT / "templates").glob("*.yaml")), ids=lambda path: path.stem)
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
def test_wrong_action_is_marked(what: str, action_schema: Draft202012Validator, tmp_path: Path) -> None:
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
