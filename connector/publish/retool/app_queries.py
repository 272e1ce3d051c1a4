"""The queries of the classic app: run an action, poll a long run, and pick the newest answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from connector.catalogue import Action
from connector.publish.retool.toolscript import Element, HexId, Include
from connector.publish.retool.widgets import WIDGETS, retool_form

RESOURCE_NAME = "Formcall"
OPEN_STATES = "['queued', 'running']"  # in JavaScript
_RUN_MS = "120000"
_FOLLOW_MS = "60000"
_PAUSE_MS = "2000"
_FOLLOW_SECONDS = 20  # how long the service keeps the second query waiting, well below its time-out
_JSON_HEADERS = '[{"key":"Content-Type","value":"application/json"}]'


def widget_id(action: Action, name: str) -> str:
    """The widget of a field; unique, since no name of the catalogue has two underscores in a
    row."""
    return f"{action.id}__{name}"


def part_id(action: Action, part: str) -> str:
    """A part of an action's tab beside its fields; no name of the catalogue has a capital."""
    return f"{action.id}_{part}"


def queries(action: Action, resource: str) -> Iterator[Element]:
    run, follow = part_id(action, "Query"), part_id(action, "Follow")
    request = {
        "body": _body(action),
        "bodyType": "json",
        "headers": _JSON_HEADERS,
        "query": f"v1/actions/{action.id}",
        "type": "POST",
    }
    yield _rest(run, resource, _RUN_MS, request, _then(run, follow, "0"))
    address = f"v1/runs/{{{{ {run}.data.id }}}}?wait_seconds={_FOLLOW_SECONDS}"
    yield _rest(
        follow,
        resource,
        _FOLLOW_MS,
        {"query": address, "type": "GET"},
        _then(follow, follow, _PAUSE_MS),
    )
    yield Element(
        "Function",
        {
            "id": part_id(action, "Answer"),
            "funcBody": Include(answer_file(action)),
            "runBehavior": "debounced",
        },
    )


def _rest(
    query_id: str, resource: str, timeout: str, more: Mapping[str, str], after: Element
) -> Element:
    attributes = {
        "id": query_id,
        **more,
        "enableErrorTransformer": True,
        "errorTransformer": "return data.detail || data.error",
        "notificationDuration": 4.5,
        "queryTimeout": timeout,
        "resourceDisplayName": RESOURCE_NAME,
        "resourceName": resource,
        "resourceTypeOverride": "",
        "runWhenModelUpdates": False,
        "showSuccessToaster": False,
    }
    return Element("RESTQuery", attributes, (after,))


def _then(query: str, other: str, wait_ms: str) -> Element:
    """``other`` runs after ``query`` returned an open run."""
    return event(
        "success", query, trigger(other), f"{OPEN_STATES}.includes({query}.data.status)", wait_ms
    )


def trigger(query: str) -> dict[str, str]:
    return {"method": "trigger", "pluginId": query, "type": "datasource"}


def event(
    name: str, owner: str, does: Mapping[str, str], enabled: str = "", wait_ms: str = "0"
) -> Element:
    condition = {"enabled": f"{{{{ {enabled} }}}}"} if enabled else {}
    attributes = {
        "id": HexId(8, ("event", owner, name)),
        "event": name,
        **does,
        "params": {"ordered": []},
        **condition,
    }
    return Element("Event", {**attributes, "waitMs": wait_ms, "waitType": "debounce"})


def _body(action: Action) -> str:
    """Each field of the form with the expression that reads its widget, in Retool's format of a
    body of keys and values."""
    expressions = {
        name: WIDGETS[entry.type].value.format(id=widget_id(action, name))
        for name, entry in retool_form(action).items()
    }
    pairs = [
        {"key": name, "value": f"{{{{ {expression} }}}}"}
        for name, expression in expressions.items()
    ]
    return json.dumps(pairs, separators=(",", ":"))


def answer_file(action: Action) -> str:
    return f"lib/{part_id(action, 'Answer')}.js"


def answer_script(action: Action) -> str:
    """The newest answer of a run: the first response, or the polled one."""
    run, follow = part_id(action, "Query"), part_id(action, "Follow")
    return (
        f"const first = {{{{ {run}.data }}}} || {{}};\n"
        f"const later = {{{{ {follow}.data }}}} || {{}};\n"
        "return later.id && later.id === first.id ? later : first;\n"
    )
