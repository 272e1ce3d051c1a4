"""The tools a model may be allowed to call, one a file. Nothing is allowed unless the form names it."""

from connector.tools.base import Tool, ToolContext, ToolError, tool
from connector.tools.calculate import calculate
from connector.tools.dates import dates
from connector.tools.search_context import search_context

TOOLS: dict[str, Tool] = {one.name: one for one in (calculate, dates, search_context)}

__all__ = ["TOOLS", "Tool", "ToolContext", "ToolError", "tool"]
