"""What an installation promises: one wheel with everything in it, exact locks, and set-up that says what is missing."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

import syncd
from syncd.config import examine
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("syncd", "collectors", "reactions")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, so that the tree stays as it is."""
    place = tmp_path_factory.mktemp("build")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, "out"], cwd=place, check=True, capture_output=True)
    (built,) = (place / "out").glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_module_and_every_data_file_of_the_three_packages(wheel: zipfile.ZipFile) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.suffix in {".py", ".toml", ".sql", ".lark", ".table", ".typed"}
    }
    assert wanted <= set(wheel.namelist())
    assert {name.split("/")[0] for name in wheel.namelist()} - set(PACKAGES) == {f"syncd-{syncd.__version__}.dist-info"}


def test_the_wheel_names_its_commands_and_collectors(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    text = wheel.read(name).decode()
    assert "syncd = syncd.__main__:main" in text
    assert "syncctl = syncd.cli.syncctl:main" in text
    assert "[syncd.collectors]\naws = collectors.aws:collector" in text


def test_every_entry_point_of_this_installation_loads() -> None:
    ours = distribution("syncd").entry_points
    assert {point.group for point in ours} >= {"console_scripts", "syncd.collectors"}
    assert all(point.load() for point in ours)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "tests/ministack/requirements.lock"])
def test_a_lock_pins_every_package_with_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text()
    for entry in re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip()):
        assert re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==[\w.]+( ; .+?)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[
            :80
        ]
    assert not re.search(r"://|--index|--extra-index|--find-links", text)


def test_the_locks_agree_and_hold_every_dependency() -> None:
    runtime, everything = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    assert runtime.items() <= everything.items()
    assert {bare(text) for text in PROJECT["dependencies"]} <= runtime.keys()
    assert {bare(text) for text in PROJECT["optional-dependencies"]["dev"]} <= everything.keys()


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[.*?\])?==([\w.]+)", lock.read_text(), re.MULTILINE))


def bare(requirement: str) -> str:
    return re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0]


@pytest.mark.parametrize(
    ("missing", "advice"),
    [
        ("ensurepip", "python3-venv"),
        ("version_info", "Python 3.11 or newer"),
    ],
)
def test_make_says_what_to_install(tmp_path: Path, missing: str, advice: str) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$2" in *{missing}*) exit 1;; *) exec "{sys.executable}" "$@";; esac\n')
    python.chmod(0o755)
    done = make(tmp_path, f"PYTHON={python}")
    assert done.returncode != 0
    assert advice in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_make_says_that_there_is_no_python(tmp_path: Path) -> None:
    assert "is not installed" in make(tmp_path, "PYTHON=/nowhere/python3").stdout


def make(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
        shutil.copy(ROOT / name, place)
    return subprocess.run(["make", "demo", *arguments], cwd=place, capture_output=True, text=True, check=False)


def test_an_installation_brings_the_rules_and_removing_it_leaves_them(tmp_path: Path) -> None:
    """Everything of the Makefile but what pip does."""
    tree, root = tmp_path / "tree", tmp_path / "root"
    for name in ("etc", "systemd"):
        shutil.copytree(ROOT / name, tree / name)
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock", "requirements.lock"):
        shutil.copy(ROOT / name, tree)
    for place in (tree / ".venv/bin", root / "opt/syncd/bin"):
        place.mkdir(parents=True)
        (place / "python").symlink_to(shutil.which("true") or "/bin/true")
    (tree / ".venv/ready").touch()
    for wanted in ("install", "uninstall"):
        subprocess.run(["make", wanted, f"DESTDIR={root}"], cwd=tree, check=True, capture_output=True)
        rules = {path.name for path in (root / "etc/syncd/rules").iterdir()}
        assert rules == {path.name for path in (ROOT / "etc/rules").glob("*.toml")}
        config, complaints = examine(root / "etc/syncd/syncd.toml")
        assert complaints == []
        assert len(config.rule) > 30
        assert not any(rule.enabled for rule in config.rule.values())
