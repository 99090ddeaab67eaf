"""Stock clients read the indexes of the whole estate, and find exactly what is in it."""

import json
from collections import Counter

from bench.fake import Fake
from bench.fakeaws.answers.indexes import GROUPED, NAMES
from bench.fakeaws.estate import KINDS
from tests.bench.conftest import Client

VIEW = "arn:aws:resource-explorer-2:us-east-1:100000000001:view/all/x"


def test_every_kind_is_called_something() -> None:
    assert NAMES.keys() == KINDS.keys()


def test_resource_explorer_tells_of_each_resource_of_all_accounts(fake: Fake, client: Client) -> None:
    pages = client("resource-explorer-2").get_paginator("list_resources").paginate(ViewArn=VIEW)
    found = [each for page in pages for each in page["Resources"]]
    counts = Counter(each["ResourceType"] for each in found)
    truth = fake.get("__truth")["by_kind"]
    assert counts == {NAMES[kind].explorer: count for kind, count in truth.items() if count}
    assert {each["OwningAccountId"] for each in found} == {"100000000001", "100000000008"}


def test_config_counts_them_by_account_region_and_type(fake: Fake, client: Client) -> None:
    asked = {"Expression": GROUPED, "ConfigurationAggregatorName": "all", "PaginationConfig": {"PageSize": 25}}
    pages = client("config").get_paginator("select_aggregate_resource_config").paginate(**asked)
    rows = [json.loads(row) for page in pages for row in page["Results"]]
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["resourceType"]] += row["COUNT(*)"]
    truth = fake.get("__truth")["by_kind"]
    assert counts == {NAMES[kind].config: count for kind, count in truth.items() if count and NAMES[kind].config}
    assert len({(row["accountId"], row["awsRegion"], row["resourceType"]) for row in rows}) == len(rows)
