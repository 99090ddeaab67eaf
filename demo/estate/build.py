"""The whole estate: what stands in each account and region, built side by side."""

from concurrent.futures import ThreadPoolExecutor

from demo.estate import balancing, compute, containers, identity, messages, network, operations, storage
from demo.estate.site import Site
from demo.place import Account, Place

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
HOME = REGIONS[0]
AT_ONCE = 4


def build(url: str, accounts: list[Account]) -> dict[tuple[str, str], Site]:
    """(stage, region) → what was built there."""
    sites = {(account.stage, region): Site(Place(url, account, region)) for account in accounts for region in REGIONS}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_account, [site for (_, region), site in sites.items() if region == HOME]))
        list(pool.map(_region, sites.values()))
    return sites


def everything(site: Site) -> None:
    """An account whose only region is this one."""
    _account(site)
    _region(site)


def _account(site: Site) -> None:
    """What is once in an account."""
    identity.build(site)
    storage.key(site)
    if site.stage != "shared":
        storage.buckets(site)


def _region(site: Site) -> None:
    """Production stands in every region, staging in the main one; every region has a key, logs and a queue."""
    if site.place.region != HOME:
        storage.key(site)
    if site.stage != "production" and (site.stage == "shared" or site.place.region != HOME):
        _little(site)
        return
    network.build(site, 10 + REGIONS.index(site.place.region))
    compute.build(site, 3 if site.stage == "production" else 1)
    operations.logs(site)
    balancing.certificate(site)
    balancing.balancer(site)
    if site.place.region == HOME:
        messages.layer(site)
    messages.build(site)
    operations.alarms(site)
    operations.secrets(site)
    operations.parameters(site)
    storage.table(site, "carts-cache", "storefront")
    if site.place.region == HOME:
        _home(site)


def _little(site: Site) -> None:
    operations.logs(site)
    messages.queue(site, "bills", "finance")


def _home(site: Site) -> None:
    """What a shop has in its main region."""
    network.links(site)
    compute.copies(site)
    compute.group(site)
    storage.databases(site)
    storage.files(site)
    balancing.names(site)
    balancing.gateways(site)
    containers.registry(site)
    containers.ecs(site)
    messages.flows(site)
    operations.stacks(site)
    operations.audit(site)
