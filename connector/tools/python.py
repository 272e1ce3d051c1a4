"""Runs a piece of Python that the model wrote, in a sandbox; off unless the operator switches it on."""

from __future__ import annotations

from connector.tools.base import Parameter, Result, Tool, ToolContext, ToolError
from connector.tools.sandboxes import SANDBOXES, SECONDS, Sandbox

TITLE = "Python"
_LONGEST = 20_000


def python_tool(kind: str) -> Tool:
    """The tool over the sandbox called ``kind``."""
    sandbox = SANDBOXES[kind]
    described = f"Runs Python for exact work. Only what you print() comes back: print the result last. No network. {sandbox.dialect}"
    code = Parameter({"type": "string", "description": "the whole program"}, (str,))

    def run(code: str, context: ToolContext) -> Result:
        return _result(sandbox, code, context.seconds)

    return Tool("python", described, {"code": code}, run, True, seconds=SECONDS + 4, title=TITLE, reaches=True)


def _result(sandbox: Sandbox, code: str, seconds: float) -> Result:
    if len(code) > _LONGEST:
        raise ToolError(f"the code is longer than {_LONGEST:,} characters")
    ran = sandbox.run(code, seconds)
    if ran.failed:
        raise ToolError(f"{ran.failed.rstrip('.')}{f'; before that it printed: {ran.printed}' if ran.printed else ''}")
    if not ran.printed.strip():
        raise ToolError("nothing was printed; print() the result")
    return Result(ran.printed, ran.printed.strip().rpartition("\n")[2].strip())
