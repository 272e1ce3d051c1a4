"""The functions that end the runs of an engine."""

from __future__ import annotations

from connector.catalogue import Action, answer_function
from connector.catalogue.function import function_source
from connector.json_types import Json
from connector.providers.base import Function

_MAX_KEPT = 256
_MAX_SOURCE = 8_000  # characters of a form's choices and fields whose function is kept


class AnswerFunctions:
    """Builds the function of each form, or returns the one of an earlier form with equal choices.

    A tool sends the same choices with each text, and building, checking and counting their function
    takes as long as reading the form. Thread-safe: at worst a function is built twice.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], tuple[Action, Function]] = {}

    def of(self, action: Action, form: Json) -> Function:
        """``InvalidInput`` if the caller's fields or choices exceed what providers accept."""
        source = function_source(action, form)
        key = (id(action), source)
        action_and_function = self._kept.get(key)
        if action_and_function and action_and_function[0] is action:
            return action_and_function[1]
        function = Function(*answer_function(action, form))
        if len(source) <= _MAX_SOURCE:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            self._kept[key] = (action, function)
        return function
