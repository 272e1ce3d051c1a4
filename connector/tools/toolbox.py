"""The tools of one service: built in, enabled by the operator, and declared by the operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from connector.catalogue import Action, Catalogue, Choice
from connector.catalogue.values import suggestion
from connector.errors import FieldError, InvalidInput, SettingsError, TemplateError
from connector.outbound import Outbound, parse_allowed
from connector.settings import Settings
from connector.tools import fetch_page, web_search
from connector.tools.base import Tool
from connector.tools.calculate import calculate
from connector.tools.dates import dates
from connector.tools.http import HttpTool, http_tool
from connector.tools.httpfile import read_tool_file
from connector.tools.python import TITLE as PYTHON
from connector.tools.python import python_tool
from connector.tools.sandboxes import SANDBOXES
from connector.tools.search_context import search_context

TOOLS: dict[str, Tool] = {tool.name: tool for tool in (calculate, dates, search_context)}
DECLARED = "http"  # in an action's tools: all that the operator has declared
# the tools that an operator can enable, with their titles
OPTIONAL = {"python": PYTHON, "fetch_page": fetch_page.TITLE, "web_search": web_search.TITLE}


class Toolbox(Mapping[str, Tool]):
    """Tools by name.

    ``unavailable``: the known tools that this service does not have, each with a sentence that
    tells the operator how to enable it.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool] | None = None,
        unavailable: Mapping[str, str] | None = None,
    ) -> None:
        self._tools = dict(TOOLS if tools is None else tools)
        self.unavailable = dict(unavailable or {})

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    @property
    def declared(self) -> list[Tool]:
        """The tools that the operator has declared."""
        return [
            tool for name, tool in self._tools.items() if name not in TOOLS and name not in OPTIONAL
        ]

    def expand(self, catalogue: Catalogue) -> Catalogue:
        """``catalogue`` with the declared tools in place of ``http``, in actions and forms."""
        return Catalogue([self._expand_action(action) for action in catalogue.values()])

    def _expand_action(self, action: Action) -> Action:
        if DECLARED not in action.tools:
            return action
        declared = self.declared
        names = [name for name in action.tools if name != DECLARED]
        tools = (*names, *(tool.name for tool in declared))
        if not declared or "tools" not in action.fields:
            return replace(action, tools=tools)
        field = action.fields["tools"]
        choices = (*field.choices, *(Choice(tool.name, tool.title) for tool in declared))
        fields = {**action.fields, "tools": replace(field, choices=choices)}
        return replace(action, tools=tools, fields=fields)

    def check(self, action: Action, *, file: str = "") -> None:
        """``TemplateError`` when ``action`` names an unknown tool, or needs one that is missing."""
        file = file or f"{action.id}.yaml"
        known = [*self._tools, *OPTIONAL, DECLARED]
        for name in action.tools:
            if name not in known:
                hint = suggestion(name, known) or f" The tools are {', '.join(known)}."
                raise TemplateError(f"tools: there is no tool `{name}`.{hint}", file=file)
            if "tools" not in action.fields and name in self.unavailable:
                reason = self.unavailable[name]
                raise TemplateError(f"tools: `{name}` is not available. {reason}", file=file)

    def require_available(self, names: list[str]) -> None:
        """``InvalidInput`` when a form names a tool that this service does not have."""
        for name in names:
            if name not in self._tools:
                label = OPTIONAL.get(name, name)
                detail = (
                    f'"Tools": {label} ({name}) is not switched on in this service. Leave it out, '
                    "or ask the operator for it."
                )
                raise InvalidInput([FieldError("tools", "not_available", detail)])


def build_toolbox(settings: Settings) -> Toolbox:
    """The tools for ``settings``; ``SettingsError`` or ``TemplateError`` for an invalid one."""
    outbound = Outbound(parse_allowed(settings.allow_hosts))
    tools = dict(TOOLS)
    unavailable: dict[str, str] = {}
    if settings.python == "off":
        unavailable["python"] = "Set FORMCALL_PYTHON to monty or bwrap."
    else:
        tools["python"] = _python_tool(settings.python)
    missing = fetch_page.missing_requirement()
    if missing:
        unavailable["fetch_page"] = missing
    else:
        rules, client = fetch_page.page_access(settings.fetch_allow, settings.fetch_deny)
        tools["fetch_page"] = fetch_page.fetch_page_tool(rules, client)
    if settings.search_url:
        tools["web_search"] = web_search.web_search_tool(settings.search_url, outbound)
    else:
        unavailable["web_search"] = (
            "Set FORMCALL_SEARCH_URL to a search service with the interface of SearXNG."
        )
    for declared in load_declared_tools(settings.tools, taken=[*TOOLS, *OPTIONAL, DECLARED]):
        _check_secret(declared, settings)
        tools[declared.name] = http_tool(declared, outbound, settings.tool_secrets)
    return Toolbox(tools, unavailable)


def _python_tool(kind: str) -> Tool:
    missing = SANDBOXES[kind].missing_requirement()
    if missing:
        raise SettingsError(missing)
    return python_tool(kind)


def load_declared_tools(folder: Path | None, *, taken: list[str]) -> list[HttpTool]:
    """The tools declared in ``folder``, one in each file; ``TemplateError`` for an invalid one."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise TemplateError("this folder of tools does not exist.", file=str(folder))
    declared = [read_tool_file(path) for path in sorted(folder.glob("*.yaml"))]
    for tool in declared:
        if tool.name in taken:
            raise TemplateError(
                f"`{tool.name}` is a tool that Formcall has already; choose another name.",
                file=str(folder / f"{tool.name}.yaml"),
            )
    return declared


def _check_secret(declared: HttpTool, settings: Settings) -> None:
    if declared.secret and declared.secret.name not in settings.tool_secrets:
        raise SettingsError(
            f"The tool {declared.name} needs the secret FORMCALL_SECRET_{declared.secret.name}, "
            "which is not set."
        )
