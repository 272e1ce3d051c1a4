"""The prompt language: an allow-listed subset of Jinja that cannot run code or reach objects.

Allowed are text, names of the form's fields, constants, ``if``/``elif``/``else``, one simple loop
over a list field, comparisons, ``and``/``or``/``not``, inline ``if``, six filters and the tests
``defined`` and ``none``. ``a.b`` is the key ``b`` of ``a``, never an attribute. Everything else is
rejected with its line when the action is loaded. Rendered values are never parsed as a template.

Three rules keep rendering linear in the length of the values: a filter's arguments are constants,
loops run only over list fields, and inside a loop only the loop variable may be used. The rendered
size is limited while it grows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connector.errors import FormcallError, TemplateError

MAX_SOURCE = 20_000
MAX_RENDERED = 4_000_000
MAX_NODES = 800
_MAX_FILTERS = 2
_MAX_SEPARATOR = 100
_MAX_NUMBER = 10**15
_TESTS = {"defined", "none"}
_RESERVED_NAMES = {"loop", "self"}  # names with a meaning of their own in Jinja


def _join(value: Any, separator: str = ", ") -> str:
    entries = value if isinstance(value, list | tuple) else [value]
    return separator.join(map(_name_of, entries))


def _name_of(entry: Any) -> str:
    return str(entry.get("name", "") if isinstance(entry, Mapping) else entry)


_FILTERS: dict[str, Callable[..., Any]] = {
    "join": _join,
    "length": lambda value: 0 if value is None else len(value),
    "lower": lambda value: str(value).lower(),
    "tojson": lambda value: json.dumps(value, ensure_ascii=False),
    "trim": lambda value: str(value).strip(),
    "upper": lambda value: str(value).upper(),
}


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without globals, with six filters, and where a dot only looks up keys."""

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_to_output,
        )
        self.globals.clear()
        self.filters = dict(_FILTERS)
        self.tests = {name: self.tests[name] for name in _TESTS}

    def getitem(self, obj: Any, argument: Any) -> Any:
        # asking for a dict first is ten times as fast as for any mapping
        if isinstance(obj, dict | Mapping) and argument in obj:
            return obj[argument]
        return self.undefined(f"an entry has no part `{argument}`")

    getattr = getitem  # type: ignore[assignment]  # called with the names that getitem is


def _to_output(value: Any) -> Any:
    """``value`` as rendered: nothing for none, names for a list, a whole number without ``.0``."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | Mapping):
        return _join(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "" if value is None else value


class Prompt:
    """One compiled prompt; ``render(values)`` fills in the form's values."""

    def __init__(
        self,
        source: str,
        *,
        names: Collection[str],
        lists: Collection[str],
        file: str = "",
        line: int = 1,
    ) -> None:
        """``names`` are the fields it may use, ``lists`` those it may loop over."""
        self._file = file
        self._line = line
        self._names = tuple(names)
        if len(source) > MAX_SOURCE:
            raise TemplateError(
                f"the prompt has {len(source):,} characters; {MAX_SOURCE:,} are allowed.",
                file=file,
                line=line,
            )
        environment = _Environment()
        try:
            tree = environment.parse(source)
            _Checker(names, lists).check(tree)
            self._sole_name = _sole_name(tree)
            self._template = environment.from_string(tree)
        except TemplateSyntaxError as error:
            problem = (error.message or "the prompt cannot be read").rstrip(".")
            raise self._error(f"{problem}.", error.lineno) from None
        except (RecursionError, SyntaxError):  # Jinja compiles to Python, which allows 100 levels
            raise self._error("the prompt is nested too deep.", 1) from None
        except ValueError:
            raise self._error("a number in the prompt is too long.", 1) from None
        except _NotAllowed as error:
            raise self._error(
                f"{error.construct} is not allowed in a prompt.", error.lineno
            ) from None

    def render(self, values: Mapping[str, Any]) -> str:
        """The prompt with ``values`` filled in; a field that is absent counts as none."""
        if self._sole_name:
            text = str(_to_output(values.get(self._sole_name))).strip()
            if len(text) > MAX_RENDERED:
                raise _too_long()
            return text
        variables = {name: values.get(name) for name in self._names}
        parts = []
        size = 0
        try:
            for part in self._template.generate(variables):
                size += len(part)
                if size > MAX_RENDERED:
                    raise _too_long()
                parts.append(part)
        except UndefinedError as error:
            raise self._error(f"{error.message}.", 1) from None
        except (TypeError, ValueError) as error:
            raise self._error(
                f"a filter or comparison does not fit its value ({error}).", 1
            ) from None
        return "".join(parts).strip()

    def _error(self, problem: str, lineno: int) -> TemplateError:
        return TemplateError(problem, file=self._file, line=self._line + lineno - 1)


def _sole_name(tree: nodes.Template) -> str:
    """The field of a prompt that is only ``{{ field }}``, rendered without Jinja; else ""."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return ""
    output = tree.body[0].nodes
    if len(output) != 1 or not isinstance(output[0], nodes.Name):
        return ""
    return output[0].name


def _too_long() -> FormcallError:
    return FormcallError(
        "too_long", f"The filled-in prompt is longer than {MAX_RENDERED:,} characters."
    )


class _NotAllowed(Exception):
    def __init__(self, construct: str, node: nodes.Node) -> None:
        super().__init__(construct)
        self.construct = construct
        self.lineno = node.lineno or 1


class _Checker:
    """Walks a syntax tree; every node type without a method here is rejected."""

    def __init__(self, names: Collection[str], lists: Collection[str]) -> None:
        self._names = frozenset(names)
        self._lists = frozenset(lists)
        self._loop_name: str | None = None
        self._count = 0

    def check(self, node: nodes.Node) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise _NotAllowed(f"more than {MAX_NODES} parts", node)
        rule = getattr(self, f"_{type(node).__name__.lower()}", None)
        if rule is None:
            raise _NotAllowed(f"`{type(node).__name__.lower()}`", node)
        rule(node)

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.check(child)

    _template = _output = _if = _compare = _operand = _and = _or = _not = _children

    def _templatedata(self, node: nodes.TemplateData) -> None:
        pass

    def _const(self, node: nodes.Const) -> None:
        if isinstance(node.value, int | float) and not abs(node.value) <= _MAX_NUMBER:
            raise _NotAllowed("so large a number", node)

    def _condexpr(self, node: nodes.CondExpr) -> None:
        if node.expr2 is None:
            raise _NotAllowed("an inline `if` without `else`", node)
        self._children(node)

    def _name(self, node: nodes.Name) -> None:
        if node.ctx != "load":
            raise _NotAllowed("setting a name", node)
        if self._loop_name is not None and node.name != self._loop_name:
            raise _NotAllowed(f"`{node.name}` inside a loop (only `{self._loop_name}`)", node)
        is_known = node.name in self._names or node.name == self._loop_name
        if not is_known or node.name in _RESERVED_NAMES:
            raise _NotAllowed(f"`{node.name}`, which is no field of the form,", node)

    def _for(self, node: nodes.For) -> None:
        if self._loop_name is not None:
            raise _NotAllowed("a loop inside a loop", node)
        if node.test is not None or node.recursive or node.else_:
            raise _NotAllowed("a loop with `if`, `else` or `recursive`", node)
        if not isinstance(node.iter, nodes.Name) or node.iter.name not in self._lists:
            raise _NotAllowed("a loop over anything but a list field", node)
        if (
            not isinstance(node.target, nodes.Name)
            or node.target.name in self._names | _RESERVED_NAMES
        ):
            raise _NotAllowed("a loop without one new name", node)
        self._loop_name = node.target.name
        for child in node.body:
            self.check(child)
        self._loop_name = None

    def _getattr(self, node: nodes.Getattr) -> None:
        if not isinstance(node.node, nodes.Name) or node.ctx != "load":
            raise _NotAllowed("more than one dot", node)
        self._entry(node.node)

    def _getitem(self, node: nodes.Getitem) -> None:
        if (
            not isinstance(node.node, nodes.Name)
            or not isinstance(node.arg, nodes.Const)
            or node.ctx != "load"
        ):
            raise _NotAllowed("an index that is not a constant", node)
        self._entry(node.node)

    def _entry(self, name: nodes.Name) -> None:
        """Only the entries of a list have keys; a dot after anything else would fail to render."""
        if name.name != self._loop_name:
            raise _NotAllowed(f"a part of `{name.name}` (only a loop variable has parts)", name)
        self.check(name)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in _FILTERS or node.node is None:
            raise _NotAllowed(f"the filter `{node.name}`", node)
        if (
            node.kwargs
            or node.dyn_args
            or node.dyn_kwargs
            or not all(isinstance(arg, nodes.Const) for arg in node.args)
        ):
            raise _NotAllowed("a filter argument that is not a constant", node)
        if len(node.args) > (node.name == "join"):
            raise _NotAllowed(f"an argument of the filter `{node.name}`", node)
        separators = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
        if any(not isinstance(one, str) or len(one) > _MAX_SEPARATOR for one in separators):
            raise _NotAllowed(
                f"a separator that is no text of at most {_MAX_SEPARATOR} characters", node
            )
        depth = 1
        inner: nodes.Expr | None = node.node
        while isinstance(inner, nodes.Filter):
            depth += 1
            inner = inner.node
        if depth > _MAX_FILTERS:
            raise _NotAllowed(f"more than {_MAX_FILTERS} filters in a row", node)
        self.check(node.node)

    def _test(self, node: nodes.Test) -> None:
        if node.name not in _TESTS or node.args or node.kwargs:
            raise _NotAllowed(f"the test `{node.name}`", node)
        self.check(node.node)
