"""Shared by the tests of retool/: the built component library, catalogues with additional actions,
and samples."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.catalogue import Action, Catalogue, load_catalogue, read_file
from connector.json_types import Json
from connector.publish import platforms, retool
from connector.publish.retool.components import component_names, state_names
from connector.publish.retool.widgets import WIDGETS
from tests.support.node_tools import node_in
from tests.support.running_service import clean_environment
from tests.support.samples import ROOT

PACKAGES = ROOT / "tests" / "platforms" / "retool"
MODULES = PACKAGES / "node_modules"
# a field of every type, and texts that are hard to quote
ODD_ACTION = r"""
title: Odd "job" of O'Neil
summary: Has a field of every type, a \ and "both" kinds of 'quotes'.
group: odd
fields:
  request:
    type: longtext
    label: Request
    help: 'Line one, with a \ and "both" kinds of ''quotes''.'
    required: true
    max: 4000
  note: {type: text, label: Note, default: none}
  share: {type: number, label: Share, min: 0.5, max: 2.5, default: 1.5}
  count: {type: integer, label: Count, min: 1, max: 9}
  loud: {type: boolean, label: Loud}
  tone: {type: choice, label: Tone, choices: {warm: Warm, very_cool: Very cool}, default: warm}
  mood: {type: choice, label: Mood, choices: {unset: Unset, good: Good}}
  kinds: {type: list, label: Kinds, choices: {kind_1: One, kind1: Two}}
  names: {type: options, label: Names, default: "a: first\nb"}
  parts: {type: shape, label: Parts, required: true}
returns:
  facts: {type: record, shape_from: parts}
  text_back: {type: text, nullable: true}
  words: {type: integer, fill: {words: text_back}}
instructions: Do it.
message: "{{ request }}"
examples:
  - name: One
    input:
      {request: "3", note: n, share: "0.75", count: "2", loud: "yes", tone: very_cool,
       mood: unset, kinds: [kind_1], names: [{name: a, description: b}], parts: ["total money"]}
    output: {facts: {total: 1, total_currency: EUR}, text_back: a b}
"""


def odd_folder(folder: Path) -> Path:
    """``folder`` with an operator's own action in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "odd_job.yaml").write_text(ODD_ACTION, encoding="utf-8")
    return folder


def odd_catalogue(folder: Path) -> Catalogue:
    return Catalogue([*load_catalogue().values(), read_file(odd_folder(folder) / "odd_job.yaml")])


@dataclass(frozen=True)
class Library:
    """A component library as it was generated and built by Retool's own command."""

    catalogue: Catalogue
    folder: Path

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def manifest(self) -> Json:
        found: Json = json.loads((self.dist / "retool-custom-component-manifest.json").read_text())
        return found


def write_library(catalogue: Catalogue, folder: Path) -> Library:
    """The generated library in ``folder``, with the packages of the tests."""
    node_in(PACKAGES)
    platforms.write_files(retool.build(catalogue), folder)
    library = Library(catalogue, folder / "retool" / "components")
    (library.folder / "node_modules").symlink_to(MODULES)
    return library


def tool(
    name: str, *words: str, folder: Path, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """A command of the packages, run by node in ``folder``."""
    command = [node_in(PACKAGES), str((MODULES / ".bin" / name).resolve()), *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def script(name: str, arguments: Json, *, seconds: float = 170) -> list[Json]:
    """What a script of tests/platforms/retool prints: one JSON value a line."""
    command = [node_in(PACKAGES), str(PACKAGES / name), json.dumps(arguments)]
    done = subprocess.run(
        command,
        cwd=PACKAGES,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def form_of(action: Action, catalogue: Catalogue) -> Json:
    """The form of an action as the scripts know it."""
    fields = [
        {
            "name": name,
            "state": state_names(action)[name],
            "label": entry.label,
            "box": WIDGETS[entry.type].box(entry),
            "choices": {choice.value: choice.label for choice in entry.choices},
        }
        for name, entry in action.fields.items()
    ]
    return {"name": component_names(catalogue)[action.id], "action": action.id, "fields": fields}


def typed_sample(action: Action) -> Json:
    """An action's first example as a person types it into boxes: lines for lists, texts for the
    rest."""
    return {
        name: _typed(value, bool(action.fields[name].choices))
        for name, value in action.examples[0].input.items()
    }


def _typed(value: Any, is_chosen: bool) -> Any:
    if is_chosen or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return "\n".join(
            one if isinstance(one, str) else f"{one['name']}: {one['description']}" for one in value
        )
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else str(value)


def copy_of(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target, symlinks=True)
    return target
