"""Imports go one way: a module imports from the rows above its own and from its own room, without
cycles."""

import pytest

from tests.support.source_tree import MODULES, external_imports, imports

ROWS = (
    (
        "json_types",
        "json_bounds",
        "charsets",
        "json_paths",
        "errors",
        "environment",
        "machine",
        "settings",
        "yaml_subset",
        "deadline_socket",
        "outbound",
        "logs",
        "metrics",
        "durable",
    ),
    ("catalogue",),
    ("providers", "tools", "documents"),
    ("engine", "store"),
    ("runs", "batches", "webhooks", "publish"),
    ("service", "queue_metrics"),
    ("mcp", "console", "web", "cli"),
)
# the only imports inside a row
NEIGHBOURS = {
    "errors": {"json_types"},
    "environment": {"errors"},
    "settings": {"errors", "json_types", "environment", "machine"},
    "yaml_subset": {"errors", "json_types"},
    "outbound": {"errors", "json_types", "deadline_socket"},
    "durable": {"errors", "json_types"},
    "logs": {"json_types"},
    "metrics": {"json_types"},
    "tools": {"documents"},
    "webhooks": {"runs", "batches"},
    "batches": {"runs"},
    "service": {"queue_metrics"},
    "web": {"mcp", "console"},
    "cli": {"web", "mcp"},
}
ROW = {room: number for number, row in enumerate(ROWS) for room in row}
PUBLISH_IMPORTS = {"catalogue", *ROWS[0]} - {"deadline_socket", "outbound", "logs", "metrics"}
FRAMEWORKS = {"flask", "werkzeug", "openai", "requests", "httpx", "sqlalchemy"}
# what calls other servers is itself the HTTP client, and what keeps the queue has a database
CORE = {"catalogue", "tools", "engine", *ROWS[0]} - {"outbound", "durable"}


def room(name: str) -> str:
    """The folder or module directly below the package; "" for the package itself."""
    return name.split(".")[1] if "." in name else ""


def test_every_module_has_a_row() -> None:
    assert {room(name) for name in MODULES} - {""} <= set(ROW)


def test_imports_go_one_way() -> None:
    """A module imports only from rows before its own, from its own room, or from a neighbour."""
    upwards = [
        f"{name} imports {other}"
        for name in MODULES
        for other in imports(name).all - {"connector"}
        if room(other) not in {room(name), *NEIGHBOURS.get(room(name), ())}
        and ROW[room(other)] >= ROW[room(name)]
    ]
    assert upwards == []


def test_publishing_reads_the_catalogue_alone() -> None:
    """Published files are made from the catalogue and from nothing else of the package."""
    published = [name for name in MODULES if room(name) == "publish"]
    others = {room(other) for name in published for other in imports(name).all} - {""}
    assert others <= PUBLISH_IMPORTS | {"publish"}


@pytest.mark.parametrize("with_types", [False, True], ids=["at import", "with types"])
def test_no_circles(with_types: bool) -> None:
    """No module imports itself over others, neither when it runs nor for its types."""
    waiting = {}
    for name in MODULES:
        needs = imports(name).at_import | (imports(name).for_types if with_types else set())
        waiting[name] = needs - {name}
    while free := [name for name, needs in waiting.items() if not needs & set(waiting)]:
        for name in free:
            del waiting[name]
    assert waiting == {}


def test_the_core_needs_no_framework() -> None:
    """The definition of an action depends neither on HTTP nor on a vendor."""
    used = {name: external_imports(name) & FRAMEWORKS for name in MODULES if room(name) in CORE}
    assert {name: frameworks for name, frameworks in used.items() if frameworks} == {}
