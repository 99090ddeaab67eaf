"""What is kept for the next start is used only while it is surely ours, whole and of today; it is never a way in."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from collectors.aws import catalog
from collectors.aws.compile import Compiler
from collectors.aws.models import Models
from collectors.aws.shelf import LARGEST, Shelf, stamp, usual_place
from syncd.errors import Failed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "syncd"


def test_what_was_put_is_found_with_its_stamp_only(place: Path) -> None:
    shelf = Shelf(place)
    assert shelf.get("a", "1") is None
    shelf.put("a", "1", b"value\n")
    assert Shelf(place).get("a", "1") == b"value\n"
    assert shelf.get("a", "2") is None
    assert shelf.get("b", "1") is None
    shelf.put("a", "2", b"newer")
    assert (shelf.get("a", "1"), shelf.get("a", "2")) == (None, b"newer")


def test_files_and_their_directory_are_of_the_user_alone(place: Path) -> None:
    Shelf(place).put("a", "1", b"value")
    assert place.stat().st_mode & 0o777 == 0o700
    assert [(file.name, file.stat().st_mode & 0o777) for file in place.iterdir()] == [("a", 0o600)]


def _broken(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"value", b"valxe"))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _open_to_others(file: Path) -> None:
    file.chmod(0o620)


def _of_an_open_directory(file: Path) -> None:
    file.parent.chmod(0o777)


def _elsewhere(file: Path) -> None:
    moved = file.rename(file.with_name("other"))
    file.symlink_to(moved)


def _directory_elsewhere(file: Path) -> None:
    moved = file.parent.rename(file.parent.with_name("other"))
    file.parent.symlink_to(moved)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def _huge(file: Path) -> None:
    os.truncate(file, LARGEST * 2)


@pytest.mark.parametrize(
    "spoiled",
    [_broken, _cut, _emptied, _open_to_others, _of_an_open_directory, _elsewhere, _directory_elsewhere, _pipe, _huge],
)
def test_a_file_that_is_not_surely_ours_and_whole_is_as_none(place: Path, spoiled: Callable[[Path], None]) -> None:
    shelf = Shelf(place)
    shelf.put("a", "1", b"value")
    spoiled(place / "a")
    assert shelf.get("a", "1") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("given", ["a", "."])
def test_what_belongs_to_somebody_else_is_not_believed(place: Path, given: str) -> None:
    shelf = Shelf(place)
    shelf.put("a", "1", b"value")
    os.chown(place / given, 65534, 65534)
    assert shelf.get("a", "1") is None
    if given == ".":
        shelf.put("b", "1", b"value")
        assert not (place / "b").exists()


def test_a_spoiled_file_is_written_anew(place: Path) -> None:
    shelf = Shelf(place)
    shelf.put("a", "1", b"value")
    _elsewhere(place / "a")
    shelf.put("a", "1", b"value")
    assert shelf.get("a", "1") == b"value"
    assert not (place / "a").is_symlink()


def test_without_a_place_to_write_nothing_is_kept_and_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (None, tmp_path / "file" / "syncd", tmp_path / "not" / "there" / "syncd"):
        shelf = Shelf(place)
        shelf.put("a", "1", b"value")
        assert shelf.get("a", "1") is None
    assert not (tmp_path / "not").exists()


def test_the_place_is_that_of_systemd_or_of_the_user() -> None:
    assert usual_place({"CACHE_DIRECTORY": "/var/cache/syncd:/x", "HOME": "/h"}) == Path("/var/cache/syncd")
    assert usual_place({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/syncd")
    assert usual_place({"XDG_CACHE_HOME": "c", "HOME": "/h"}) == Path("/h/.cache/syncd")
    assert usual_place({}) is None


def test_a_stamp_changes_with_its_words_and_files(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    first = stamp(("1",), (file,))
    assert stamp(("1",), (file,)) == first
    assert stamp(("2",), (file,)) != first
    file.write_text("2")
    os.utime(file, ns=(0, 1))
    assert stamp(("1",), (file,)) != first
    file.unlink()
    assert stamp(("1",), (file,)) != first


def test_the_catalog_that_was_kept_is_the_one_that_was_read(place: Path) -> None:
    shelf = Shelf(place)
    read = catalog.load(shelf=shelf)
    (file,) = place.iterdir()
    written = file.stat()
    kept = catalog.load(shelf=shelf)
    assert kept == read
    assert file.stat() == written
    assert catalog.load() == read


def test_a_catalog_is_read_again_when_a_file_of_it_changed_and_when_its_kept_form_is_another(
    place: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "catalog"
    folder.mkdir()
    entry = '[aws_thing]\nlist = "ec2.DescribeVpcs Vpcs[]"\narn = "ec2:{region}:{account}:vpc/{id}"\nid = "vpc_id"\n'
    (folder / "ec2.toml").write_text(entry)
    shelf = Shelf(place)
    assert [*catalog.load(folder, shelf=shelf).kinds] == ["aws_thing"]
    (folder / "ec2.toml").write_text(entry.replace("aws_thing", "aws_other_thing"))
    assert [*catalog.load(folder, shelf=shelf).kinds] == ["aws_other_thing"]
    (file,) = place.iterdir()
    made_of = file.read_bytes().split()[1].decode()
    shelf.put(file.name, made_of, msgspec.msgpack.encode({"services": 1}))
    assert [*catalog.load(folder, shelf=shelf).kinds] == ["aws_other_thing"]


def fingerprints(shelf: Shelf) -> dict[str, str]:
    """What compiling everything comes to."""
    whole = catalog.load(shelf=shelf)
    compiler = Compiler(whole, Models(shelf=shelf))
    return {name: compiler.scope((entry,)).fingerprint for name, entry in whole.kinds.items()}


@pytest.mark.unmeasured
def test_plans_of_what_was_kept_are_those_of_the_models(place: Path) -> None:
    shelf = Shelf(place)
    first = fingerprints(shelf)
    times = {file: file.stat().st_mtime_ns for file in place.iterdir()}
    assert len(times) > 20
    assert fingerprints(shelf) == first
    assert {file: file.stat().st_mtime_ns for file in place.iterdir()} == times


def test_operations_of_kept_models_are_added_to_and_page_and_are_refused_as_others(place: Path) -> None:
    shelf = Shelf(place)
    Models({"ec2": ["DescribeVpcs", "NoSuchOperation"]}, shelf=shelf).operation("ec2", "DescribeVpcs")
    before = (place / "model-ec2").stat()
    models = Models({"ec2": ["DescribeVpcs", "NoSuchOperation"]}, shelf=shelf)
    assert models.operation("ec2", "DescribeVpcs").pages == Models().operation("ec2", "DescribeVpcs").pages
    assert (place / "model-ec2").stat() == before
    models.operation("ec2", "DescribeSubnets")
    after = (place / "model-ec2").stat()
    assert after != before
    for name in ("DescribeVpcs", "DescribeSubnets"):
        Models(shelf=shelf).operation("ec2", name)
    with pytest.raises(Failed, match="no operation NoSuchOperation"):
        Models(shelf=shelf).operation("ec2", "NoSuchOperation")
    assert (place / "model-ec2").stat().st_mtime_ns == after.st_mtime_ns


def test_documentation_is_never_kept_and_never_missed(place: Path) -> None:
    shelf = Shelf(place)
    Models(shelf=shelf).operation("sqs", "ListQueues")
    shape = Models(documentation=True, shelf=shelf).operation("sqs", "ListQueues").output_shape
    assert shape is not None
    assert any(member.documentation for member in shape.members.values())
    assert b"documentation" not in (place / "model-sqs").read_bytes()


def test_a_kept_model_of_another_form_is_computed_anew(place: Path) -> None:
    shelf = Shelf(place)
    wanted = Models(shelf=shelf).operation("sqs", "ListQueues")
    made_of = (place / "model-sqs").read_bytes().split()[1].decode()
    shelf.put("model-sqs", made_of, b"\xc1")
    assert Models(shelf=shelf).operation("sqs", "ListQueues").pages == wanted.pages
