"""Lists of another shape: asked for once with each value, of one resource, or of what is said not to be there."""

from pathlib import Path
from typing import Any

import pytest

from syncd.errors import Denied, Failed
from tests.collectors.aws.loopback import ACCOUNT
from tests.collectors.aws.readings import DENIED, Fault, cloud

QUOTAS = """
[aws_quota]
list = "service-quotas.ListServiceQuotas Quotas[]"
each = { ServiceCode = ["ec2", "iam"] }
absent = ["NoSuchResourceException"]
arn = "servicequotas:{region}:{account}:{service_code}/{quota_code}"
id = "quota_code"
"""


def quotas(body: dict[str, Any]) -> Any:
    code = body["ServiceCode"]
    return {"Quotas": [{"ServiceCode": code, "QuotaCode": f"of-{code}"}]}


async def test_a_list_is_asked_for_once_with_each_value(tmp_path: Path) -> None:
    async with cloud(tmp_path, QUOTAS, ListServiceQuotas=quotas) as aws:
        found = await aws.read("aws_quota")
    assert sorted(found.nodes) == ["of-ec2", "of-iam"]


async def test_what_the_provider_says_is_not_there_is_an_answer_and_asked_again_where_it_takes_something_away(
    tmp_path: Path,
) -> None:
    def only_ec2(body: dict[str, Any]) -> Any:
        return quotas(body) if body["ServiceCode"] == "ec2" else Fault("NoSuchResourceException")

    async with cloud(tmp_path, QUOTAS, ListServiceQuotas=only_ec2) as aws:
        found = await aws.read("aws_quota")
    assert (sorted(found.nodes), found.gaps) == (["of-ec2"], [])
    assert [(doubt.reason, doubt.always) for doubt in found.doubts] == [
        ("service-quotas.ListServiceQuotas says that there is none", False)
    ]


async def test_a_list_that_is_not_there_any_more_in_the_middle_is_no_short_list(tmp_path: Path) -> None:
    def first_page_only(body: dict[str, Any]) -> Any:
        return Fault("NoSuchResourceException") if "NextToken" in body else {**quotas(body), "NextToken": "2"}

    async with cloud(tmp_path, QUOTAS, ListServiceQuotas=first_page_only) as aws:
        with pytest.raises(Failed, match="in the middle of a list"):
            await aws.read("aws_quota")


async def test_another_error_of_one_of_the_calls_fails_the_scope(tmp_path: Path) -> None:
    async with cloud(tmp_path, QUOTAS, ListServiceQuotas=DENIED) as aws:
        with pytest.raises(Denied):
            await aws.read("aws_quota")


SETTINGS = """
[aws_catalog]
list = "athena.GetDataCatalog DataCatalog"
args = { Name = "settings" }
item = "settings"
absent = ["InvalidRequestException"]
arn = "urn:aws:{account}:{region}:aws_catalog:{account}"
id = "{account}"
name = "settings of {account}"
"""


@pytest.mark.parametrize(
    ("answer", "document"),
    [
        ({"DataCatalog": {"Name": "a", "Type": "GLUE"}}, {"settings": {"name": "a", "type": "GLUE"}}),
        (Fault("InvalidRequestException"), {"settings": {}}),
    ],
)
async def test_a_call_may_answer_with_the_one_resource_that_is_there_always(
    tmp_path: Path, answer: Any, document: dict[str, Any]
) -> None:
    async with cloud(tmp_path, SETTINGS, GetDataCatalog=answer) as aws:
        found = await aws.read("aws_catalog")
    assert found[f"settings of {ACCOUNT}"].document == document
    assert found.doubts == []


async def test_one_resource_that_is_not_in_the_answer_is_doubted(tmp_path: Path) -> None:
    async with cloud(tmp_path, SETTINGS, GetDataCatalog={}) as aws:
        found = await aws.read("aws_catalog")
    assert found.nodes == {}
    assert len(found.doubts) == 1
