"""The tools of one service: those that are always there, those that the operator switched on, and those the operator declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from connector.catalogue import Action, Catalogue, Choice
from connector.catalogue.values import nearest
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

TOOLS: dict[str, Tool] = {one.name: one for one in (calculate, dates, search_context)}
DECLARED = "http"  # among an action's tools: all that the operator has declared
# what an operator can switch on, as people know it
OPTIONAL = {"python": PYTHON, "fetch_page": fetch_page.TITLE, "web_search": web_search.TITLE}


class Toolbox(Mapping[str, Tool]):
    """Tools by name. ``off`` says of those that are known and not there what to do about it, in a sentence for the operator."""

    def __init__(self, tools: Mapping[str, Tool] | None = None, off: Mapping[str, str] | None = None) -> None:
        self._tools = dict(TOOLS if tools is None else tools)
        self.off = dict(off or {})

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    @property
    def declared(self) -> list[Tool]:
        """Those that the operator has declared."""
        return [one for name, one in self._tools.items() if name not in TOOLS and name not in OPTIONAL]

    def offered(self, catalogue: Catalogue) -> Catalogue:
        """``catalogue`` with the declared tools in the place of ``http``, in each action that allows them and in its form."""
        return Catalogue([self._offered(action) for action in catalogue.values()])

    def _offered(self, action: Action) -> Action:
        if DECLARED not in action.tools:
            return action
        mine = self.declared
        tools = (*(name for name in action.tools if name != DECLARED), *(one.name for one in mine))
        if not mine or "tools" not in action.fields:
            return replace(action, tools=tools)
        box = action.fields["tools"]
        box = replace(box, choices=(*box.choices, *(Choice(one.name, one.title) for one in mine)))
        return replace(action, tools=tools, fields={**action.fields, "tools": box})

    def check(self, action: Action, *, file: str = "") -> None:
        """``TemplateError`` when ``action`` names a tool that nobody knows, or cannot do without one that is not there."""
        known = [*self._tools, *OPTIONAL, DECLARED]
        for name in action.tools:
            if name not in known:
                hint = nearest(name, known) or f" The tools are {', '.join(known)}."
                raise TemplateError(f"tools: there is no tool `{name}`.{hint}", file=file or f"{action.id}.yaml")
            if "tools" not in action.fields and name in self.off:
                raise TemplateError(f"tools: `{name}` is not there. {self.off[name]}", file=file or f"{action.id}.yaml")

    def refuse_off(self, names: list[str]) -> None:
        """``InvalidInput`` when a form names a tool that is known and not there."""
        if missing := [name for name in names if name not in self._tools]:
            label = OPTIONAL.get(missing[0], missing[0])
            words = f'"Tools": {label} ({missing[0]}) is not switched on in this service. Leave it out, or ask the operator for it.'
            raise InvalidInput([FieldError("tools", "not_available", words)])


def make_toolbox(settings: Settings) -> Toolbox:
    """The tools that ``settings`` come to; ``SettingsError`` or ``TemplateError`` for what is not right."""
    outbound = Outbound(parse_allowed(settings.allow_hosts))
    found, off = dict(TOOLS), {}
    if settings.python == "off":
        off["python"] = "Set FORMCALL_PYTHON to monty or bwrap."
    elif lacks := SANDBOXES[settings.python].lacks():
        raise SettingsError(lacks)
    else:
        found["python"] = python_tool(settings.python)
    if lacks := fetch_page.lacks():
        off["fetch_page"] = lacks
    else:
        found["fetch_page"] = fetch_page.fetch_page_tool(*fetch_page.pages_of(settings.fetch_allow, settings.fetch_deny))
    if settings.search_url:
        found["web_search"] = web_search.web_search_tool(settings.search_url, outbound)
    else:
        off["web_search"] = "Set FORMCALL_SEARCH_URL to a search service that speaks as SearXNG does."
    for declared in declared_tools(settings.tools, taken=[*TOOLS, *OPTIONAL, DECLARED]):
        found[declared.name] = http_tool(_with_secret(declared, settings), outbound, settings.tool_secrets)
    return Toolbox(found, off)


def declared_tools(folder: Path | None, *, taken: list[str]) -> list[HttpTool]:
    """What is declared in ``folder``, a tool a file; ``TemplateError``."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise TemplateError("this folder of tools does not exist.", file=str(folder))
    found = [read_tool_file(path) for path in sorted(folder.glob("*.yaml"))]
    if again := [one.name for one in found if one.name in taken]:
        file = str(folder / f"{again[0]}.yaml")
        raise TemplateError(f"`{again[0]}` is a tool that Formcall has already; choose another name.", file=file)
    return found


def _with_secret(declared: HttpTool, settings: Settings) -> HttpTool:
    if declared.secret and declared.secret.name not in settings.tool_secrets:
        raise SettingsError(f"The tool {declared.name} needs the secret FORMCALL_SECRET_{declared.secret.name}, which is not set.")
    return declared
