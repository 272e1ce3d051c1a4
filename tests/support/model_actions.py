"""The prebuilt actions that ask a model; the server computes the answers of the others itself."""

from __future__ import annotations

from connector.catalogue import Action, load_catalogue

MODEL_ACTIONS: dict[str, Action] = {
    action.id: action for action in load_catalogue().values() if not action.computed
}
