"""The rules of importable Retool apps, checked on the files as TypeScript parses them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.json_types import Json
from tests.support.retool_cli import script

REQUIRED_FILES = ("main.rsx", "functions.rsx", ".positions.json", "metadata.json")
# tags that are no widget on the canvas, and so have no place on it
UNPLACED = {
    "App",
    "Include",
    "Frame",
    "Header",
    "Body",
    "Footer",
    "View",
    "Option",
    "Event",
    "Column",
    "Action",
    "ToolbarButton",
    "AppStyles",
    "DocumentTitle",
    "UrlFragments",
    "ModalFrame",
    "DrawerFrame",
    "SplitPaneFrame",
    "SidebarFrame",
    "GlobalFunctions",
    "RESTQuery",
    "JavascriptQuery",
    "Function",
    "State",
    "Folder",
}
UNDER_APP = {"ModalFrame", "DrawerFrame", "SplitPaneFrame", "SidebarFrame"}
QUERIES = {"RESTQuery", "OpenAPIQuery", "JavascriptQuery"}
HEX = {"Event": 8, "Option": 5, "View": 5}
LEAST_TIMEOUT_MS = 60_000
COLUMNS = 12


@dataclass(frozen=True)
class Node:
    tag: str
    attributes: Json
    children: list[Node]
    stray: list[str]
    parent: str = ""

    @property
    def id(self) -> str:
        return str(self.attributes.get("id", ""))

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class App:
    """An app's folder: the trees of its .rsx files, its positions, and what of it could not be
    read."""

    folder: Path
    roots: dict[str, Node]
    positions: Json
    unreadable: dict[str, list[str]]

    def nodes(self) -> list[Node]:
        return [node for root in self.roots.values() for node in root.walk()]


def read_app(folder: Path) -> App:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.rsx"))
    found = script("rsx.mjs", {"folder": str(folder), "files": files})
    place = folder / ".positions.json"
    return App(
        folder,
        {one["file"]: _node(one["root"], "") for one in found if one["root"]},
        json.loads(place.read_text()) if place.exists() else {},
        {one["file"]: one["problems"] for one in found if not one["root"]},
    )


def _node(value: Json, parent: str) -> Node:
    children = [_node(child, value["tag"]) for child in value["children"]]
    return Node(value["tag"], value["attributes"], children, value["stray"], parent)


# --- the rules ------------------------------------------------------------------------------------


def files_are_there(app: App) -> Iterator[str]:
    """All four files are there, and what the app includes."""
    wanted = [*REQUIRED_FILES]
    for node in app.nodes():
        wanted += [node.attributes["src"]] if node.tag == "Include" else []
        wanted += [
            value["include"]
            for value in node.attributes.values()
            if isinstance(value, dict) and "include" in value
        ]
    yield from (f"{path} is missing" for path in wanted if not (app.folder / path).is_file())


def files_parse(app: App) -> Iterator[str]:
    """Each file parses as TSX."""
    yield from (
        f"{file} does not parse: {problems[:1]}" for file, problems in app.unreadable.items()
    )


def no_comments(app: App) -> Iterator[str]:
    """There are no XML comments and no text between the tags."""
    yield from (
        f"{path.name} has a comment"
        for path in app.folder.rglob("*.rsx")
        if "<!--" in path.read_text()
    )
    yield from (
        f"{node.tag} has text in it: {node.stray[0][:20]}" for node in app.nodes() if node.stray
    )


def ids_are_unique(app: App) -> Iterator[str]:
    """No two things have the same id."""
    counted = Counter(node.id for node in app.nodes() if node.id)
    yield from (
        f"the id {one} is used {times} times" for one, times in counted.items() if times > 1
    )


def ids_are_well_formed(app: App) -> Iterator[str]:
    """Events, options and views have hexadecimal ids of their length, everything else an
    identifier."""
    for node in app.nodes():
        pattern = rf"[0-9a-f]{{{HEX[node.tag]}}}" if node.tag in HEX else r"\$?[A-Za-z_]\w*"
        if "id" in node.attributes and not re.fullmatch(pattern, node.id):
            yield f"{node.tag} has the id {node.id}"


def widgets_are_placed(app: App) -> Iterator[str]:
    """Each widget has its place, and nothing else has one."""
    widgets = {node.id for node in app.nodes() if node.tag not in UNPLACED}
    yield from (f"{one} has no place" for one in sorted(widgets - set(app.positions)))
    yield from (
        f"{one} has a place and is no widget" for one in sorted(set(app.positions) - widgets)
    )


def places_fit(app: App) -> Iterator[str]:
    """A widget ends within the twelve columns, and stands in the container and the view that it is
    written in."""
    ends = {one: place["col"] + place["width"] for one, place in app.positions.items()}
    yield from (f"{one} ends in column {end}" for one, end in ends.items() if end > COLUMNS)
    for container in (node for node in app.nodes() if node.tag == "Container"):
        for view in (child for child in container.children if child.tag == "View"):
            for widget in view.children:
                place = app.positions.get(widget.id, {})
                if (place.get("container"), place.get("subcontainer")) != (container.id, view.id):
                    yield f"{widget.id} stands outside its view"


def places_do_not_overlap(app: App) -> Iterator[str]:
    """No two widgets of one view lie over each other."""
    groups: dict[tuple[Any, ...], list[tuple[str, Json]]] = {}
    for one, place in app.positions.items():
        groups.setdefault(
            (place.get("container"), place.get("subcontainer"), place.get("rowGroup")), []
        ).append((one, place))
    for group in groups.values():
        for count, (one, first) in enumerate(group):
            yield from (
                f"{one} and {other} overlap"
                for other, second in group[count + 1 :]
                if _overlap(first, second)
            )


def _overlap(first: Json, second: Json) -> bool:
    beside = (
        first["col"] + first["width"] <= second["col"]
        or second["col"] + second["width"] <= first["col"]
    )
    below = (
        first["row"] + first["height"] <= second["row"] + 1e-6
        or second["row"] + second["height"] <= first["row"] + 1e-6
    )
    return not beside and not below


def containers_are_whole(app: App) -> Iterator[str]:
    """A container has a view, a form has header, body and footer."""
    for node in app.nodes():
        inside = {child.tag for child in node.children}
        if node.tag == "Container" and "View" not in inside:
            yield f"{node.id} has no View"
        if node.tag == "Form" and not {"Header", "Body", "Footer"} <= inside:
            yield f"{node.id} lacks a part"


def frames_are_under_the_app(app: App) -> Iterator[str]:
    """Modals, drawers and side panes are children of the app."""
    yield from (
        f"{node.id} is inside {node.parent}"
        for node in app.nodes()
        if node.tag in UNDER_APP and node.parent != "App"
    )


def queries_do_not_run_by_themselves(app: App) -> Iterator[str]:
    """A query runs when it is told to, with time enough, and its body and headers are JSON."""
    for node in app.nodes():
        if node.tag not in QUERIES:
            continue
        if node.attributes.get("runWhenModelUpdates") is not False:
            yield f"{node.id} runs on change"
        if int(node.attributes.get("queryTimeout", "10000")) < LEAST_TIMEOUT_MS:
            yield f"{node.id} has too little time"
        for name in ("body", "headers"):
            if not _is_json(node.attributes.get(name, "[]")):
                yield f"{node.id} has {name} that is not JSON"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def names_are_there(app: App) -> Iterator[str]:
    """What an event triggers and what an expression reads is in the app."""
    known = {node.id for node in app.nodes()}
    for node in app.nodes():
        if node.tag == "Event" and node.attributes["pluginId"] not in known:
            yield f"an event triggers {node.attributes['pluginId']}"
        for text in (value for value in node.attributes.values() if isinstance(value, str)):
            for expression in re.findall(r"\{\{(.*?)\}\}", text, re.S):
                bare = re.sub(r"'(?:[^'\\]|\\.)*'", "", expression)
                names = set(re.findall(r"(?<![\w.?])([A-Za-z_]\w*)(?=\s*\??\.)", bare)) - {
                    "self",
                    "_",
                }
                yield from (f"{node.id} reads {name}" for name in sorted(names - known))


RULES: tuple[Callable[[App], Iterator[str]], ...] = (
    files_are_there,
    files_parse,
    no_comments,
    ids_are_unique,
    ids_are_well_formed,
    widgets_are_placed,
    places_fit,
    places_do_not_overlap,
    containers_are_whole,
    frames_are_under_the_app,
    queries_do_not_run_by_themselves,
    names_are_there,
)


def faults(folder: Path) -> list[str]:
    """A sentence for each breach of a rule."""
    app = read_app(folder)
    return [f"{rule.__name__}: {sentence}" for rule in RULES for sentence in rule(app)]
