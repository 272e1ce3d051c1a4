"""Imports go one way: a module knows only the rows before its own and its own room, and there are no circles."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "connector"
ROWS = (
    ("errors", "settings", "strictyaml", "outbound", "logs", "metrics"),
    ("catalogue",),
    ("providers", "tools", "documents"),
    ("engine", "store"),
    ("jobs", "publish", "mcp"),
    ("web", "cli", "console", "diagnosis", "evaluation", "opscli", "hookcli", "batchcli", "toolcli", "serving"),
)
# inside a row, only these know one another: every failure is of one tree, and the command line leads all that people start
NEIGHBOURS = {
    "settings": {"errors"},
    "strictyaml": {"errors"},
    "outbound": {"errors"},
    "mcp": {"jobs", "publish"},
    "cli": {"web", "console", "diagnosis", "evaluation", "opscli", "hookcli", "batchcli", "toolcli", "serving"},
    "serving": {"web"},
    "console": {"diagnosis"},
}
ROW = {room: number for number, row in enumerate(ROWS) for room in row}
PUBLISH_KNOWS = {"catalogue", *ROWS[0]} - {"outbound", "logs", "metrics"}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(name: str, *, everywhere: bool) -> set[str]:
    """The modules of ours that a module imports; at module level only, unless ``everywhere``."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else at_module_level(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module or "")))
            found.update({f"{source}.{alias.name}" if f"{source}.{alias.name}" in MODULES else source for alias in node.names})
    return {one for one in found if one.split(".")[0] == "connector"}


def at_module_level(tree: ast.Module) -> list[ast.stmt]:
    """The imports that run when a module is imported: not those inside functions, nor those for type checkers only."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found


def room(name: str) -> str:
    """The room of the house that a module stands in; "" for the house's own door."""
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_row(name: str) -> None:
    """Every module stands in a room that has its row in the picture of the house."""
    assert room(name) == "" or room(name) in ROW


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    """A module imports only from rows before its own, or from its own room."""
    for other in imported(name, everywhere=True):
        if other == "connector" or room(other) in {room(name), *NEIGHBOURS.get(room(name), ())}:
            continue
        assert ROW[room(other)] < ROW[room(name)], f"{name} imports {other}"


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) == "publish"])
def test_publishing_reads_the_catalogue_alone(name: str) -> None:
    """What is published is made from the catalogue and from nothing else of ours."""
    others = {room(other) for other in imported(name, everywhere=True) if other != "connector"}
    assert others <= PUBLISH_KNOWS | {"publish"}


def test_no_circles() -> None:
    """No module imports itself over others at module level."""
    waiting = {name: {other for other in imported(name, everywhere=False) if other != name} for name in MODULES}
    while free := [name for name, needs in waiting.items() if not needs & set(waiting)]:
        for name in free:
            del waiting[name]
    assert waiting == {}


def test_the_core_needs_no_framework() -> None:
    """What an action is knows neither HTTP nor a vendor."""
    for name in MODULES:
        # what calls other people's addresses is itself the HTTP client
        if room(name) in {"catalogue", "tools", "engine", *ROWS[0]} - {"outbound"}:
            tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
            names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not {one.split(".")[0] for one in names} & {"flask", "werkzeug", "openai", "requests", "httpx", "sqlalchemy"}, name
