"""Answers that the server computes, whichever engine is set: no model reads or words them.

A template says so with ``computed: true``. Nothing of the form leaves the machine, and it is free.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from connector.errors import ProviderError
from connector.providers.base import NO_METHOD, Call, ModelRequest, Reply, Usage

MODEL = "rules"

# an answer of the action, and warnings, from the form's values
ComputedMethod = Callable[[Mapping[str, Any]], tuple[dict[str, Any], tuple[str, ...]]]

# the module of each method, imported when it is first used; it has a function ``answer``
_NAMES = (
    *("redact", "restore", "normalize", "compare", "match_records", "detect_language"),
    *("keywords", "report"),
)
COMPUTED_METHODS = {name: f"connector.providers.local.methods.{name}" for name in _NAMES}


class ComputedProvider:
    """Answers by the action's own method. Thread-safe; it needs no key, package or network."""

    engine = "local"

    def respond(self, request: ModelRequest) -> Reply:
        """The call of the answering function; ``ProviderError`` (needs_model) without a method."""
        name = COMPUTED_METHODS.get(request.method or "")
        if name is None:
            raise ProviderError("needs_model", NO_METHOD.format(request.action))
        method: ComputedMethod = import_module(name).answer
        values, warnings = method(request.values)
        function = request.force or request.functions[-1].name
        call = Call("computed_1", function, json.dumps(values, ensure_ascii=True))
        return Reply(
            model=MODEL, calls=(call,), usage=Usage(), confidence_kind="none", warnings=warnings
        )
