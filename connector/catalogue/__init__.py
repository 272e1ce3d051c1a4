"""Actions: their files, forms, prompts, strict functions and checks.

Independent of HTTP and of any vendor. A module is imported when one of its names is used first: the
process that decodes a file needs few of them, and is started for each file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.catalogue.action import Action, Example
    from connector.catalogue.catalogue import Catalogue, action_files, load_catalogue, read_file
    from connector.catalogue.derived_rules import DERIVED_RULES
    from connector.catalogue.fields import TYPES, Field, ReturnField
    from connector.catalogue.function import answer_function, sole_record
    from connector.catalogue.options import OPTIONS, RunOptions, split_options
    from connector.catalogue.reader import read_action, read_action_file
    from connector.catalogue.reply import CheckedReply, check_arguments, parse_arguments
    from connector.catalogue.values import Choice, InvalidValue

__all__ = [
    "DERIVED_RULES",
    "OPTIONS",
    "TYPES",
    "Action",
    "Catalogue",
    "CheckedReply",
    "Choice",
    "Example",
    "Field",
    "InvalidValue",
    "ReturnField",
    "RunOptions",
    "action_files",
    "answer_function",
    "check_arguments",
    "load_catalogue",
    "parse_arguments",
    "read_action",
    "read_action_file",
    "read_file",
    "sole_record",
    "split_options",
]

_MODULES = {
    "action": ("Action", "Example"),
    "catalogue": ("Catalogue", "action_files", "load_catalogue", "read_file"),
    "derived_rules": ("DERIVED_RULES",),
    "fields": ("TYPES", "Field", "ReturnField"),
    "function": ("answer_function", "sole_record"),
    "options": ("OPTIONS", "RunOptions", "split_options"),
    "reader": ("read_action", "read_action_file"),
    "reply": ("CheckedReply", "check_arguments", "parse_arguments"),
    "values": ("Choice", "InvalidValue"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value
