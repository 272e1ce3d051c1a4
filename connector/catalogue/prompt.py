"""The prompt language: a small, allow-listed part of Jinja that cannot run, reach or forge anything.

Allowed are text, names of the form's fields, constants, ``if``/``elif``/``else``, one plain loop over a list field,
comparisons, ``and``/``or``/``not``, inline ``if``, six filters and the tests ``defined`` and ``none``. ``a.b`` is the key
``b`` of ``a``, never an attribute. Everything else is refused when the action is loaded, with its line.

Three rules keep the work linear in the length of the values: a filter's arguments are constants, loops run only over list
fields, and inside a loop only the loop's own name may be used. The rendered size is counted while it grows.
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
_JINJAS_OWN = {"loop", "self"}  # names that mean something else to Jinja than the field of that name


def _join(value: Any, separator: str = ", ") -> str:
    entries = value if isinstance(value, list | tuple) else [value]
    return separator.join(str(entry.get("name", "")) if isinstance(entry, Mapping) else str(entry) for entry in entries)


_FILTERS: dict[str, Callable[..., Any]] = {
    "join": _join,
    "length": lambda value: 0 if value is None else len(value),
    "lower": lambda value: str(value).lower(),
    "tojson": lambda value: json.dumps(value, ensure_ascii=False),
    "trim": lambda value: str(value).strip(),
    "upper": lambda value: str(value).upper(),
}


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with nothing in it: no globals, our six filters, and a dot that only looks up keys."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, finalize=_printed)
        self.globals.clear()
        self.filters = dict(_FILTERS)
        self.tests = {name: self.tests[name] for name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        return self.undefined(f"an entry has no part `{argument}`")


def _printed(value: Any) -> Any:
    """``value`` as a person would write it: nothing for none, names for a list, no ``.0`` behind a whole number."""
    if isinstance(value, list | Mapping):
        return _join(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "" if value is None else value


class Prompt:
    """One compiled prompt. ``render(values)`` fills it in; what is filled in is never parsed again."""

    def __init__(self, source: str, *, names: Collection[str], lists: Collection[str], file: str = "", line: int = 1) -> None:
        """``names`` are the fields a prompt may use, ``lists`` those of them it may loop over; ``line`` is where it begins."""
        self._file, self._line, self._names = file, line, tuple(names)
        if len(source) > MAX_SOURCE:
            raise TemplateError(f"the prompt has {len(source):,} characters; {MAX_SOURCE:,} are allowed.", file=file, line=line)
        environment = _Environment()
        try:
            tree = environment.parse(source)
            _Checker(names, lists).check(tree)
            self._lone_name = _lone_name(tree)
            self._template = environment.from_string(tree)
        except TemplateSyntaxError as error:
            raise self._error(f"{(error.message or 'the prompt cannot be read').rstrip('.')}.", error.lineno) from None
        except (RecursionError, SyntaxError):  # Python, which Jinja compiles to, takes 100 levels
            raise self._error("the prompt is nested too deep.", 1) from None
        except ValueError:
            raise self._error("a number in the prompt is too long.", 1) from None
        except _Refused as error:
            raise self._error(f"{error.construct} is not allowed in a prompt.", error.lineno) from None

    def render(self, values: Mapping[str, Any]) -> str:
        """The prompt with ``values`` filled in; a field that is absent counts as none."""
        if self._lone_name:
            whole = str(_printed(values.get(self._lone_name))).strip()
            if len(whole) > MAX_RENDERED:
                raise _too_long()
            return whole
        given = {name: values.get(name) for name in self._names}
        parts, size = [], 0
        try:
            for part in self._template.generate(given):
                size += len(part)
                if size > MAX_RENDERED:
                    raise _too_long()
                parts.append(part)
        except UndefinedError as error:
            raise self._error(f"{error.message}.", 1) from None
        except (TypeError, ValueError) as error:
            raise self._error(f"a filter or comparison does not fit its value ({error}).", 1) from None
        return "".join(parts).strip()

    def _error(self, problem: str, lineno: int) -> TemplateError:
        return TemplateError(problem, file=self._file, line=self._line + lineno - 1)


def _lone_name(tree: nodes.Template) -> str:
    """The field that is the whole of a prompt such as ``{{ text }}``, which needs no template to be filled in; else ""."""
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output) and len(tree.body[0].nodes) == 1:
        only = tree.body[0].nodes[0]
        return only.name if isinstance(only, nodes.Name) else ""
    return ""


def _too_long() -> FormcallError:
    return FormcallError("too_long", f"The filled-in prompt is longer than {MAX_RENDERED:,} characters.")


class _Refused(Exception):
    def __init__(self, construct: str, node: nodes.Node) -> None:
        super().__init__(construct)
        self.construct, self.lineno = construct, node.lineno or 1


class _Checker:
    """Walks a syntax tree and lets pass only what is listed here."""

    def __init__(self, names: Collection[str], lists: Collection[str]) -> None:
        self._names, self._lists = frozenset(names), frozenset(lists)
        self._loop_name: str | None = None
        self._count = 0

    def check(self, node: nodes.Node) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise _Refused(f"more than {MAX_NODES} parts", node)
        rule = getattr(self, f"_{type(node).__name__.lower()}", None)
        if rule is None:
            raise _Refused(f"`{type(node).__name__.lower()}`", node)
        rule(node)

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.check(child)

    _template = _output = _if = _compare = _operand = _and = _or = _not = _children

    def _templatedata(self, node: nodes.TemplateData) -> None:
        pass

    def _const(self, node: nodes.Const) -> None:
        if isinstance(node.value, int | float) and not abs(node.value) <= _MAX_NUMBER:
            raise _Refused("so large a number", node)

    def _condexpr(self, node: nodes.CondExpr) -> None:
        if node.expr2 is None:
            raise _Refused("an inline `if` without `else`", node)
        self._children(node)

    def _name(self, node: nodes.Name) -> None:
        if node.ctx != "load":
            raise _Refused("setting a name", node)
        if self._loop_name is not None and node.name != self._loop_name:
            raise _Refused(f"`{node.name}` inside a loop (only `{self._loop_name}`)", node)
        if (node.name not in self._names and node.name != self._loop_name) or node.name in _JINJAS_OWN:
            raise _Refused(f"`{node.name}`, which is no field of the form,", node)

    def _for(self, node: nodes.For) -> None:
        if self._loop_name is not None:
            raise _Refused("a loop inside a loop", node)
        if node.test is not None or node.recursive or node.else_:
            raise _Refused("a loop with `if`, `else` or `recursive`", node)
        if not isinstance(node.iter, nodes.Name) or node.iter.name not in self._lists:
            raise _Refused("a loop over anything but a list field", node)
        if not isinstance(node.target, nodes.Name) or node.target.name in self._names | _JINJAS_OWN:
            raise _Refused("a loop without one new name", node)
        self._loop_name = node.target.name
        for child in node.body:
            self.check(child)
        self._loop_name = None

    def _getattr(self, node: nodes.Getattr) -> None:
        if not isinstance(node.node, nodes.Name) or node.ctx != "load":
            raise _Refused("more than one dot", node)
        self._entry(node.node)

    def _getitem(self, node: nodes.Getitem) -> None:
        if not isinstance(node.node, nodes.Name) or not isinstance(node.arg, nodes.Const) or node.ctx != "load":
            raise _Refused("an index that is not a constant", node)
        self._entry(node.node)

    def _entry(self, name: nodes.Name) -> None:
        """Only the entries of a list have keys: a dot behind anything else would fail when it is filled in."""
        if name.name != self._loop_name:
            raise _Refused(f"a part of `{name.name}` (only a loop's own name has parts)", name)
        self.check(name)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in _FILTERS or node.node is None:
            raise _Refused(f"the filter `{node.name}`", node)
        if node.kwargs or node.dyn_args or node.dyn_kwargs or not all(isinstance(arg, nodes.Const) for arg in node.args):
            raise _Refused("a filter argument that is not a constant", node)
        if len(node.args) > (node.name == "join"):
            raise _Refused(f"an argument of the filter `{node.name}`", node)
        words = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
        if any(not isinstance(word, str) or len(word) > _MAX_SEPARATOR for word in words):
            raise _Refused(f"a separator that is no text of at most {_MAX_SEPARATOR} characters", node)
        depth = 1
        inner: nodes.Expr | None = node.node
        while isinstance(inner, nodes.Filter):
            depth, inner = depth + 1, inner.node
        if depth > _MAX_FILTERS:
            raise _Refused(f"more than {_MAX_FILTERS} filters in a row", node)
        self.check(node.node)

    def _test(self, node: nodes.Test) -> None:
        if node.name not in _TESTS or node.args or node.kwargs:
            raise _Refused(f"the test `{node.name}`", node)
        self.check(node.node)
