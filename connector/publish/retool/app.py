"""The classic app: one page with a tab for each action, made of Retool's own widgets and wired to queries of one resource.

A query runs when somebody presses Run and never by itself, since each run may be paid. Where a run is handed over, a second query
asks for it until it has ended.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connector.catalogue import Action, Catalogue, Field
from connector.publish.retool.toolscript import Element, HexId, Include, positions, settled, write_rsx
from connector.publish.retool.widgets import RUN_OPTIONS, WIDGETS, own_options, shown_form

RESOURCE_PLACEHOLDER = "00000000-0000-4000-8000-000000000000"
RESOURCE_NAME = "Formcall"
_TABS, _TABS_BAR, _TITLE, _HINT = "actionTabs", "actionTabsBar", "pageTitle", "setupHint"
_RUN_MS, _FOLLOW_MS, _PAUSE_MS = "120000", "60000", "2000"
_FOLLOW_SECONDS = 20  # how long the service keeps the second query waiting, well below its time-out
_WIDE, _HALF = 12, 6
_JSON_HEADERS = '[{"key":"Content-Type","value":"application/json"}]'
_OPEN = "['queued', 'running']"
_PAGE_UUID = str(uuid.uuid5(uuid.NAMESPACE_URL, "formcall:retool:app"))
_METADATA = {
    "toolscriptVersion": "1.0.0",
    "version": "43.0.9",
    "pageUuid": _PAGE_UUID,
    "appTemplate": {
        "appMaxWidth": "100%",
        "appThemeId": -1,
        "experimentalFeatures": {"object": {"sourceControlTemplateDehydration": False}},
        "notificationsSettings": {
            "object": {"globalQueryShowFailureToast": True, "globalQueryShowSuccessToast": False, "globalQueryToastDuration": 4.5}
        },
        "version": "3.338.0",
    },
}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP file knows


def build_app(catalogue: Catalogue, resource_uuid: str) -> dict[str, str]:
    """The app's files by their paths below its folder; without the id of a resource they hold ``RESOURCE_PLACEHOLDER``."""
    actions = list(catalogue.values())
    queries = [query for action in actions for query in _queries(action, resource_uuid or RESOURCE_PLACEHOLDER)]
    page, functions = _page(actions, hint=not resource_uuid), Element("GlobalFunctions", children=tuple(queries))
    main, functions = settled(Element("", children=(page, functions))).children
    return {
        "main.rsx": write_rsx(main),
        "functions.rsx": write_rsx(functions),
        ".positions.json": _json(positions(main)),
        "metadata.json": _json(_METADATA),
        **{_answer_file(action): _answer_script(action) for action in actions},
    }


def zipped(files: Mapping[str, str]) -> bytes:
    """The files as a ZIP, which has the same bytes each time: stored as they are, without a date."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for path, text in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, text.encode())
    return held.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


# --- names -------------------------------------------------------------------------------------------------------------


def widget_id(action: Action, name: str) -> str:
    """The widget of a field. No name of the catalogue has two underscores together, so none can be another's."""
    return f"{action.id}__{name}"


def part_id(action: Action, part: str) -> str:
    """What an action has beside its fields; the capital keeps it apart from every name of the catalogue."""
    return f"{action.id}_{part}"


# --- queries -----------------------------------------------------------------------------------------------------------


def _queries(action: Action, resource: str) -> Iterator[Element]:
    run, follow = part_id(action, "Query"), part_id(action, "Follow")
    asked = {"body": _body(action), "bodyType": "json", "headers": _JSON_HEADERS, "query": f"v1/actions/{action.id}", "type": "POST"}
    yield _rest(run, resource, _RUN_MS, asked, _then(run, follow, "0"))
    address = f"v1/runs/{{{{ {run}.data.id }}}}?wait_seconds={_FOLLOW_SECONDS}"
    yield _rest(follow, resource, _FOLLOW_MS, {"query": address, "type": "GET"}, _then(follow, follow, _PAUSE_MS))
    yield Element(
        "Function", {"id": part_id(action, "Answer"), "funcBody": Include(_answer_file(action)), "runBehavior": "debounced"}
    )


def _rest(query_id: str, resource: str, timeout: str, more: Mapping[str, str], event: Element) -> Element:
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
    return Element("RESTQuery", attributes, (event,))


def _then(query: str, other: str, wait_ms: str) -> Element:
    """After ``query`` has said that the run goes on, ``other`` asks for it."""
    return _event("success", query, _trigger(other), f"{_OPEN}.includes({query}.data.status)", wait_ms)


def _trigger(query: str) -> dict[str, str]:
    return {"method": "trigger", "pluginId": query, "type": "datasource"}


def _event(event: str, owner: str, does: Mapping[str, str], enabled: str = "", wait_ms: str = "0") -> Element:
    condition = {"enabled": f"{{{{ {enabled} }}}}"} if enabled else {}
    attributes = {"id": HexId(8, ("event", owner, event)), "event": event, **does, "params": {"ordered": []}, **condition}
    return Element("Event", {**attributes, "waitMs": wait_ms, "waitType": "debounce"})


def _body(action: Action) -> str:
    """Each field of the form with the expression that reads its widget, as Retool keeps a body of keys and values."""
    read = {name: WIDGETS[entry.type].value.format(id=widget_id(action, name)) for name, entry in shown_form(action).items()}
    pairs = [{"key": name, "value": f"{{{{ {expression} }}}}"} for name, expression in read.items()]
    return json.dumps(pairs, separators=(",", ":"))


def _answer_file(action: Action) -> str:
    return f"lib/{part_id(action, 'Answer')}.js"


def _answer_script(action: Action) -> str:
    """The newest answer to a run: what it was first answered, or what was asked for later."""
    run, follow = part_id(action, "Query"), part_id(action, "Follow")
    return (
        f"const first = {{{{ {run}.data }}}} || {{}};\n"
        f"const later = {{{{ {follow}.data }}}} || {{}};\n"
        "return later.id && later.id === first.id ? later : first;\n"
    )


# --- the page ----------------------------------------------------------------------------------------------------------


def _page(actions: Iterable[Action], *, hint: bool) -> Element:
    row = 0.0
    shown = [_text(_TITLE, "### AI actions", _place(row, 0, 1.0, _WIDE))]
    row += 1.0
    if hint:
        words = f"Open each query below and choose your resource **{RESOURCE_NAME}** once; then delete this text."
        shown.append(_text(_HINT, words, _place(row, 0, 1.0, _WIDE)))
        row += 1.0
    frame = {"id": "$main", "isHiddenOnDesktop": False, "isHiddenOnMobile": False, "padding": "8px 12px", "sticky": False, "type": "main"}
    children = (*shown, _container(list(actions), row))
    return Element("App", children=(Element("Include", {"src": "./functions.rsx"}), Element("Frame", frame, children)))


def _container(actions: list[Action], row: float) -> Element:
    attributes = {
        "id": _TABS,
        "currentViewKey": "{{ self.viewKeys[0] }}",
        "footerPadding": "4px 12px",
        "headerPadding": "4px 12px",
        "padding": "12px",
        "showBody": True,
        "showHeader": True,
    }
    bar = {"id": _TABS_BAR, "itemMode": "static", "navigateContainer": True, "targetContainerId": _TABS, "value": "{{ self.values[0] }}"}
    options = tuple(Element("Option", {"id": HexId(5, ("tab", one.id)), "label": one.title, "value": one.id}) for one in actions)
    tabs = Element("Tabs", bar, options, {"container": _TABS, "rowGroup": "header", **_place(0, 0, 1.0, _WIDE)})
    return Element("Container", attributes, (Element("Header", children=(tabs,)), *map(_view, actions)), _place(row, 0, 0.2, _WIDE))


def _view(action: Action) -> Element:
    view = HexId(5, ("view", action.id))
    inside = {"container": _TABS, "subcontainer": view}
    children = [*_form(action, inside), *_outcome(action, inside)]
    return Element("View", {"id": view, "label": action.title, "viewKey": action.id}, tuple(children))


def _form(action: Action, inside: Mapping[str, Any]) -> Iterator[Element]:
    """The left half: what the action does, its fields, the options of a run behind a switch, and Run."""
    run = part_id(action, "Run")
    advanced = part_id(action, "Advanced")
    shown = [_text(part_id(action, "About"), action.summary), *(_widget(action, entry) for entry in action.fields.values())]
    shown.append(Element("Switch", {"id": advanced, "label": "Advanced options", "value": "false"}, place={"height": 0.6}))
    options = {**RUN_OPTIONS, **own_options(action)}
    shown += [_widget(action, entry, hidden=f"{{{{ !{advanced}.value }}}}") for entry in options.values()]
    busy = f"{{{{ {part_id(action, 'Query')}.isFetching || {part_id(action, 'Follow')}.isFetching }}}}"
    click = _event("click", run, _trigger(part_id(action, "Query")))
    shown.append(Element("Button", {"id": run, "loading": busy, "text": "Run"}, (click,), {"height": 1.0}))
    yield from _stacked(shown, 0, inside)


def _widget(action: Action, entry: Field, *, hidden: str = "") -> Element:
    tag = WIDGETS[entry.type].tag(entry)
    label = {tag.label: entry.label, **({"labelPosition": "top"} if tag.label == "label" else {})}
    said = {"placeholder": entry.placeholder, "tooltipText": entry.help, "required": entry.required, "hidden": hidden}
    attributes = {"id": widget_id(action, entry.name), **label, **{key: value for key, value in said.items() if value}, **tag.attributes}
    options = tuple(_option(value, label, action.id, entry.name) for value, label in tag.options.items())
    return Element(tag.name, attributes, options, {"height": tag.height})


def _option(value: str, label: str, *owner: str) -> Element:
    return Element("Option", {"id": HexId(5, (*owner, value)), "label": label, "value": value})


def _outcome(action: Action, inside: Mapping[str, Any]) -> Iterator[Element]:
    """The right half: what went wrong, that the run goes on, the answer, its values, and what it cost."""
    run, follow, answer = part_id(action, "Query"), part_id(action, "Follow"), f"{part_id(action, 'Answer')}.value"
    failed = f"{run}.error || {follow}.error || {answer}?.ok === false"
    told = f"{{{{ {run}.error || {follow}.error || {answer}?.detail }}}}"
    done = f"{answer}?.ok && !{_OPEN}.includes({answer}?.status) && !{run}.error"
    own = ", ".join(f"'{name}'" for name in action.returns)
    model = f"({answer}?.engine === 'local' ? 'embedded engine' : {answer}?.model)"
    cost = f"({answer}?.cost_usd === null ? 'price not known' : '$' + {answer}?.cost_usd)"
    bill = f"{{{{ {model} + ' · ' + {cost} + ' · ' + {answer}?.duration_ms / 1000 + ' s' }}}}"
    going_on = f"{{{{ 'It has the id ' + {answer}?.id + '; its answer will stand here.' }}}}"
    shown = [
        _alert(part_id(action, "Problem"), "error", "No answer", told, f"!({failed})"),
        _alert(part_id(action, "GoesOn"), "info", "The run goes on", going_on, f"!{_OPEN}.includes({answer}?.status)"),
        _text(part_id(action, "Result"), f"{{{{ {done} ? {answer}.result : 'The answer will stand here.' }}}}", disableMarkdown=True),
        Element(
            "JSONExplorer",
            {"id": part_id(action, "Values"), "hidden": f"{{{{ !({done}) }}}}", "value": f"{{{{ _.pick({answer}, [{own}]) }}}}"},
            place={"height": 4.0},
        ),
        _text(part_id(action, "Bill"), bill, hidden=f"{{{{ !({done}) }}}}"),
    ]
    yield from _stacked(shown, _HALF, inside)


def _alert(alert_id: str, kind: str, title: str, words: str, hidden: str) -> Element:
    attributes = {"id": alert_id, "description": words, "hidden": f"{{{{ {hidden} }}}}", "title": title, "type": kind}
    return Element("Alert", attributes, place={"height": 1.6})


def _text(text_id: str, words: str, place: Mapping[str, Any] | None = None, **more: Any) -> Element:
    return Element("Text", {"id": text_id, **more, "value": words, "verticalAlign": "center"}, place=place or {"height": 1.0})


def _stacked(elements: Iterable[Element], column: int, inside: Mapping[str, Any]) -> Iterator[Element]:
    """The elements below one another in one half of the page."""
    row = 0.0
    for element in elements:
        height = (element.place or {})["height"]
        yield Element(element.tag, element.attributes, element.children, {**inside, **_place(row, column, height, _HALF)})
        row += height


def _place(row: float, column: int, height: float, width: int) -> dict[str, Any]:
    return {"row": round(row, 1), "col": column, "height": height, "width": width}
