"""The kinds that few estates have, so that every kind which moto can hold is somewhere."""

import json

from demo.estate import (
    balancing,
    compute,
    containers,
    edges,
    identity,
    learning,
    links,
    messages,
    network,
    operations,
    people,
    records,
    storage,
    upkeep,
    work,
)
from demo.estate.site import Site
from demo.place import Place, pairs


def build(site: Site, certificate: str, key: str) -> None:
    """On top of a main region; `certificate` and `key` are a certificate in PEM and its private key."""
    network.rare(site)
    compute.rare(site)
    identity.rare(site, certificate, key)
    storage.clusters(site)
    storage.caches(site)
    storage.warehouse(site)
    balancing.classic(site)
    balancing.firewall(site)
    containers.kubernetes(site)
    operations.backups(site)
    operations.builds(site)
    messages.streams(site)
    for part in (people, links, records, work, upkeep, learning, edges):
        part.build(site)


def policies(place: Place) -> None:
    """What the Organization allows and asks for, in its management account."""
    client, tags = place.client("organizations"), place.tags
    for kind, name in (("SERVICE_CONTROL_POLICY", "no-leaving"), ("TAG_POLICY", "owners")):
        client.create_policy(
            Name=name, Type=kind, Description=name, Content=json.dumps({}), Tags=pairs(tags(name, "security"))
        )
