"""Where AWS' console shows a resource. Pure but for the table, which is data beside this file."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""By partition. Others have no public console."""
_REGION = re.compile("[a-z]{2}(-[a-z]+)+-[0-9]+")


def link(resource: Mapping[str, Any]) -> str:
    """The address of the console's page of a resource, "" for kinds that have none and for other partitions."""
    urn, region = str(resource.get("urn") or ""), str(resource.get("region") or "")
    path = table().get(str(resource.get("kind")))
    host = HOSTS.get(urn.partition(":")[2].partition(":")[0])
    if path is None or host is None:
        return ""
    regional = _REGION.fullmatch(region) is not None
    if "{region}" in path and not regional:
        return ""
    values = {
        "id": str(resource.get("id") or ""),
        "urn": urn,
        "region": region,
        "account": str(resource.get("account") or ""),
        "last": re.split("[/:]", urn)[-1],
    }
    filled = path.format_map({name: quote(value, safe="") for name, value in values.items()})
    return f"https://{f'{region}.' if regional else ''}{host}/{filled}"


@cache
def table() -> Mapping[str, str]:
    """Kind → address behind the host."""
    found: dict[str, str] = tomllib.loads(Path(__file__).with_name("console.toml").read_text(encoding="utf-8"))
    return found
