"""The catalogue: all actions of this service, read from the folder of prebuilt ones and from the operator's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connector.catalogue.action import Action
from connector.catalogue.reader import read_action_file
from connector.catalogue.values import nearest
from connector.errors import FormcallError, TemplateError

_HERE = Path(__file__).resolve().parent.parent
MAX_FILE = 200_000


def prebuilt_folder() -> Path:
    """Where the prebuilt actions lie: inside the installed package, or beside it in a checkout."""
    return next(folder for folder in (_HERE / "templates", _HERE.parent / "templates") if folder.is_dir())


class Catalogue(Mapping[str, Action]):
    """Actions by id, in the order of their ids."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self._actions = {action.id: action for action in sorted(actions, key=lambda action: action.id)}

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def find(self, action_id: str) -> Action:
        """The action called ``action_id``; ``FormcallError`` (unknown_action) names the nearest one."""
        if action_id in self._actions:
            return self._actions[action_id]
        hint = nearest(action_id, self._actions) or f" There are: {', '.join(self._actions)}."
        raise FormcallError("unknown_action", f'There is no action called "{action_id[:60]}".{hint}')


def action_files(extra: Path | None = None) -> list[Path]:
    """The files of all actions; ``extra`` is the operator's own folder."""
    if extra is not None and not extra.is_dir():
        raise TemplateError("this folder of actions does not exist.", file=str(extra))
    return [path for folder in (prebuilt_folder(), extra) if folder for path in sorted(folder.glob("*.yaml"))]


def read_file(path: Path) -> Action:
    """The action in one file; its name without ``.yaml`` is the action's id."""
    if path.stat().st_size > MAX_FILE:
        raise TemplateError(f"the file has more than {MAX_FILE:,} bytes.", file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TemplateError("the file is not UTF-8 text.", file=str(path)) from None
    return read_action_file(path.stem, text, file=str(path))


def load_catalogue(extra: Path | None = None) -> Catalogue:
    """Every action, checked; ``TemplateError`` for the first file that is not right."""
    found: dict[str, Path] = {}
    actions = []
    for path in action_files(extra):
        if path.stem in found:
            raise TemplateError(f"there is an action `{path.stem}` already, in {found[path.stem]}.", file=str(path))
        found[path.stem] = path
        actions.append(read_file(path))
    return Catalogue(actions)
