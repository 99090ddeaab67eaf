"""Credentials come from where AWS's own tools find them, stay fresh, and say what to do when there are none."""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.aws.client import Ask
from collectors.aws.credentials import (
    AssumedRole,
    Chain,
    FixedKeys,
    Identity,
    assume_arguments,
    configured_region,
    standard_source,
)
from collectors.aws.models import Models
from collectors.aws.signing import Credentials
from syncd.errors import CredentialsError, Denied, Failed, Temporary
from tests.collectors.aws.loopback import calling, fake_estate, serving, someone

ROLE = "arn:aws:iam::100000000001:role/reader"
LATER = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def aws_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / ".aws"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


async def test_keys_of_the_environment_are_used_as_they_are() -> None:
    source = standard_source({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"})
    assert isinstance(source, FixedKeys)
    assert await source.credentials() == Credentials("A", "S", "T")
    assert source.about == "the environment"
    assert not await source.refresh(Credentials("A", "S", "T"))


@pytest.mark.parametrize(
    "more", [{"AWS_PROFILE": "p"}, {"AWS_CREDENTIAL_EXPIRATION": LATER}, {"AWS_SECRET_ACCESS_KEY": ""}]
)
def test_whatever_else_could_matter_is_left_to_awss_library(more: dict[str, str]) -> None:
    assert isinstance(standard_source({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", **more}), Chain)


def test_awss_library_is_not_imported_for_keys_of_the_environment() -> None:
    import subprocess

    program = "import sys, collectors.aws.places; sys.exit('aiobotocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[3]).returncode == 0


async def test_a_profile_gives_its_keys(aws_folder: Path) -> None:
    (aws_folder / "credentials").write_text("[p]\naws_access_key_id = A\naws_secret_access_key = S\n")
    source = standard_source({}, "p")
    assert await source.credentials() == Credentials("A", "S")
    assert source.about == "profile p"


async def test_keys_changed_in_the_file_are_found_by_a_refresh(aws_folder: Path) -> None:
    file = aws_folder / "credentials"
    file.write_text("[p]\naws_access_key_id = A\naws_secret_access_key = S\n")
    source = Chain("p")
    used = await source.credentials()
    assert not await source.refresh(used)
    file.write_text("[p]\naws_access_key_id = B\naws_secret_access_key = S\n")
    assert await source.refresh(used)
    assert await source.credentials() == Credentials("B", "S")


async def test_a_process_may_give_the_keys(aws_folder: Path) -> None:
    given = {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": LATER}
    script = aws_folder / "give.py"
    script.write_text(f"print('''{json.dumps(given)}''')")
    (aws_folder / "config").write_text(f"[profile p]\ncredential_process = {sys.executable} {script}\n")
    assert await Chain("p").credentials() == Credentials("A", "S", "T")


async def test_the_containers_role_gives_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": LATER})

    async with serving(answer) as url:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/role")
        source = Chain()
        assert await source.credentials() == Credentials("A", "S", "T")
        assert source.about == "the container's role"


async def test_the_instances_role_gives_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/latest/api/token":
            return web.Response(text="token")
        if request.path.endswith("/security-credentials/"):
            return web.Response(text="reader")
        keys = {"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": LATER, "Code": "Success"}
        return web.json_response(keys)

    async with serving(answer) as url:
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"{url}/")
        source = Chain()
        assert await source.credentials() == Credentials("A", "S", "T")
        assert source.about == "the instance's role"


async def test_web_identity_gives_the_keys(aws_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = aws_folder / "token"
    token.write_text("a-web-token")
    with fake_estate() as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "AWS_ROLE_ARN": ROLE,
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        source = Chain()
        assert (await source.credentials()).token
        assert source.about == "web identity"


async def test_a_role_of_a_profile_that_is_refused_is_told(aws_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (aws_folder / "config").write_text(
        "[profile p]\nrole_arn = arn:aws:iam::999999999999:role/x\nsource_profile = q\nregion = us-east-1\n"
        "[profile q]\naws_access_key_id = A\naws_secret_access_key = S\n"
    )
    with fake_estate() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(CredentialsError, match=r"profile p cannot be used: .*AccessDenied"):
            await Chain("p").credentials()


async def test_no_credentials_anywhere_says_where_was_looked_and_what_to_do() -> None:
    with pytest.raises(CredentialsError, match=r"tried the environment.*instance roles; set AWS_PROFILE"):
        await Chain().credentials()


async def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(CredentialsError, match=r"profile nobody cannot be used: .*nobody"):
        await Chain("nobody").credentials()


async def test_an_sso_session_that_is_over_says_how_to_sign_in_again(aws_folder: Path) -> None:
    (aws_folder / "config").write_text(
        "[profile p]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n"
        "sso_account_id = 111122223333\nsso_role_name = reader\n"
    )
    with pytest.raises(CredentialsError, match="run `aws sso login --profile p`"):
        await Chain("p").credentials()


@pytest.mark.parametrize(
    ("environ", "profile", "expected"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, None, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, None, "eu-west-2"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "p", "eu-north-1"),
        ({"AWS_PROFILE": "p"}, None, "eu-north-1"),
        ({}, None, "eu-central-1"),
        ({}, "other", ""),
    ],
)
def test_the_region_is_the_environments_or_the_profiles(
    environ: dict[str, str], profile: str | None, expected: str, aws_folder: Path
) -> None:
    config = aws_folder / "config"
    config.write_text("[default]\nregion = eu-central-1\n[profile p]\nregion = eu-north-1\n")
    assert configured_region({**environ, "AWS_CONFIG_FILE": str(config)}, profile) == expected


class Sts:
    """Answers AssumeRole with new keys each time, that last for `lasts` seconds of the test's clock."""

    def __init__(self, lasts: float) -> None:
        self.asked: list[dict[str, Any]] = []
        self.lasts = lasts
        self.now = 1_700_000_000.0
        self.error: Exception | None = None

    async def __call__(self, args: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(args)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        expires = datetime.fromtimestamp(self.now + self.lasts, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = {"access_key_id": f"A{len(self.asked)}", "secret_access_key": "S", "session_token": "T"}
        return {"credentials": {**keys, "expiration": expires}}

    def source(self) -> AssumedRole:
        return AssumedRole(self, assume_arguments(ROLE, session="syncd"), clock=lambda: self.now)


async def test_a_role_is_assumed_once_for_all_who_wait() -> None:
    sts = Sts(3600)
    source = sts.source()
    keys = await asyncio.gather(*(source.credentials() for _ in range(20)))
    assert set(keys) == {Credentials("A1", "S", "T")}
    assert sts.asked == [{"RoleArn": ROLE, "RoleSessionName": "syncd"}]


async def test_a_role_is_assumed_anew_five_minutes_before_its_keys_expire() -> None:
    sts = Sts(3600)
    source = sts.source()
    await source.credentials()
    sts.now += 3600 - 301
    assert (await source.credentials()).access_key == "A1"
    sts.now += 2
    assert (await source.credentials()).access_key == "A2"


async def test_a_passing_failure_of_sts_does_not_end_what_old_keys_still_serve() -> None:
    sts = Sts(3600)
    source = sts.source()
    await source.credentials()
    sts.now += 3600 - 200
    sts.error = Temporary("sts is away")
    assert (await source.credentials()).access_key == "A1"
    sts.now += 190
    with pytest.raises(Temporary):
        await source.credentials()


async def test_keys_that_were_refused_are_renewed_once_for_all_who_used_them() -> None:
    sts = Sts(3600)
    source = sts.source()
    used = await source.credentials()
    assert await asyncio.gather(*(source.refresh(used) for _ in range(5))) == [True] * 5
    assert len(sts.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [{}, {"credentials": {"access_key_id": "A", "secret_access_key": "S", "session_token": "T", "expiration": "soon"}}],
)
async def test_an_answer_without_keys_fails_and_names_the_role(answer: dict[str, Any]) -> None:
    async def assume(_args: dict[str, Any]) -> dict[str, Any]:
        return answer

    with pytest.raises(Failed, match=ROLE):
        await AssumedRole(assume, assume_arguments(ROLE, session="syncd")).credentials()


def test_only_what_is_configured_is_asked_of_sts() -> None:
    args = assume_arguments(ROLE, session="s1", external_id="x", source_identity="i", duration=900)
    expected = {"RoleSessionName": "s1", "ExternalId": "x", "SourceIdentity": "i", "DurationSeconds": 900}
    assert args == {"RoleArn": ROLE, **expected}
    assert AssumedRole(_never, args).about == f"role {ROLE}"


async def _never(_args: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError


def assuming(client: Any, base: Identity) -> Callable[[dict[str, Any]], Any]:
    operation = Models().operation("sts", "AssumeRole")
    return lambda args: client.attempt(Ask(base, "us-east-1", operation, args))


async def test_a_role_is_assumed_over_the_wire() -> None:
    with fake_estate("--accounts", "2") as url:
        async with calling(url) as client:
            source = AssumedRole(assuming(client, someone()), assume_arguments(ROLE, session="syncd"))
            keys = await source.credentials()
            assert keys.access_key.startswith("ASIA")
            assert keys.token


async def test_a_refused_role_is_a_denial_of_sts_assume_role() -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        error = "<Error><Code>AccessDenied</Code><Message>No</Message></Error>"
        return web.Response(status=403, text=f"<ErrorResponse>{error}</ErrorResponse>")

    async with serving(refuse) as url, calling(url) as client:
        source = AssumedRole(assuming(client, someone()), assume_arguments(ROLE, session="syncd"))
        with pytest.raises(Denied) as caught:
            await source.credentials()
    assert (caught.value.operation, caught.value.permission) == ("sts:AssumeRole", "sts:AssumeRole")
