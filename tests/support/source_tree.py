"""The source of the package as syntax trees, for tests of its structure and its names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.samples import ROOT

PACKAGE = ROOT / "connector"
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def _module_paths() -> dict[str, Path]:
    paths = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return paths


# every module of the package, by its dotted name
MODULES = _module_paths()


@cache
def source(name: str) -> str:
    return MODULES[name].read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(source(name))


@dataclass(frozen=True)
class Imports:
    """What a module imports from the package, by when the import runs."""

    at_import: frozenset[str]
    for_types: frozenset[str]
    in_functions: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.at_import | self.for_types | self.in_functions


@cache
def imports(name: str) -> Imports:
    """The modules of the package that a module imports."""
    found: dict[str, set[str]] = {"at_import": set(), "for_types": set(), "in_functions": set()}
    waiting: list[tuple[ast.AST, str]] = [(tree(name), "at_import")]
    while waiting:
        node, when = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found[when] |= _imported_modules(name, node)
        elif isinstance(node, FunctionNode | ast.Lambda):
            waiting += [(child, "in_functions") for child in ast.iter_child_nodes(node)]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += [(child, "for_types") for child in node.body]
            waiting += [(child, when) for child in node.orelse]
        else:
            waiting += [(child, when) for child in ast.iter_child_nodes(node)]
    return Imports(**{when: frozenset(modules) for when, modules in found.items()})


def external_imports(name: str) -> set[str]:
    """The top-level packages that a module imports anywhere."""
    packages: set[str] = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            packages.add((node.module or "").split(".")[0])
    return packages


def _imported_modules(name: str, node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        modules = {alias.name for alias in node.names}
    else:
        base = _import_base(name, node)
        modules = {
            f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base
            for alias in node.names
        }
    return {module for module in modules if module.split(".")[0] == "connector"}


def _import_base(name: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_package = MODULES[name].name == "__init__.py"
    parents = name.split(".") if is_package else name.split(".")[:-1]
    parents = parents[: len(parents) - node.level + 1]
    return ".".join([*parents, *filter(None, [node.module])])


def functions(name: str) -> Iterator[FunctionNode]:
    """Every function and method of a module, nested ones as well."""
    for node in ast.walk(tree(name)):
        if isinstance(node, FunctionNode):
            yield node


def public_names(name: str) -> Iterator[tuple[str, str]]:
    """(dotted name, its last part) of a module and of all that is public in it.

    Public are classes, functions, methods, their parameters, and annotated class attributes, unless
    they or what they are in begins with an underscore.
    """
    if not any(part.startswith("_") for part in name.split(".")):
        yield name, name.rpartition(".")[2]
        yield from _public_in(tree(name), name)


def _public_in(parent: ast.Module | ast.ClassDef, path: str) -> Iterator[tuple[str, str]]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield f"{path}.{node.name}", node.name
            yield from _public_in(node, f"{path}.{node.name}")
        elif isinstance(node, FunctionNode) and not node.name.startswith("_"):
            yield f"{path}.{node.name}", node.name
            yield from _parameters(node, f"{path}.{node.name}")
        elif isinstance(node, FunctionNode) and node.name == "__init__":
            yield from _parameters(node, path)
        elif isinstance(node, ast.AnnAssign):
            target = ast.unparse(node.target)
            if not target.startswith("_"):
                yield f"{path}.{target}", target


def _parameters(function: FunctionNode, path: str) -> Iterator[tuple[str, str]]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += filter(None, [arguments.vararg, arguments.kwarg])
    for argument in every:
        if not argument.arg.startswith("_"):
            yield f"{path}({argument.arg})", argument.arg
