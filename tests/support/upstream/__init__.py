"""A small OpenAI-compatible server for tests and benchmarks, which refuses what the real one
refuses.

General mock servers accept any body, so a green run against them says nothing about the requests we
send. This one checks each request first (`rules`), and answers (`replies`) or misbehaves (`script`)
only after that.

    with FakeUpstream([fault("rate_limit", retry_after=1), function_call("classify", {"category":
    "billing"})]) as up: client = OpenAI(base_url=up.base_url, api_key="any")

Steps may wait (`slow`, `gated`), say what they cost (`billed`) and come in pieces (`flowing`);
batches and files are there as well (`batches`), and `python -m tests.support.upstream` runs it as a
process of its own, for loads.
"""

from tests.support.upstream.load import Chance, Log, read_log
from tests.support.upstream.models import MODELS, ModelRow
from tests.support.upstream.replies import (
    automatic,
    forced_call,
    function_call,
    function_calls,
    incomplete,
    refusal,
    text,
)
from tests.support.upstream.script import FAULTS, Script, billed, fault, gated, slow
from tests.support.upstream.server import FakeUpstream
from tests.support.upstream.streams import flowing
from tests.support.upstream.wire import Reply, Request, Step, Usage, dearest, json_reply

__all__ = [
    "FAULTS",
    "MODELS",
    "Chance",
    "FakeUpstream",
    "Log",
    "ModelRow",
    "Reply",
    "Request",
    "Script",
    "Step",
    "Usage",
    "automatic",
    "billed",
    "dearest",
    "fault",
    "flowing",
    "forced_call",
    "function_call",
    "function_calls",
    "gated",
    "incomplete",
    "json_reply",
    "read_log",
    "refusal",
    "slow",
    "text",
]
