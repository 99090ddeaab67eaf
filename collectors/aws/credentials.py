"""Who calls AWS: credentials from where AWS's own tools find them, and roles assumed with them, kept fresh."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from collectors.aws.signing import Credentials
from syncd.errors import CredentialsError, Failed, ReadError

_EARLY = 300.0
_AT_LEAST = 30.0
_TRIED = (
    "no AWS credentials: tried the environment (AWS_ACCESS_KEY_ID), the profile, SSO, web identity, container and "
    "instance roles; set AWS_PROFILE or `profiles` in the configuration, or run `aws configure` or `aws sso login`"
)


class Source(Protocol):
    """Where credentials come from. `about` names it for people, without secrets."""

    about: str

    async def credentials(self) -> Credentials: ...

    async def refresh(self, used: Credentials) -> bool:
        """Makes newer credentials than `used`; False when this source has no newer ones."""
        ...


class Identity(Struct, frozen=True, eq=False):
    """An account seen with some credentials. `region` is where its own questions (STS, regions) are asked."""

    account: str
    partition: str
    region: str
    source: Source

    @property
    def about(self) -> str:
        return self.source.about

    async def credentials(self) -> Credentials:
        return await self.source.credentials()

    async def refresh(self, used: Credentials) -> bool:
        return await self.source.refresh(used)


class FixedKeys:
    """Keys that do not change: those of the environment."""

    def __init__(self, keys: Credentials, about: str) -> None:
        self.about = about
        self._keys = keys

    async def credentials(self) -> Credentials:
        return self._keys

    async def refresh(self, used: Credentials) -> bool:
        return used != self._keys


class Chain:
    """What AWS's own libraries find: environment, profile, SSO, web identity, container and instance roles."""

    def __init__(self, profile: str | None = None) -> None:
        self.about = f"profile {profile}" if profile else "the default credentials"
        self._profile = profile
        self._found: Any = None
        self._lock = asyncio.Lock()

    async def credentials(self) -> Credentials:
        if self._found is None:
            async with self._lock:
                if self._found is None:
                    self._found = await self._find()
        return await self._frozen()

    async def refresh(self, used: Credentials) -> bool:
        async with self._lock:
            if self._found is not None and await self._frozen() != used:
                return True
            self._found = await self._find()
            return await self._frozen() != used

    async def _find(self) -> Any:
        from aiobotocore.session import AioSession
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = await AioSession(profile=self._profile).get_credentials()
        except (BotoCoreError, ClientError) as error:
            raise self._unusable(error) from None
        if found is None:
            raise CredentialsError(_TRIED)
        self.about = f"profile {self._profile}" if self._profile else _METHODS.get(found.method, str(found.method))
        return found

    async def _frozen(self) -> Credentials:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            keys = await self._found.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            raise self._unusable(error) from None
        return Credentials(keys.access_key, keys.secret_key, keys.token)

    def _unusable(self, error: Exception) -> CredentialsError:
        login = f"aws sso login --profile {self._profile}" if self._profile else "aws sso login"
        remedy = f"; run `{login}`" if "SSO" in type(error).__name__ or "Token" in type(error).__name__ else ""
        return CredentialsError(f"{self.about} cannot be used: {str(error).splitlines()[0]}{remedy}")


_METHODS = {
    "env": "the environment",
    "iam-role": "the instance's role",
    "container-role": "the container's role",
    "assume-role-with-web-identity": "web identity",
    "sso": "SSO",
}


def standard_source(environ: Mapping[str, str] = os.environ, profile: str | None = None) -> Source:
    """The source for a profile, or the default one. Plain keys of the environment come first there, as in AWS's tools.

    They are read here only where nothing else could change what they mean: AWS's own library costs 0.6 s of CPU.
    """
    access_key, secret_key = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    special = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CREDENTIAL_EXPIRATION")
    if profile or not access_key or not secret_key or any(environ.get(name) for name in special):
        return Chain(profile)
    token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN") or None
    return FixedKeys(Credentials(access_key, secret_key, token), "the environment")


def configured_region(environ: Mapping[str, str] = os.environ, profile: str | None = None) -> str:
    """The region that the environment or the profile names, "" when none does."""
    if not profile:
        named = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        if named:
            return named
        profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    from botocore.configloader import load_config
    from botocore.exceptions import BotoCoreError

    try:
        parsed = load_config(environ.get("AWS_CONFIG_FILE", "~/.aws/config"))
    except BotoCoreError:
        return ""
    return str(parsed.get("profiles", {}).get(profile, {}).get("region", ""))


Assume = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends sts:AssumeRole with these arguments and gives the answer's document."""


class AssumedRole:
    """Credentials of a role, asked for anew at least five minutes before they expire; one question at a time."""

    def __init__(self, assume: Assume, args: dict[str, Any], *, clock: Callable[[], float] = time.time) -> None:
        self.about = f"role {args['RoleArn']}"
        self._assume = assume
        self._args = args
        self._clock = clock
        self._keys: Credentials | None = None
        self._expires = 0.0
        self._lock = asyncio.Lock()

    async def credentials(self) -> Credentials:
        if self._keys is None or self._left() < _EARLY:
            async with self._lock:
                if self._keys is None or self._left() < _EARLY:
                    await self._renew()
        assert self._keys is not None
        return self._keys

    async def refresh(self, used: Credentials) -> bool:
        async with self._lock:
            if self._keys == used:
                self._expires = 0.0
                await self._renew()
        return self._keys != used

    def _left(self) -> float:
        return self._expires - self._clock()

    async def _renew(self) -> None:
        try:
            answer = await self._assume(self._args)
        except ReadError:
            # Old credentials serve as long as they last: a passing failure of STS is not the end of a reading.
            if self._keys is not None and self._left() > _AT_LEAST:
                return
            raise
        self._keys, self._expires = _assumed(answer, self._args["RoleArn"])


def _assumed(answer: Mapping[str, Any], role: str) -> tuple[Credentials, float]:
    given = answer.get("credentials") or {}
    try:
        keys = Credentials(given["access_key_id"], given["secret_access_key"], given["session_token"])
        return keys, datetime.fromisoformat(given["expiration"]).timestamp()
    except (KeyError, ValueError):
        raise Failed(f"sts:AssumeRole of {role}: the answer holds no credentials", operation="sts:AssumeRole") from None


def assume_arguments(
    role: str, *, session: str, external_id: str = "", source_identity: str = "", duration: int = 0
) -> dict[str, Any]:
    """Arguments of sts:AssumeRole; what is empty is left out."""
    args: dict[str, Any] = {"RoleArn": role, "RoleSessionName": session}
    if external_id:
        args["ExternalId"] = external_id
    if source_identity:
        args["SourceIdentity"] = source_identity
    if duration:
        args["DurationSeconds"] = duration
    return args
