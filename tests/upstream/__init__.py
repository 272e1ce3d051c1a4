"""A small OpenAI-compatible server for tests and benchmarks, which refuses what the real one refuses.

General mock servers accept any body, so a green run against them says nothing about the requests we send. This one
checks each request first (`rules`), and answers (`replies`) or misbehaves (`script`) only after that.

    with FakeUpstream([fault("rate_limit", retry_after=1), function_call("classify", {"category": "billing"})]) as up:
        client = OpenAI(base_url=up.base_url, api_key="any")
"""

from .models import MODELS, ModelRow
from .replies import forced_call, function_call, function_calls, incomplete, refusal, text
from .script import FAULTS, Script, fault
from .server import FakeUpstream
from .wire import Reply, Request, Step, json_reply

__all__ = [
    "FAULTS",
    "MODELS",
    "FakeUpstream",
    "ModelRow",
    "Reply",
    "Request",
    "Script",
    "Step",
    "fault",
    "forced_call",
    "function_call",
    "function_calls",
    "incomplete",
    "json_reply",
    "refusal",
    "text",
]
