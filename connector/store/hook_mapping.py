"""How a hook finds the fields of an action in what is posted: paths, headers and templates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, meta

from connector.catalogue import Action
from connector.catalogue.prompt import Prompt
from connector.catalogue.values import is_absent, quoted, suggestion
from connector.errors import FieldError, InvalidInput, TemplateError
from connector.json_paths import PathError, list_paths, parse_path, problem_at, value_at
from connector.json_types import Json

MAX_LISTED = 20
_HEADER = re.compile(r"header:\s*([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100})\s*", re.IGNORECASE)
# what stands between {{ and }} in a template: a path, then filters
_PLACE = re.compile(
    r"\{\{-?\s*+(?P<path>(?:[^{}|\[\]]|\[[^\[\]{}]*\])+?)(?<!\s)\s*+(?P<filters>\|[^{}]*?)?-?\}\}"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONSTANT = re.compile("[\"']")


class Posted:
    """What was posted to a hook: the body, and the headers without regard to case."""

    def __init__(self, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.body = body
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}

    def find(self, path: str) -> Any:
        """The value at a path, or of the header in ``header:Name``; None when there is none."""
        header = _HEADER.fullmatch(path)
        return self.headers.get(header[1].lower()) if header else value_at(self.body, path)

    def problem(self, path: str) -> str:
        """Why there is no value at ``path``."""
        header = _HEADER.fullmatch(path)
        return f'there is no header "{header[1]}"' if header else problem_at(self.body, path)

    def paths(self, limit: int = MAX_LISTED) -> list[str]:
        """The paths of what was posted, without its values."""
        return list(dict.fromkeys(islice(list_paths(self.body), limit)))


class HookTemplate:
    """One text of several posted values: the prompt language, with paths for names.

    Raises ``TemplateError`` for a template that is not in this language.
    """

    def __init__(self, source: str) -> None:
        self._paths: dict[str, str] = {}
        prepared = _PLACE.sub(self._named, source)
        names = _names_of(prepared)
        self._paths |= {name: name for name in sorted(names) if name not in self._paths}
        self._prompt = Prompt(prepared, names=names, lists=())
        if not names:
            raise TemplateError("it has no {{ path }} of a posted value.")

    def _named(self, match: re.Match[str]) -> str:
        """The place with a plain name instead of its path, which the prompt language lacks."""
        path = match["path"].strip()
        if _NAME.fullmatch(path) or _CONSTANT.match(path):
            return match[0]
        if not _HEADER.fullmatch(path):
            parse_path(path)
        name = f"place{len(self._paths)}__"
        self._paths[name] = path
        return f"{{{{ {name} {match['filters'] or ''} }}}}"

    @property
    def paths(self) -> list[str]:
        return list(self._paths.values())

    def render(self, posted: Posted) -> str | None:
        """The text, or None when nothing of what it names was posted."""
        values = {name: _as_text(posted.find(path)) for name, path in self._paths.items()}
        if all(is_absent(value) for value in values.values()):
            return None
        return self._prompt.render(values)


def _names_of(source: str) -> set[str]:
    try:
        return meta.find_undeclared_variables(Environment(autoescape=True).parse(source))
    except (TemplateSyntaxError, RecursionError) as error:
        problem = getattr(error, "message", "") or "it is nested too deep"
        raise TemplateError(f"{problem.rstrip('.')}.") from None


def _as_text(value: Any) -> Any:
    """A value for a template: an object, and a list that holds one, as JSON."""
    has_object = isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)
    )
    return json.dumps(value, ensure_ascii=False) if has_object else value


@lru_cache(maxsize=256)
def hook_template(source: str) -> HookTemplate:
    return HookTemplate(source)


# --- checking a new hook --------------------------------------------------------------------------


def check_preset(
    action: Action,
    fixed: Mapping[str, Any],
    mapping: Mapping[str, Any],
    templates: Mapping[str, Any] | None = None,
) -> None:
    """``InvalidInput`` names each unknown field, invalid fixed value, path and template."""
    templates = templates or {}
    names = dict.fromkeys([*fixed, *mapping, *templates])
    errors = [_unknown(name, action) for name in names if name not in action.form]
    errors += [_given_twice(name) for name in templates if name in mapping]
    errors += _wrong_paths(mapping)
    errors += _wrong_templates(templates)
    if errors:
        raise InvalidInput(errors)
    try:
        action.read_form(fixed)
    except InvalidInput as error:
        of_fixed = [entry for entry in error.errors if entry.field in fixed]
        if of_fixed:
            raise InvalidInput(of_fixed) from None


def _wrong_paths(mapping: Mapping[str, Any]) -> Iterable[FieldError]:
    for name, path in mapping.items():
        try:
            if not isinstance(path, str):
                raise PathError("is not text. Write names with dots between them, such as a.b.")
            if not _HEADER.fullmatch(path):
                parse_path(path)
        except PathError as error:
            message = f'The path for "{name[:60]}", {quoted(path)}, {error}'
            yield FieldError(name, "wrong_type", message)


def _wrong_templates(templates: Mapping[str, Any]) -> Iterable[FieldError]:
    for name, source in templates.items():
        try:
            if not isinstance(source, str):
                raise TemplateError("it is not text.")
            hook_template(source)
        except PathError as error:
            message = f'The template for "{name[:60]}" has a path that {error}'
            yield FieldError(name, "bad_line", message)
        except TemplateError as error:
            message = (
                f'The template for "{name[:60]}" cannot be used: {error.detail} Write text with '
                "paths in braces, such as {{ subject }} or {{ order.lines[0].text }}."
            )
            yield FieldError(name, "bad_line", message)


def _unknown(name: str, action: Action) -> FieldError:
    hint = suggestion(name, action.form) or f" The fields are {', '.join(action.form)}."
    detail = f'There is no field "{name[:60]}" in this action.{hint}'
    return FieldError(name, "unknown_field", detail)


def _given_twice(name: str) -> FieldError:
    message = f'"{name[:60]}" has a path in "mapping" and a template in "templates". Give one.'
    return FieldError(name, "duplicate", message)


# --- explaining what was not found ----------------------------------------------------------------


def explain_missing(
    error: InvalidInput,
    posted: Posted,
    *,
    mapping: Mapping[str, str],
    templates: Mapping[str, str],
    fixed: Json,
) -> InvalidInput:
    """``error`` with the reason why the hook found nothing for each field that is missing."""

    def explained(entry: FieldError) -> FieldError:
        if entry.code != "missing" or entry.field in fixed:
            return entry
        if entry.field in mapping:
            reason = posted.problem(mapping[entry.field])
        elif entry.field in templates:
            listed = ", ".join(hook_template(templates[entry.field]).paths)
            reason = f"there is nothing at any path of its template ({listed})"
        else:
            reason = f'nothing is called "{entry.field}", and the hook has no path for it'
        message = f'"{entry.field}" is missing: {reason}. {_listing(posted)}'
        return FieldError(entry.field, entry.code, message)

    return InvalidInput([explained(entry) for entry in error.errors])


def _listing(posted: Posted) -> str:
    if posted.body in (None, {}, [], ""):
        return "What was posted is empty."
    paths = posted.paths(MAX_LISTED + 1)
    if not paths:
        return "What was posted is one value without a name; post a JSON object or a form."
    more = " and more" if len(paths) > MAX_LISTED else ""
    return f"What was posted has: {', '.join(paths[:MAX_LISTED])}{more}."
