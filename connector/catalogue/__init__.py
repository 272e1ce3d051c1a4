"""What an action is: its file, its form, its prompts, its strict function and its checks. Knows no HTTP and no vendor."""

from connector.catalogue.action import Action, Example
from connector.catalogue.catalogue import Catalogue, action_files, load_catalogue, read_file
from connector.catalogue.fields import TYPES, Field, Return
from connector.catalogue.fills import FILLS
from connector.catalogue.function import answer_function, lone_record
from connector.catalogue.options import OPTIONS, RunOptions, take_options
from connector.catalogue.reader import read_action, read_action_file
from connector.catalogue.reply import Checked, check_arguments, read_arguments
from connector.catalogue.values import Choice, Fault

__all__ = [
    "FILLS",
    "OPTIONS",
    "TYPES",
    "Action",
    "Catalogue",
    "Checked",
    "Choice",
    "Example",
    "Fault",
    "Field",
    "Return",
    "RunOptions",
    "action_files",
    "answer_function",
    "check_arguments",
    "load_catalogue",
    "lone_record",
    "read_action",
    "read_action_file",
    "read_arguments",
    "read_file",
    "take_options",
]
