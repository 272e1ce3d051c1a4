"""The tools that a model may call. None is allowed unless both the form and the key name it.

``base.py`` defines what a tool is, ``toolbox.py`` which tools a service has. Each other module is
one tool, or one kind of tool.
"""

from connector.tools.base import Tool, ToolContext, ToolError, ToolResult, tool
from connector.tools.toolbox import OPTIONAL, TOOLS, Toolbox, build_toolbox

__all__ = [
    "OPTIONAL",
    "TOOLS",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolResult",
    "Toolbox",
    "build_toolbox",
    "tool",
]
