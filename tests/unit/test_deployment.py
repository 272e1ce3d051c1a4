"""The image, the compose file and the public checks keep what SECURITY.md says of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.support.samples import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
WORKFLOW = (ROOT / ".github" / "workflows" / "supply-chain.yml").read_text(encoding="utf-8")


@pytest.mark.attack(
    "A package or a base image is exchanged on its way into the image",
    "every package is checked by its hash, nothing else is downloaded; CI pins the base by digest",
)
def test_the_image_is_built_from_hashes() -> None:
    installs = re.findall(r"pip install ([^\n]*)", DOCKERFILE)
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(installs[1].split())
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.M) == ["${PYTHON_IMAGE}"] * 2
    assert "python:3.11-slim@$digest" in WORKFLOW
    lock = (ROOT / "requirements-image.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^([a-z0-9._-]+)==\S+ \\$", lock, re.M)
    assert {"flask", "gunicorn", "psycopg", "psycopg-binary", "redis", "hatchling"} <= set(packages)
    assert len(re.findall(r"^[a-z0-9._-]+==", lock, re.M)) == len(packages)
    assert "://" not in lock


@pytest.mark.attack(
    "Code that breaks out of a process of the container",
    "no root, read-only root, no capabilities, no new privileges, limits on memory and processes",
)
@pytest.mark.parametrize("name", COMPOSE["services"])
def test_each_service_is_confined(name: str) -> None:
    service: dict[str, Any] = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["pids_limit"]
    assert "healthcheck" in service
    assert not service.get("privileged")
    if service["image"] == "formcall":
        assert "cap_add" not in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_image_is_not_root_and_says_whether_it_is_well() -> None:
    assert re.search(r"^USER 10001$", DOCKERFILE, re.M)
    assert re.search(r"^HEALTHCHECK ", DOCKERFILE, re.M)


def test_the_public_checks_list_and_audit_every_part() -> None:
    for command in ("pip-audit", "npm audit", "cyclonedx-py"):
        assert command in WORKFLOW
    assert {job["runs-on"] for job in yaml.safe_load(WORKFLOW)["jobs"].values()} == {"ubuntu-24.04"}
    bot = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    ecosystems = {update["package-ecosystem"] for update in bot["updates"]}
    assert ecosystems == {"pip", "github-actions", "docker"}
