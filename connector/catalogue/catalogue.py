"""The catalogue: all actions of a service, read from the prebuilt folder and the operator's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connector.catalogue.action import Action
from connector.catalogue.reader import read_action_file
from connector.catalogue.values import suggestion
from connector.errors import FormcallError, TemplateError

_PACKAGE = Path(__file__).resolve().parent.parent
MAX_FILE_BYTES = 200_000


def prebuilt_folder() -> Path:
    """The prebuilt actions' folder: inside the installed package, or beside it in a checkout."""
    candidates = (_PACKAGE / "templates", _PACKAGE.parent / "templates")
    return next(folder for folder in candidates if folder.is_dir())


class Catalogue(Mapping[str, Action]):
    """Actions by id, sorted by id."""

    def __init__(self, actions: Sequence[Action]) -> None:
        in_order = sorted(actions, key=lambda action: action.id)
        self._actions = {action.id: action for action in in_order}

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def find(self, action_id: str) -> Action:
        """The action called ``action_id``; ``FormcallError`` (unknown_action) suggests another."""
        if action_id in self._actions:
            return self._actions[action_id]
        hint = suggestion(action_id, self._actions) or f" There are: {', '.join(self._actions)}."
        raise FormcallError(
            "unknown_action", f'There is no action called "{action_id[:60]}".{hint}'
        )


def action_files(extra: Path | None = None) -> list[Path]:
    """The files of all actions; ``extra`` is the operator's own folder."""
    if extra is not None and not extra.is_dir():
        raise TemplateError("this folder of actions does not exist.", file=str(extra))
    folders = [prebuilt_folder(), *([extra] if extra else [])]
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def read_file(path: Path) -> Action:
    """The action in one file; its name without ``.yaml`` is the action's id."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise TemplateError(f"the file has more than {MAX_FILE_BYTES:,} bytes.", file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TemplateError("the file is not UTF-8 text.", file=str(path)) from None
    return read_action_file(path.stem, text, file=str(path))


def load_catalogue(extra: Path | None = None) -> Catalogue:
    """Every action, validated; ``TemplateError`` for the first invalid file."""
    paths: dict[str, Path] = {}
    actions = []
    for path in action_files(extra):
        if other := paths.get(path.stem):
            raise TemplateError(
                f"there is an action `{path.stem}` already, in {other}.", file=str(path)
            )
        paths[path.stem] = path
        actions.append(read_file(path))
    return Catalogue(actions)
