"""The page of the classic app: a tab for each action with its form and its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connector.catalogue import Action, Field
from connector.publish.retool.app_queries import (
    OPEN_STATES,
    RESOURCE_NAME,
    event,
    part_id,
    trigger,
    widget_id,
)
from connector.publish.retool.toolscript import Element, HexId
from connector.publish.retool.widgets import RUN_OPTIONS, WIDGETS, own_options

_TABS = "actionTabs"
_TABS_BAR = "actionTabsBar"
_TITLE = "pageTitle"
_HINT = "setupHint"
_WIDE = 12
_HALF = 6


def page(actions: Iterable[Action], *, hint: bool) -> Element:
    row = 0.0
    shown = [_text(_TITLE, "### AI actions", _place(row, 0, 1.0, _WIDE))]
    row += 1.0
    if hint:
        words = (
            f"Open each query below and choose your resource **{RESOURCE_NAME}** once; then "
            "delete this text."
        )
        shown.append(_text(_HINT, words, _place(row, 0, 1.0, _WIDE)))
        row += 1.0
    frame = {
        "id": "$main",
        "isHiddenOnDesktop": False,
        "isHiddenOnMobile": False,
        "padding": "8px 12px",
        "sticky": False,
        "type": "main",
    }
    children = (*shown, _container(list(actions), row))
    return Element(
        "App",
        children=(
            Element("Include", {"src": "./functions.rsx"}),
            Element("Frame", frame, children),
        ),
    )


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
    bar = {
        "id": _TABS_BAR,
        "itemMode": "static",
        "navigateContainer": True,
        "targetContainerId": _TABS,
        "value": "{{ self.values[0] }}",
    }
    options = tuple(
        Element("Option", {"id": HexId(5, ("tab", one.id)), "label": one.title, "value": one.id})
        for one in actions
    )
    tabs = Element(
        "Tabs", bar, options, {"container": _TABS, "rowGroup": "header", **_place(0, 0, 1.0, _WIDE)}
    )
    return Element(
        "Container",
        attributes,
        (Element("Header", children=(tabs,)), *map(_view, actions)),
        _place(row, 0, 0.2, _WIDE),
    )


def _view(action: Action) -> Element:
    view = HexId(5, ("view", action.id))
    inside = {"container": _TABS, "subcontainer": view}
    children = [*_form(action, inside), *_outcome(action, inside)]
    return Element(
        "View", {"id": view, "label": action.title, "viewKey": action.id}, tuple(children)
    )


def _form(action: Action, inside: Mapping[str, Any]) -> Iterator[Element]:
    """The left half: what the action does, its fields, the run options behind a switch, and Run."""
    run = part_id(action, "Run")
    advanced = part_id(action, "Advanced")
    shown = [
        _text(part_id(action, "About"), action.summary),
        *(_widget(action, entry) for entry in action.fields.values()),
    ]
    shown.append(
        Element(
            "Switch",
            {"id": advanced, "label": "Advanced options", "value": "false"},
            place={"height": 0.6},
        )
    )
    options = {**RUN_OPTIONS, **own_options(action)}
    shown += [
        _widget(action, entry, hidden=f"{{{{ !{advanced}.value }}}}") for entry in options.values()
    ]
    busy = (
        f"{{{{ {part_id(action, 'Query')}.isFetching || {part_id(action, 'Follow')}.isFetching }}}}"
    )
    click = event("click", run, trigger(part_id(action, "Query")))
    shown.append(
        Element("Button", {"id": run, "loading": busy, "text": "Run"}, (click,), {"height": 1.0})
    )
    yield from _stacked(shown, 0, inside)


def _widget(action: Action, entry: Field, *, hidden: str = "") -> Element:
    tag = WIDGETS[entry.type].tag(entry)
    label = {tag.label: entry.label, **({"labelPosition": "top"} if tag.label == "label" else {})}
    texts = {
        "placeholder": entry.placeholder,
        "tooltipText": entry.help,
        "required": entry.required,
        "hidden": hidden,
    }
    attributes = {
        "id": widget_id(action, entry.name),
        **label,
        **{key: value for key, value in texts.items() if value},
        **tag.attributes,
    }
    options = tuple(
        _option(value, label, action.id, entry.name) for value, label in tag.options.items()
    )
    return Element(tag.name, attributes, options, {"height": tag.height})


def _option(value: str, label: str, *owner: str) -> Element:
    return Element("Option", {"id": HexId(5, (*owner, value)), "label": label, "value": value})


def _outcome(action: Action, inside: Mapping[str, Any]) -> Iterator[Element]:
    """The right half: problem, notice of an open run, answer, its values and its cost."""
    run, follow, answer = (
        part_id(action, "Query"),
        part_id(action, "Follow"),
        f"{part_id(action, 'Answer')}.value",
    )
    is_open = f"{OPEN_STATES}.includes({answer}?.status)"
    waits = f"{answer}?.status === 'needs_review'"
    failed = (
        f"{run}.error || {follow}.error || ({answer}?.ok === false && !{is_open} && !({waits}))"
    )
    problem = f"{{{{ {run}.error || {follow}.error || {answer}?.detail }}}}"
    done = f"{answer}?.ok && !{is_open} && !{run}.error"
    own = ", ".join(f"'{name}'" for name in action.returns)
    model = f"({answer}?.engine === 'local' ? 'embedded engine' : {answer}?.model)"
    cost = f"({answer}?.cost_usd === null ? 'price not known' : '$' + {answer}?.cost_usd)"
    bill = f"{{{{ {model} + ' · ' + {cost} + ' · ' + {answer}?.duration_ms / 1000 + ' s' }}}}"
    open_notice = f"{{{{ 'Its id is ' + {answer}?.id + '; its answer will appear here.' }}}}"
    waits_notice = f"{{{{ {answer}?.detail + ' Decide on ' + {answer}?.review_url }}}}"
    shown = [
        _alert(part_id(action, "Problem"), "error", "No answer", problem, f"!({failed})"),
        _alert(
            part_id(action, "GoesOn"),
            "info",
            "The run continues",
            open_notice,
            f"!{is_open}",
        ),
        _alert(
            part_id(action, "Waits"),
            "warning",
            "A person decides first",
            waits_notice,
            f"!({waits})",
        ),
        _text(
            part_id(action, "Result"),
            f"{{{{ {done} ? {answer}.result : 'The answer will appear here.' }}}}",
            disableMarkdown=True,
        ),
        Element(
            "JSONExplorer",
            {
                "id": part_id(action, "Values"),
                "hidden": f"{{{{ !({done}) }}}}",
                "value": f"{{{{ _.pick({answer}, [{own}]) }}}}",
            },
            place={"height": 4.0},
        ),
        _text(part_id(action, "Bill"), bill, hidden=f"{{{{ !({done}) }}}}"),
    ]
    yield from _stacked(shown, _HALF, inside)


def _alert(alert_id: str, kind: str, title: str, words: str, hidden: str) -> Element:
    attributes = {
        "id": alert_id,
        "description": words,
        "hidden": f"{{{{ {hidden} }}}}",
        "title": title,
        "type": kind,
    }
    return Element("Alert", attributes, place={"height": 1.6})


def _text(text_id: str, words: str, place: Mapping[str, Any] | None = None, **more: Any) -> Element:
    return Element(
        "Text",
        {"id": text_id, **more, "value": words, "verticalAlign": "center"},
        place=place or {"height": 1.0},
    )


def _stacked(
    elements: Iterable[Element], column: int, inside: Mapping[str, Any]
) -> Iterator[Element]:
    """The elements stacked in one half of the page."""
    row = 0.0
    for element in elements:
        height = (element.place or {})["height"]
        yield Element(
            element.tag,
            element.attributes,
            element.children,
            {**inside, **_place(row, column, height, _HALF)},
        )
        row += height


def _place(row: float, column: int, height: float, width: int) -> dict[str, Any]:
    return {"row": round(row, 1), "col": column, "height": height, "width": width}
