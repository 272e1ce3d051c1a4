"""The tables of the documentation agree with the code, and the table of error codes with the codes
that are raised."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from connector.errors import KIND_GROUPS, KINDS, Kind
from connector.publish.errors_page import build_errors_page

ROOT = Path(__file__).resolve().parents[2]
TREES = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "connector").rglob("*.py"))
}


# --- docs/errors.md -------------------------------------------------------------------------------


def test_errors_page_lists_every_code_in_its_group() -> None:
    """docs/errors.md has each error code once, in the section of its group, with its status and
    what to do."""
    page = build_errors_page().decode()
    assert page == (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    sections = {
        title: body for title, _, body in (part.partition("\n") for part in page.split("\n## ")[1:])
    }
    for title, group in KIND_GROUPS.items():
        rows = re.findall(
            r"^\| `(\w+)` \| (\d{3}) \| (yes|) \| (.+?) \| (.+?) \|$", sections[title], re.MULTILINE
        )
        wanted = [
            (code, str(one.status), "yes" if one.retryable else "", one.title, one.advice)
            for code, one in group.items()
        ]
        assert rows == wanted
    assert len(KINDS) == sum(len(group) for group in KIND_GROUPS.values())


def test_a_code_without_advice_is_no_row() -> None:
    """A row needs a status, a title and a sentence on what to do; neither text breaks the page's
    table."""
    with pytest.raises(TypeError):
        Kind(400, "A title")  # type: ignore[call-arg]
    for code, kind in KINDS.items():
        assert re.fullmatch(r"[a-z][a-z_]{0,39}", code)
        for text in (kind.title, kind.advice):
            assert text.strip() == text != ""
            assert not {"|", "\n"} & set(text)
            assert not text.endswith(".")


def test_errors_page_names_every_status_of_a_run() -> None:
    """The page says what each status of a run means."""
    page = build_errors_page().decode()
    for status in ("queued", "running", "done", "failed", "incomplete", "interrupted", "cancelled"):
        assert f"`{status}`" in page.partition("## Statuses of a run")[2].partition("\n## ")[0]


# --- the codes that are raised --------------------------------------------------------------------


ERRORS = {"FormcallError", "ProviderError"}  # the classes whose first argument is a code


def raised() -> Iterator[tuple[str, str]]:
    """(code, place) of each error that is made anywhere, as far as the code is written there, or
    where its name is given a value."""
    for path, tree in TREES.items():
        makers, constants = makers_of(tree) | imported_makers(tree), values_in(tree.body)
        for scope in ast.walk(tree):
            if isinstance(scope, ast.FunctionDef):
                names = {**constants, **values_in(ast.walk(scope))}
                for node in ast.walk(scope):
                    if (
                        isinstance(node, ast.Call)
                        and node.args
                        and makes_an_error(node, scope, makers)
                    ):
                        yield from (
                            (code, f"{path.relative_to(ROOT)}:{node.lineno}")
                            for code in texts(node.args[0], names)
                        )


def makers_of(tree: ast.Module) -> set[str]:
    """Functions and methods of a module whose first argument is the code of the error they make."""
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and [arg.arg for arg in node.args.args if arg.arg != "self"][:1] == ["code"]
    ]
    makers: set[str] = set()
    while more := {
        one.name
        for one in functions
        if one.name not in makers
        and {ast.unparse(call.args[0]) for call in calls(one, ERRORS | makers)} == {"code"}
    }:
        makers |= more
    return makers


def imported_makers(tree: ast.Module) -> set[str]:
    """Makers that a module imports from another one, as a function or as a method of a class."""
    makers: set[str] = set()
    for node in ast.walk(tree):
        path = ROOT / f"{(getattr(node, 'module', None) or '').replace('.', '/')}.py"
        if isinstance(node, ast.ImportFrom) and path in TREES:
            names = {alias.name for alias in node.names}
            makers |= makers_of(TREES[path]) & names_within(TREES[path], names)
    return makers


def names_within(tree: ast.Module, names: set[str]) -> set[str]:
    """``names`` of functions, and the methods of the classes among ``names``."""
    methods = {
        one.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in names
        for one in node.body
        if isinstance(one, ast.FunctionDef)
    }
    return names | methods


def calls(scope: ast.FunctionDef, names: set[str]) -> list[ast.Call]:
    found = [node for node in ast.walk(scope) if isinstance(node, ast.Call) and node.args]
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id in names]


def makes_an_error(node: ast.Call, scope: ast.FunctionDef, makers: set[str]) -> bool:
    """Whether a call makes an error; ``super().__init__`` does in the classes that say their code
    themselves."""
    if isinstance(node.func, ast.Name):
        return node.func.id in ERRORS | makers
    if isinstance(node.func, ast.Attribute) and node.func.attr in makers:
        return True
    return id(scope) in INITS and ast.unparse(node.func) == "super().__init__"


def values_in(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """What names are given, where it is written as it is."""
    given = [node for node in nodes if isinstance(node, ast.Assign)]
    return {
        target.id: node.value
        for node in given
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def of_errors() -> set[int]:
    """The ``__init__`` of each class whose bases, at any depth, are failures of ours."""
    classes = {
        node.name: node
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    ours = {"FormcallError"}
    while more := {
        name
        for name, node in classes.items()
        if name not in ours and {ast.unparse(base) for base in node.bases} & ours
    }:
        ours |= more
    made = [one for name in ours - {"FormcallError"} for one in classes[name].body]
    return {id(one) for one in made if isinstance(one, ast.FunctionDef) and one.name == "__init__"}


def texts(value: ast.expr, names: dict[str, ast.expr], depth: int = 3) -> set[str]:
    """The texts that an expression may come to: its own, and those of the names in it."""
    if isinstance(value, ast.Constant):
        return {value.value} if isinstance(value.value, str) else set()
    if isinstance(value, ast.Name):
        return texts(names[value.id], names, depth - 1) if value.id in names and depth else set()
    if isinstance(value, ast.IfExp):
        return texts(value.body, names, depth) | texts(value.orelse, names, depth)
    if isinstance(value, ast.Dict):
        return {text for one in value.values for text in texts(one, names, depth)}
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "get"
    ):
        return {
            text for one in (value.func.value, *value.args[1:]) for text in texts(one, names, depth)
        }
    return set()


INITS = of_errors()


def test_every_code_that_is_raised_is_in_the_table_and_the_other_way_round() -> None:
    """No error has a code without a row, and no row is for a code that is never raised."""
    found: dict[str, list[str]] = {}
    for code, place in raised():
        found.setdefault(code, []).append(place)
    assert {code: places for code, places in found.items() if code not in KINDS} == {}
    assert [code for code in KINDS if code not in found] == []


# --- docs/architecture.md -------------------------------------------------------------------------


def test_architecture_names_every_room() -> None:
    """docs/architecture.md names every package and top module of connector/, so that its picture
    stays true."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        path
        for path in (ROOT / "connector").iterdir()
        if path.name != "__pycache__" and not path.name.startswith("__")
    ]
    missing = [room.name for room in rooms if room.is_dir() and f"`{room.name}/`" not in page]
    missing += [
        room.name for room in rooms if room.suffix == ".py" and f"`{room.name}`" not in page
    ]
    assert missing == []
