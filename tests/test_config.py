"""What the configuration promises: strict, and one line that says where, what was found and what to do."""

from pathlib import Path

import pytest

from syncd.config import examine, load, search_settings, store_file
from syncd.errors import ConfigError
from syncd.places import usual_file
from syncd.plugin import Secret
from syncd.settings import SECTIONS, Config

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "syncd.toml"


def complaints(file: Path, text: str) -> list[str]:
    """What is wrong with this text, without the file's name."""
    file.write_text(text)
    return [line.removeprefix(f"{file}: ") for line in examine(file)[1]]


def test_without_any_configuration_everything_has_its_default_and_every_collector_runs() -> None:
    config = load()
    assert {name: getattr(config, name) for name in SECTIONS} == {name: kind() for name, kind in SECTIONS.items()}
    assert "fake" in config.collectors
    assert config.files == ()


def test_a_configuration_that_names_collectors_runs_only_those(file: Path) -> None:
    file.write_text("[fake]\nboxes = { x = 7 }\n")
    assert list(load(file).collectors) == ["fake"]
    assert load(file).collectors["fake"].boxes == {"x": 7}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[sync]\natempts = 1", "sync.atempts: unknown key; did you mean attempts?"),
        ("[snyc]\nattempts = 1", "snyc: unknown key; did you mean sync?"),
        ('[sync]\nattempts = "six"', 'sync.attempts: found "six" (a string), expected an integer'),
        ("[sync]\nattempts = true", "sync.attempts: found true, expected an integer"),
        ("[sync]\nattempts = 1.5", "sync.attempts: found 1.5 (a number), expected an integer"),
        ("[sync]\nattempts = []", "sync.attempts: found a list, expected an integer"),
        ("[sync]\nattempts = 2026-01-01", "sync.attempts: found 2026-01-01 (a time), expected an integer"),
        ("[sync]\nattempts = 0", "sync.attempts: found 0 (an integer), expected an integer >= 1"),
        ("[sync]\nhold_share = 2", "sync.hold_share: found 2 (an integer), expected a number <= 1.0"),
        (
            '[log]\nformat = "xml"',
            'log.format: found "xml" (a string), expected one of "auto", "console", "json", "logfmt"',
        ),
        ('[schedule]\ncron = "61 * * * *"', 'schedule.cron: found "61" as minute in "61 * * * *", expected *, 0-59'),
        ('[schedule]\ncron = "@every x"', 'schedule.cron: found "@every x", expected @every with'),
        ('[schedule]\ntimezone = "Mars"', 'schedule.timezone: found "Mars", expected a time zone like Europe/Berlin'),
        ('[schedule.collectors]\nfke = "@daily"', "schedule.collectors.fke: unknown collector; did you mean fake?"),
        ('[schedule.collectors]\nfake = "x"', 'schedule.collectors.fake: found "x" (1 of five fields)'),
        ('[workflows.metrics]\ncron = "x"', 'workflows.metrics.cron: found "x" (1 of five fields)'),
        ('[telemetry]\nlisten = "0.0.0.0:1"', 'telemetry.listen: found "0.0.0.0:1" (a string), expected a loopback'),
        ('[store]\npath = "x.db"', 'store.path: found "x.db" (a string), expected an absolute path, or ""'),
        ("[store]\nhistory_days = -1", "store.history_days: found -1 (an integer), expected a number >= 0"),
        (
            "[store]\nhistory_days = 1e9",
            "store.history_days: found 1000000000.0 (a number), expected a number <= 36500.0",
        ),
        ("[store.history_days_by_kind]\nx = 'y'", 'store.history_days_by_kind.x: found "y" (a string), expected a'),
        ("[search]\ntimeout_seconds = 0", "search.timeout_seconds: found 0 (an integer), expected a number > 0.0"),
        ("[search]\nmax_rows = 0", "search.max_rows: found 0 (an integer), expected an integer >= 1"),
        ("[search.templates]\nx = 1", "search.templates.x: found 1 (an integer), expected the text of a search"),
        ("[search]\nindex = ['a b']", 'search.index[0]: found "a b" (a string), expected a property such as'),
        ("[search]\nindex = ['x', 'fake_box']", "search.index[1]: fake_box: this is a kind; name one of its"),
        ("[search]\nindex = ['fake_bx.size']", "search.index[0]: fake_bx.size: unknown kind; did you mean fake_box?"),
        ("[search]\nindex = ['tags.owner']", "search.index[0]: tags.owner: leave it out: it is indexed anyway"),
        ("[search]\nindex = ['fake_box.volume_size']", "search.index[0]: fake_box.volume_size: leave it out"),
        ("[search]\nindex_observed = 101", "search.index_observed: found 101 (an integer), expected an integer <= 100"),
        ("store = 5", "store: found 5 (an integer), expected a table"),
        ("fake = []", "fake: found a list, expected a table"),
        ("[fake]\nboxes = { x = 1, y = [] }", "fake.boxes.y: found a list, expected an integer"),
        ("[[fake.logins]]\nuser = 'a'\n[[fake.logins]]\nuser = 1", "fake.logins[1].user: found 1 (an integer)"),
        ("[[fake.logins]]\nusr = 'a'", "fake.logins[0].usr: unknown key; did you mean user?"),
        ("[[fake.logins]]\npassword = 'a'", "fake.logins[0]: the key user is missing"),
        ("[fake.regions.x]\nuser = 'a'\n[fake.regions.y]\nuserr = 'a'", "fake.regions.y.userr: unknown key"),
        ("[fake]\nkinds = 'x'", 'fake.kinds: found "x" (a string), expected "all" or a list'),
        ("[fake]\nway = 1", "fake.way: found 1 (an integer), expected a table or a short word"),
        ("[fake]\nway = 'long'", 'fake.way: found "long" (a string), expected a table or a short word'),
        ("[fake]\nway = { usr = 'a' }", "fake.way.usr: unknown key; did you mean user?"),
        ("[fake]\ntoken = 12345", "fake.token: expected a text that is not empty, { file"),
        ("[fake]\ntoken = ''", "fake.token: expected a text that is not empty, { file"),
        ("[fake]\ntoken = { env = 'A', file = 'B' }", "fake.token: expected a text that is not empty, { file"),
        ("[fake]\ntoken = { env = 'NOT_SET' }", "fake.token: environment variable NOT_SET is not set or empty"),
        ("[fake]\ntoken = { file = '/nowhere' }", "fake.token: secret file /nowhere cannot be read: No such file"),
        ("[fake]\ntoken = { file = 'here' }", "fake.token: secret file here: expected an absolute path"),
        ("[fake]\ntoken = { credential = 'x' }", "fake.token: credential x: there is none outside a systemd unit"),
    ],
)
def test_an_error_names_key_what_was_found_and_what_is_expected(file: Path, text: str, line: str) -> None:
    found = complaints(file, text)
    assert len(found) == 1
    assert found[0].startswith(line)
    assert "\n" not in found[0]
    with pytest.raises(ConfigError, match=str(file)):
        load(file)


def test_every_error_is_listed_once_and_the_rest_keeps_its_value(file: Path) -> None:
    assert len(complaints(file, "[sync]\nattempts = 0\nhold_share = 9\nmax_scopes = 7\n[log]\nx = 1\n[y]\n")) == 4
    assert examine(file)[0].sync.max_scopes == 7
    with pytest.raises(ConfigError, match="and 3 more"):
        load(file)


@pytest.mark.parametrize("content", [b"[sync", b"a = 1\na = 2", b"\xff\xfe", b"x = " + b"[" * 100_000, b"a = 'b"])
def test_a_file_that_is_no_toml_is_one_line_with_its_name(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=str(file)) as caught:
        load(file)
    assert "\n" not in str(caught.value)


def test_a_missing_file_that_was_named_is_an_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"syncd\.toml: cannot be read: No such file"):
        load(file)
    monkeypatch.setenv("SYNCD_CONFIG", str(file))
    with pytest.raises(ConfigError, match="cannot be read"):
        load()


def test_drop_ins_are_laid_in_the_order_of_their_names_and_tables_merge(file: Path) -> None:
    file.write_text("[sync]\nattempts = 2\nmax_scopes = 3\n[fake.boxes]\nx = 1\n")
    drop_ins = file.with_suffix(".d")
    drop_ins.mkdir()
    (drop_ins / "20.toml").write_text("[sync]\nattempts = 5\n")
    (drop_ins / "10.toml").write_text("[sync]\nattempts = 4\n[fake.boxes]\ny = 2\n")
    (drop_ins / "30.txt").write_text("not read")
    config = load(file)
    assert (config.sync.attempts, config.sync.max_scopes) == (5, 3)
    assert config.collectors["fake"].boxes == {"x": 1, "y": 2}
    assert [path.name for path in config.files] == ["syncd.toml", "10.toml", "20.toml"]


def test_an_error_names_the_drop_in_that_said_it(file: Path) -> None:
    file.write_text("[sync]\nattempts = 2\n")
    drop_ins = file.with_suffix(".d")
    drop_ins.mkdir()
    (drop_ins / "10.toml").write_text("[sync]\nmax_scopes = 0\n[log]\nlevel = 1\n")
    assert [line.split(": ")[:2] for line in examine(file)[1]] == [
        [str(drop_ins / "10.toml"), "sync.max_scopes"],
        [str(drop_ins / "10.toml"), "log.level"],
    ]


def test_a_secret_is_read_from_wherever_it_is_and_never_shown(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "word").write_text("from-a-file\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("TOKEN", "from-the-environment")
    said = {
        "'plain-text'": "plain-text",
        f"{{ file = '{tmp_path}/word' }}": "from-a-file",
        "{ env = 'TOKEN' }": "from-the-environment",
        "{ credential = 'word' }": "from-a-file",
    }
    for text, value in said.items():
        file.write_text(f"[fake]\ntoken = {text}\n")
        config = load(file)
        token = config.collectors["fake"].token
        assert (token.reveal(), str(token), f"{token!r}") == (value, "***", "***")
        assert value not in repr(config)


@pytest.mark.parametrize("name", ["../word", "", ".", "a/b"])
def test_a_credential_is_a_plain_name(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run")
    assert complaints(file, f"[fake]\ntoken = {{ credential = '{name}' }}") == [
        "fake.token: expected the plain name of a systemd credential"
    ]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_without_a_usable_text_is_an_error(file: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "word").write_bytes(content)
    (line,) = complaints(file, f"[fake]\ntoken = {{ file = '{tmp_path}/word' }}")
    assert line.startswith(f"fake.token: secret file {tmp_path}/word is ")


def test_an_error_never_shows_a_value_that_may_be_secret(file: Path) -> None:
    text = "[fake]\ntoken = { fil = 'hunter2' }\napikey = 'hunter2'\n[[fake.logins]]\nuser = 'a'\npassword = 4242\n"
    for line in complaints(file, text):
        assert "hunter2" not in line
        assert "4242" not in line


def test_the_store_is_where_the_configuration_or_the_caller_says(file: Path, tmp_path: Path) -> None:
    file.write_text(f"[store]\npath = '{tmp_path}/x.db'\n[unknown]\n")
    assert store_file(file) == tmp_path / "x.db"
    file.write_text("[store]\npath = '~/x.db'\n")
    assert load(file).store.file == tmp_path / "home" / "x.db"
    assert load(file, database=Path("y.db")).store.file == Path.cwd() / "y.db"
    file.write_text("[store]\npath = 1\n")
    with pytest.raises(ConfigError, match=r"store\.path"):
        store_file(file)


def test_the_usual_store_is_in_the_state_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/var/lib/syncd").exists():
        pytest.skip("this machine has a system-wide store")
    assert usual_file() == tmp_path / "home/.local/state/syncd/syncd.db"
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert usual_file() == Path("/elsewhere/syncd/syncd.db")


def test_settings_are_frozen_and_secrets_compare_by_value() -> None:
    config = Config()
    with pytest.raises(AttributeError):
        config.sync.attempts = 3  # type: ignore[misc]
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_what_searches_may_cost_is_known_without_the_rest_of_the_configuration(file: Path) -> None:
    assert search_settings() == Config().search
    file.write_text('[search]\nmax_rows = 5\ntemplates = { a = "is({{kind}})" }\n[sync]\nattempts = "six"\n')
    found = search_settings(file)
    assert (found.max_rows, found.timeout_seconds, found.templates) == (5, 0.5, {"a": "is({{kind}})"})
    file.write_text("[search]\nmax_rows = 0\n")
    with pytest.raises(ConfigError, match="max_rows: found 0"):
        search_settings(file)
