"""Files by which others run a site: what reads them finds no fault, and they name real settings."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import compose_spec
import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.config.test_settings import names_shown

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
NEWEST = kubernetes_validate.latest_version()

# Names that other programs read.
FOREIGN = {
    "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_NO_CACHE_DIR", "NUMBA_CACHE_DIR", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD",
    "SITE_HOST",
}  # fmt: skip

SCALED_OBJECT = {  # of KEDA's definition, what is used here
    "type": "object",
    "required": ["scaleTargetRef", "triggers"],
    "additionalProperties": False,
    "properties": {
        "scaleTargetRef": {"type": "object", "required": ["name"]},
        "minReplicaCount": {"type": "integer", "minimum": 0},
        "maxReplicaCount": {"type": "integer", "minimum": 1},
        "pollingInterval": {"type": "integer"},
        "cooldownPeriod": {"type": "integer"},
        "fallback": {"type": "object", "required": ["failureThreshold", "replicas"]},
        "advanced": {"type": "object"},
        "triggers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "metadata"],
                "properties": {
                    "type": {"const": "prometheus"},
                    "metricType": {"enum": ["AverageValue", "Value"]},
                    "metadata": {
                        "type": "object",
                        "required": ["serverAddress", "query", "threshold"],
                        "additionalProperties": {"type": "string"},
                    },
                },
            },
        },
    },
}


def manifests() -> list[dict[str, Any]]:
    files = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    return [
        manifest
        for file in files
        for manifest in yaml.safe_load_all((DEPLOY / "kubernetes" / file).read_text())
    ]


def named(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def pods() -> dict[str, dict[str, Any]]:
    """Return the pod of each kind of thing that makes some."""
    found = {}
    for manifest in manifests():
        spec = manifest.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[named(manifest)] = spec["template"]["spec"]
    return found


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    return read


def refusal(*command: str | Path, **environment: str) -> str:
    ran = subprocess.run(
        command,
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr if ran.returncode else ""


def test_the_image_is_built_by_the_rules():
    assert refusal(BIN / "hadolint", DEPLOY / "Containerfile") == ""


def test_the_linter_of_images_would_tell(tmp_path):
    (tmp_path / "Containerfile").write_text("FROM python:latest\nRUN cd /x && apt-get install y\n")
    assert "DL3007" in refusal(BIN / "hadolint", tmp_path / "Containerfile")


def test_the_image_is_of_files_that_there_are_and_of_no_secret():
    kept = (DEPLOY / "Containerfile.dockerignore").read_text().split("\n")
    assert kept[1] == "*"
    wanted = [line[1:] for line in kept if line.startswith("!")]
    assert [one for one in wanted if one != "locale" and not (ROOT / one).exists()] == []
    assert not {"tests", "var", ".env", ".git"} & set(wanted)
    assert re.search(r"^USER 10001", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)


def test_the_proxy_reads_its_file():
    caddy: list[str | Path] = [BIN / "caddy", "validate", "--adapter", "caddyfile", "--config"]
    file = DEPLOY / "compose" / "Caddyfile"
    assert refusal(*caddy, file, SITE_HOST="lacquer.example") == ""
    assert refusal(BIN / "caddy", "fmt", "--diff", file) == ""


def checked(composed: dict[str, Any]) -> compose_spec.PyCompose:
    """Read it as compose does, which puts the variables in first."""
    text = re.sub(r"\$\{\w+:\?\}", "put-in.example", json.dumps(composed))
    read = compose_spec.PyCompose.from_json(text)
    read.validate()
    return read


def test_a_misspelt_service_would_be_told():
    composed = compose()
    composed["services"]["web"]["imagee"] = "x"
    with pytest.raises(ValueError, match="imagee"):
        checked(composed)


def test_the_compose_file_is_one():
    assert "web" in checked(compose()).service_names()
    services = compose()["services"]
    assert {"proxy", "web", "workers", "migrate", "database", "queue", "files"} <= set(services)
    for name, service in services.items():
        assert re.search(r":\d", service["image"]) or service["image"] == "lacquer", name
        published = service.get("ports", [])
        assert not published or name == "proxy", f"{name} is open to everyone"
        for other in service.get("depends_on", {}):
            assert other in services


@pytest.mark.parametrize("manifest", manifests(), ids=named)
def test_kubernetes_takes_each_manifest(manifest):
    if manifest["kind"] == "ScaledObject":
        jsonschema.validate(manifest["spec"], SCALED_OBJECT)
    else:
        kubernetes_validate.validate(manifest, NEWEST, strict=True)


def test_a_misspelt_manifest_would_be_told():
    manifest = next(one for one in manifests() if one["kind"] == "Deployment")
    manifest["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, NEWEST, strict=True)


@pytest.mark.parametrize(("name", "pod"), pods().items(), ids=list(pods()))
def test_every_pod_is_shut_in_and_writes_only_where_it_may(name, pod):
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        closed = container["securityContext"]
        assert closed["readOnlyRootFilesystem"]
        assert not closed["allowPrivilegeEscalation"]
        assert closed["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
        mounted = {mount["mountPath"].strip("/") for mount in container["volumeMounts"]}
        assert {"data", "tmp"} <= mounted


def test_what_is_stopped_may_end_what_it_does():
    assert pods()["Deployment workers"]["terminationGracePeriodSeconds"] > 90
    assert int(compose()["services"]["workers"]["stop_grace_period"].rstrip("s")) > 90
    unit = (DEPLOY / "systemd" / "lacquer-workers.service").read_text()
    assert int(re.findall(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)[0]) > 90
    assert "KillMode=mixed" in unit


def test_workers_grow_with_the_age_of_the_oldest_that_waits():
    (scaled,) = [one for one in manifests() if one["kind"] == "ScaledObject"]
    queries = {trigger["name"]: trigger["metadata"] for trigger in scaled["spec"]["triggers"]}
    assert queries["oldest-due"]["query"] == "max(lacquer_work_oldest_due_seconds)"
    assert float(queries["oldest-due"]["threshold"]) <= 20
    deployments = {one["metadata"]["name"] for one in manifests() if one["kind"] == "Deployment"}
    assert scaled["spec"]["scaleTargetRef"]["name"] in deployments


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").iterdir()), ids=lambda unit: unit.name)
def test_systemd_reads_each_unit(unit, tmp_path):
    for each in (DEPLOY / "systemd").iterdir():
        text = each.read_text().replace("/opt/lacquer", str(ROOT)).replace("lacquer.service", "")
        (tmp_path / each.name).write_text(
            re.sub(r"^(User|Group)=.*$", "", text, flags=re.MULTILINE)
        )
    said = refusal("systemd-analyze", "verify", "--man=no", tmp_path / unit.name)
    told = [line for line in said.splitlines() if str(tmp_path) in line or "lacquer" in line]
    assert told == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_would_tell_of_a_misspelt_word(tmp_path):
    unit = (DEPLOY / "systemd" / "lacquer-web.service").read_text().replace("KillMode=", "KilMode=")
    (tmp_path / "lacquer-web.service").write_text(unit.replace("/opt/lacquer", str(ROOT)))
    analyze = shutil.which("systemd-analyze")
    ran = subprocess.run(
        [str(analyze), "verify", "--man=no", tmp_path / "lacquer-web.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KilMode" in ran.stderr


def names_set() -> dict[str, set[str]]:
    """Return the names of settings that each file sets."""
    image = (DEPLOY / "Containerfile").read_text()
    found = {"Containerfile": set(re.findall(r"\b([A-Z][A-Z_]+)=", image))}
    found["compose.yaml"] = {
        name
        for service in compose()["services"].values()
        for name in service.get("environment", {})
    }
    example = (DEPLOY / "compose" / "env.example").read_text()
    found["env.example"] = set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    found["Caddyfile"] = set(
        re.findall(r"\{\$(\w+)\}", (DEPLOY / "compose" / "Caddyfile").read_text())
    )
    for unit in (DEPLOY / "systemd").glob("*.service"):
        lines = re.findall(r"^Environment=(.*)$", unit.read_text(), re.MULTILINE)
        found[unit.name] = {pair.partition("=")[0] for line in lines for pair in line.split()}
    for manifest in manifests():
        if manifest["kind"] == "ConfigMap":
            found["settings.yaml"] = set(manifest["data"])
    secret = (DEPLOY / "kubernetes" / "settings.yaml").read_text().partition("# The Secret")[2]
    found["the Secret"] = set(re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", secret))
    return found


@pytest.mark.parametrize(("file", "names"), names_set().items(), ids=list(names_set()))
def test_no_file_names_a_setting_that_there_is_not(file, names):
    assert names
    assert names - names_shown() - FOREIGN == set()


def test_every_command_is_one_of_ours():
    told = json.dumps([compose(), *manifests()]) + "".join(
        unit.read_text() for unit in (DEPLOY / "systemd").glob("*.service")
    )
    called = set(re.findall(r"manage\.py\W+(\w+)", told))
    assert {"migrate", "run_workers", "backup"} <= called
    listed = subprocess.run(
        [sys.executable, "manage.py", "help", "--commands"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert called <= set(listed.stdout.split())
