"""Builds the files of every platform.

    build_all(catalogue) -> {path: bytes}
    write_files(files, root)
    outdated_files(files, root) -> messages

A platform is one function ``(catalogue, *, public_url="") -> {path: bytes}`` with a row in
``PLATFORMS``; ``public_url`` is the URL of the service, "" for this machine. It may take more
options by name, such as ``resource_uuid``, each with "" as its default. One that continues a file
of the previous build takes its bytes as ``previous_build``, and has a row in
``PREVIOUS_BUILD_FILES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from connector.catalogue import Catalogue
from connector.publish import (
    bubble,
    curl,
    gpt,
    n8n,
    openapi,
    postman,
    power_automate,
    retool,
    zapier,
)
from connector.publish.action_schema import build_action_schema
from connector.publish.errors_page import build_errors_page

Files = dict[str, bytes]
Platform = Callable[..., Files]


def _openapi(catalogue: Catalogue, *, public_url: str = "") -> Files:
    return {
        **openapi.build(catalogue, public_url=public_url),
        "openapi/action.schema.json": build_action_schema(),
    }


def _docs(catalogue: Catalogue, *, public_url: str = "") -> Files:
    return {"docs/errors.md": build_errors_page()}


PLATFORMS: dict[str, Platform] = {
    "openapi": _openapi,
    "docs": _docs,
    "retool": retool.build,
    "bubble": bubble.build,
    "zapier": zapier.build,
    "n8n": n8n.build,
    "power-automate": power_automate.build,
    "gpt": gpt.build,
    "postman": postman.build,
    "curl": curl.build,
}
PREVIOUS_BUILD_FILES = {"bubble": bubble.LOCK}  # the file of its previous build that it continues


def build_all(
    catalogue: Catalogue,
    *,
    platforms: Iterable[str] | None = None,
    previous_build: Mapping[str, bytes] | None = None,
    **options: Any,
) -> Files:
    """The files of ``platforms`` (default: all) by their path in the project, separated by ``/``.

    ``previous_build`` is the result of ``read_previous_build``. ``options`` are passed by name,
    such as ``public_url``, to the platforms that have a parameter of that name.
    """
    files: Files = {}
    for name in PLATFORMS if platforms is None else platforms:
        build = PLATFORMS[name]
        previous = (previous_build or {}).get(PREVIOUS_BUILD_FILES.get(name, ""), b"")
        arguments = {**options, "previous_build": previous}
        accepted = signature(build).parameters
        files.update(
            build(catalogue, **{key: arguments[key] for key in arguments if key in accepted})
        )
    return files


# each file in them is generated
_GENERATED_FOLDERS = ("bubble/plugin/actions", "retool/functions", "retool/components/src/actions")


def read_previous_build(root: Path) -> Files:
    """The files below ``root`` that a build continues, where they exist."""
    paths = PREVIOUS_BUILD_FILES.values()
    return {path: (root / path).read_bytes() for path in paths if (root / path).is_file()}


def outdated_files(files: Mapping[str, bytes], root: Path) -> list[str]:
    """A message for each of ``files`` that is missing below ``root`` or has other content, and for
    each file that an earlier build has left in a folder of generated files."""
    problems = ((path, _problem(root / path, content)) for path, content in files.items())
    outdated = [
        f"{path} {problem}; write it with `formcall build`."
        for path, problem in problems
        if problem
    ]
    return outdated + [
        f"{path} is not generated any more; delete it." for path in _leftovers(files, root)
    ]


def _leftovers(files: Mapping[str, bytes], root: Path) -> list[str]:
    """Files of actions that are gone or had another id, which a plug-in would offer as well."""
    found = []
    for folder in _GENERATED_FOLDERS:
        if any(path.startswith(f"{folder}/") for path in files):
            present = (path for path in (root / folder).rglob("*") if path.is_file())
            found += [path.relative_to(root).as_posix() for path in present]
    return sorted(set(found) - set(files))


def write_files(files: Mapping[str, bytes], root: Path) -> None:
    """Write ``files`` below ``root``, creating missing folders."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _problem(path: Path, content: bytes) -> str:
    if not path.is_file():
        return "is missing"
    return "" if path.read_bytes() == content else "does not match the actions"
