"""Mistakes in a catalog are told as one line each, with file, kind, key and the nearest valid name."""

from pathlib import Path

import pytest

from collectors.aws import catalog
from collectors.aws.check import check
from syncd.errors import ConfigError

SAMPLE = Path(__file__).with_name("catalog_sample")
VOLUME = """
[aws_ec2_volume]
list = "ec2.DescribeVolumes Volumes[]"
arn = "ec2:{region}:{account}:volume/{volume_id}"
id = "volume_id"
"""


def lines(folder: Path, text: str) -> list[str]:
    (folder / "ec2.toml").write_text(text)
    return check(folder)[0]


def test_the_shipped_catalog_has_no_mistake() -> None:
    assert check(catalog.FOLDER)[0] == []


def test_the_sample_has_no_mistake() -> None:
    assert check(SAMPLE)[0] == []


def test_three_lines_make_a_kind(tmp_path: Path) -> None:
    assert lines(tmp_path, VOLUME) == []
    entry = catalog.load(tmp_path).kinds["aws_ec2_volume"]
    assert entry.scope == "ec2.volumes"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('bse = ["volume"]', "bse: unknown key; did you mean base?"),
        ('base = ["volum"]', "base: unknown base kind volum; did you mean volume?"),
        ('base = ["volume"]\ncommon = { volume_siz = "size" }', "the property volume_siz; did you mean volume_size?"),
        ('base = ["volume"]\ncommon = { volume_size = "sise" }', "unknown key sise; did you mean size?"),
        ('name = "{volum_id}"', "unknown key volum_id; did you mean volume_id?"),
        ('form = "vol-["', "the regex does not compile"),
        ('volatile = { stat = "x" }', "unknown key stat; did you mean state?"),
        ('args = { VolumeId = ["a"] }', "unknown argument VolumeId; did you mean VolumeIds?"),
        ('relation = [{ type = "inn", kind = "aws_ec2_volume", path = "size" }]', "unknown edge type inn"),
        ('relation = [{ type = "in", kind = "aws_vpc", path = "size" }]', "unknown kind aws_vpc"),
        (
            'relation = [{ type = "in", kind = "aws_ec2_volume", path = "attachments.device" }]',
            "write [] after its name",
        ),
        ("tagging = 3", "expected str, found 3"),
        ('drop = { volume_id = "x" }', "volume_id is dropped or secret, so it cannot be used"),
        ('parent = { kind = "aws_vpx" }', "unknown kind aws_vpx"),
        ('facet = [{ name = "a", call = "ec2.DescribeVolumesx", into = "b" }]', "did you mean DescribeVolumes?"),
        ('facet = [{ name = "a", call = "ec2.DescribeVolumeAttribute", into = "b" }]', "needs Attribute"),
        (
            'facet = [{ name = "a", call = "ec2.DescribeVolumesModifications", into = "size" }]',
            "must be a new top-level key",
        ),
        ('facet = [{ name = "a", call = "ec2.DescribeTags", take = "Tag", tags = true }]', "did you mean Tags?"),
        ('facet = [{ name = "a", call = "ec2.DescribeTags", into = "b", known = "sise" }]', "did you mean size?"),
        ('facet = [{ name = "a", call = "ec2.DescribeTags", known = "size" }]', "known: needs into"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    found = [line for line in lines(tmp_path, VOLUME + text) if told in line]
    assert found
    assert found[0].startswith("ec2.toml: aws_ec2_volume: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (VOLUME.replace("DescribeVolumes", "DescribeVolume"), "unknown operation ec2.DescribeVolume; did you mean"),
        (VOLUME.replace("Volumes[]", "Volume[]"), "unknown member Volume; did you mean Volumes?"),
        (VOLUME.replace("{volume_id}", "{volumeid}"), "nothing gives volumeid, but it must come with the list"),
        (VOLUME.replace('id = "volume_id"', ""), "id is missing"),
        (
            VOLUME + VOLUME.replace("_volume]", "_volume2]").replace('id = "', 'args = { VolumeIds = ["x"] }\nid = "'),
            "differs",
        ),
        ('[service]\nprefx = "a"', "prefx: unknown key; did you mean prefix?"),
        (VOLUME.replace("Volumes[]", "Volumes"), "the path must end with [], or `item` name the key"),
        (VOLUME + "each = { VolumeIds = 1 }", "each.VolumeIds: expected a list of values, found 1"),
        (VOLUME + 'each = { VolumeId = [["a"]] }', "unknown argument VolumeId; did you mean VolumeIds?"),
        ("[aws_x", "not TOML"),
    ],
)
def test_a_kind_that_cannot_be_read_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in line for line in lines(tmp_path, text))


def test_two_facets_never_give_the_same_key(tmp_path: Path) -> None:
    facet = '[[aws_ec2_volume.facet]]\nname = "{0}"\ncall = "ec2.DescribeVolumesModifications"\ninto = "changes"\n'
    found = lines(tmp_path, VOLUME + facet.replace("{0}", "a") + facet.replace("{0}", "b"))
    assert found == ["ec2.toml: aws_ec2_volume: facet b: gives changes, as facet a does"]


def test_identity_never_hangs_on_a_facet(tmp_path: Path) -> None:
    text = VOLUME.replace("{volume_id}", "{changes}") + (
        'facet = [{ name = "a", call = "ec2.DescribeVolumesModifications", into = "changes" }]'
    )
    assert any("a facet gives changes, but it must come with the list" in line for line in lines(tmp_path, text))


def test_a_catalog_with_a_mistake_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "ec2.toml").write_text(VOLUME + "nonsense = 1")
    with pytest.raises(ConfigError, match="nonsense"):
        catalog.load(tmp_path)


def test_a_kind_is_declared_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(VOLUME)
    assert any("declared in a.toml too" in line for line in lines(tmp_path, VOLUME))


def test_the_command_prints_the_mistakes_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ec2.toml").write_text(VOLUME + 'bse = "x"')
    assert catalog.main(["--check", str(tmp_path)]) == 1
    assert "1 kinds, 1 mistakes" in capsys.readouterr().out
    assert catalog.main(["--check", str(SAMPLE)]) == 0
    assert catalog.main([]) == 2
