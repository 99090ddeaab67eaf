"""Real receivers on loopback, where their parts are present: .ci/run fetches them into .ci/cache.

Prism plays a vendor's API by the vendor's own description and judges each request; WireMock answers as it is told to
and keeps a journal; Alertmanager is itself.
"""

import gzip
import http.client
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.fakes.prometheus import free_port

CACHE = ROOT / ".ci" / "cache"
MODULES = CACHE / "node_modules"
FETCHING = CACHE / "fetching"
"""There while .ci/run fetches the rest."""
LONGEST = 660.0
"""Seconds that it may take: older marks were left behind."""


def fetched() -> None:
    """Returns when nothing more will come."""
    with suppress(FileNotFoundError):
        while time.time() - FETCHING.stat().st_mtime < LONGEST:
            time.sleep(0.2)


def missing(part: str) -> str:
    """Why the tests of a part, or of a vendor's description, are skipped; "" where it is here."""
    here: dict[str, Callable[[], object]] = {
        "prism": lambda: (MODULES / "@stoplight" / "prism-http-server").is_dir() and shutil.which("node"),
        "wiremock": lambda: wiremock_file() and shutil.which("java"),
        "alertmanager": alertmanager_file,
    }
    return "" if here.get(part, lambda: description(part))() else f"{part} is not here, or what it runs on"


def wiremock_file() -> Path | None:
    return next(MODULES.glob("wiremock/build/wiremock-standalone-*.jar"), None)


def alertmanager_file() -> str | None:
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


def description(name: str) -> dict[str, Any] | None:
    """A vendor's description of its API. Not ours to copy: fetched, or lying in a directory beside this one."""
    beside = [Path(place) for place in (os.environ.get("API_DESCRIPTIONS"),) if place]
    for place in (CACHE, *beside, *ROOT.parent.glob("*/standins/saas/specs")):
        for file in (place / name, place / f"{name}.gz"):
            if file.is_file():
                data = file.read_bytes()
                found: dict[str, Any] = json.loads(gzip.decompress(data) if file.suffix == ".gz" else data)
                return found
    return None


def part(whole: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    """Some paths of a description and all that they refer to: Prism reads a whole one for ten seconds."""
    found: dict[str, Any] = {**whole, "paths": {path: whole["paths"][path] for path in paths}, "components": {}}
    found.pop("x-webhooks", None)
    found.pop("webhooks", None)
    if "securitySchemes" in whole.get("components", {}):
        found["components"]["securitySchemes"] = whole["components"]["securitySchemes"]
    left = _references(found["paths"])
    while left:
        section, name = left.pop()
        known = name in found["components"].setdefault(section, {})
        if not known and name in whole["components"].get(section, {}):
            found["components"][section][name] = whole["components"][section][name]
            left |= _references(found["components"][section][name])
    return found


def silent(spec: dict[str, Any]) -> dict[str, Any]:
    """Without what the vendor answers: of Discord's, Prism makes one up for seconds."""
    for path in spec["paths"].values():
        path["post"]["responses"] = {"200": {"description": "taken"}}
    return spec


def _references(value: Any) -> set[tuple[str, str]]:
    return set(re.findall(r'"#/components/([^/"]+)/([^/"]+)"', json.dumps(value)))


@contextmanager
def running(command: list[str], home: Path, port: int, ready: str) -> Iterator[int]:
    """A server that answers GET `ready` when it is up; ended when this ends."""
    with (home / f"log-{port}").open("wb") as output:
        process = subprocess.Popen(command, cwd=home, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    with process:
        try:
            end = time.monotonic() + 60
            while asked(port, "GET", ready)[0] == 0:
                assert process.poll() is None, (home / f"log-{port}").read_text()
                assert time.monotonic() < end, (home / f"log-{port}").read_text()
                time.sleep(0.05)
            yield port
        finally:
            process.kill()  # it keeps nothing


def asked(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of an answer; 0 when nobody answers."""
    with suppress(OSError, http.client.HTTPException), closing(_connection(port)) as connection:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        with suppress(ValueError):
            return response.status, json.loads(text)
        return response.status, text.decode()
    return 0, None


def _connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=5)


@contextmanager
def prism(specs: Sequence[Mapping[str, Any]], home: Path) -> Iterator[int]:
    port = free_port()
    files = [home / f"spec-{number}.json" for number, _ in enumerate(specs)]
    for file, spec in zip(files, specs, strict=True):
        file.write_text(json.dumps(spec))
    command = ["env", f"NODE_PATH={MODULES}", "node", str(Path(__file__).parent / "prism.js"), str(port)]
    with running([*command, *map(str, files)], home, port, "/") as up:
        yield up


@contextmanager
def alertmanager(home: Path) -> Iterator[int]:
    """It tells nobody; what it knows can be asked for."""
    port = free_port()
    (home / "am.yml").write_text(json.dumps({"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}))
    command = [str(alertmanager_file()), f"--config.file={home}/am.yml", f"--storage.path={home}/am"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with running(command, home, port, "/-/ready") as up:
        yield up


@contextmanager
def wiremock(home: Path) -> Iterator["Wiremock"]:
    port = free_port()
    command = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", str(wiremock_file())]
    command += ["--bind-address", "127.0.0.1", "--port", str(port), "--root-dir", str(home), "--disable-banner"]
    with running(command, home, port, "/__admin/health"):
        yield Wiremock(port)


@dataclass(frozen=True)
class Wiremock:
    port: int

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def plays(self, path: str, *responses: Mapping[str, Any]) -> None:
        """One answer after the other, the last one for ever."""
        for number, response in enumerate(responses):
            step = {"scenarioName": path, "requiredScenarioState": str(number) if number else "Started"}
            step |= {"newScenarioState": str(number + 1)} if number + 1 < len(responses) else {}
            request = {"method": "POST", "urlPath": path}
            status, answer = asked(
                self.port, "POST", "/__admin/mappings", {**step, "request": request, "response": response}
            )
            assert status == 201, answer

    def journal(self, path: str) -> list[dict[str, Any]]:
        """The requests that it has seen there, in their order."""
        wanted = {"method": "POST", "urlPath": path}
        found = asked(self.port, "POST", "/__admin/requests/find", wanted)[1]["requests"]
        return sorted(found, key=lambda request: request["loggedDate"])


def eventually(check: Callable[[], Any], seconds: float = 15) -> Any:
    """What it returns as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
