"""What other tools read of Formcall, built from the catalogue alone: the same catalogue gives the same bytes.

    build_all(catalogue) -> {path: bytes}      write(files, root)      stale(files, root) -> sentences

A platform is one function ``(catalogue, *, public_url="") -> {path: bytes}`` with a row in ``PLATFORMS``; ``public_url`` is where the
service is reached, "" for this machine. It may take more by name, such as ``resource_uuid``, each with "" as its default. One that
goes on with a file of an earlier build takes its bytes as ``kept``, and has a row in ``KEPT`` too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from connector.catalogue import Catalogue
from connector.publish import bubble, curl, gpt, n8n, openapi, postman, power_automate, retool, zapier
from connector.publish.action_schema import build_action_schema
from connector.publish.errors_page import build_errors_page

Files = dict[str, bytes]


Platform = Callable[..., Files]


def _openapi(catalogue: Catalogue, *, public_url: str = "") -> Files:
    return {**openapi.build(catalogue, public_url=public_url), "openapi/action.schema.json": build_action_schema()}


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
KEPT = {"bubble": bubble.LOCK}  # the file that a platform goes on with


def build_all(
    catalogue: Catalogue, *, platforms: Iterable[str] | None = None, kept: Mapping[str, bytes] | None = None, **more: Any
) -> Files:
    """The files of ``platforms`` (all of them by default) by their paths below the project's folder, with ``/``.

    ``kept`` are the files of an earlier build that are gone on with; see ``read_kept``. ``more`` is what platforms take by name, such as
    ``public_url``; one that does not know a name is not given it.
    """
    files: Files = {}
    for name in PLATFORMS if platforms is None else platforms:
        build = PLATFORMS[name]
        given = {**more, "kept": (kept or {}).get(KEPT.get(name, ""), b"")}
        files.update(build(catalogue, **{key: value for key, value in given.items() if key in signature(build).parameters}))
    return files


def read_kept(root: Path) -> Files:
    """The files below ``root`` that a build goes on with, as far as they are there."""
    return {path: (root / path).read_bytes() for path in KEPT.values() if (root / path).is_file()}


def stale(files: Mapping[str, bytes], root: Path) -> list[str]:
    """A sentence for each of ``files`` that is missing below ``root`` or has other bytes there."""
    problems = ((path, _problem(root / path, body)) for path, body in files.items())
    return [f"{path} {problem}; write it with `formcall build`." for path, problem in problems if problem]


def write(files: Mapping[str, bytes], root: Path) -> None:
    """Write ``files`` below ``root``, making folders where they are missing."""
    for path, body in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)


def _problem(path: Path, body: bytes) -> str:
    if not path.is_file():
        return "is missing"
    return "" if path.read_bytes() == body else "does not say what the actions say"
