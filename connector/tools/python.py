"""Runs Python code that the model wrote, in a sandbox; off unless the operator enables it."""

from __future__ import annotations

from connector.tools.base import Tool, ToolContext, ToolError, ToolParameter, ToolResult
from connector.tools.sandboxes import SANDBOXES, SECONDS, Sandbox

TITLE = "Python"
_MAX_CODE = 20_000  # characters
_MARGIN_SECONDS = 4.0  # so that the sandbox itself reports its time-out


def python_tool(kind: str) -> Tool:
    """The tool that uses the sandbox called ``kind``."""
    sandbox = SANDBOXES[kind]
    code = ToolParameter({"type": "string", "description": "the whole program"}, (str,))

    def run(code: str, context: ToolContext) -> ToolResult:
        return _run(sandbox, code, context.seconds)

    return Tool(
        name="python",
        description=(
            "Runs Python for exact work. Only what you print() comes back: print the result "
            f"last. No network. {sandbox.dialect}"
        ),
        arguments={"code": code},
        run=run,
        takes_context=True,
        seconds=SECONDS + _MARGIN_SECONDS,
        title=TITLE,
        needs_permission=True,
    )


def _run(sandbox: Sandbox, code: str, seconds: float) -> ToolResult:
    if len(code) > _MAX_CODE:
        raise ToolError(f"the code is longer than {_MAX_CODE:,} characters")
    result = sandbox.run(code, seconds)
    if result.error:
        message = result.error.rstrip(".")
        if result.printed:
            message += f"; before that it printed: {result.printed}"
        raise ToolError(message)
    if not result.printed.strip():
        raise ToolError("nothing was printed; print() the result")
    last_line = result.printed.strip().rpartition("\n")[2].strip()
    return ToolResult(result.printed, last_line)
