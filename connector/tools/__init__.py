"""The tools a model may be allowed to call. Nothing is allowed unless the form and the key name it.

``base.py`` says what a tool is, ``toolbox.py`` which ones a service has; the others are one tool, or one kind of tool, a file.
"""

from connector.tools.base import Result, Tool, ToolContext, ToolError, tool
from connector.tools.toolbox import OPTIONAL, TOOLS, Toolbox, make_toolbox

__all__ = ["OPTIONAL", "TOOLS", "Result", "Tool", "ToolContext", "ToolError", "Toolbox", "make_toolbox", "tool"]
