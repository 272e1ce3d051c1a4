"""The actions: what each takes and gives, its examples, and its source, which is a file."""

from __future__ import annotations

from flask import Response

from connector.catalogue import Action
from connector.catalogue.catalogue import action_files, prebuilt_folder
from connector.web.console.home import grouped_actions
from connector.web.console.page import ConsolePage
from connector.web.services import services

actions = ConsolePage("Actions", "/actions", icon="actions")


@actions.get()
def show_actions() -> Response:
    """All actions."""
    own = {
        path.stem
        for path in action_files(services().settings.templates)
        if path.parent != prebuilt_folder()
    }
    return actions.render("actions.html", groups=grouped_actions(), own=own)


@actions.get("/<action_id>/source")
def show_source(action_id: str) -> Response:
    """One action as it is written."""
    action = services().catalogue.find(action_id)
    return actions.render("action_source.html", action=action, source=_source(action))


def _source(action: Action) -> str:
    """The text of the file of an action."""
    files = action_files(services().settings.templates)
    path = next((path for path in files if path.stem == action.id), None)
    return path.read_text(encoding="utf-8") if path else ""
