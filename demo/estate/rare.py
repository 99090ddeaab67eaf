"""The kinds that few estates have, so that every kind which moto can hold is somewhere."""

from demo.estate import balancing, compute, containers, identity, messages, network, operations, storage
from demo.estate.site import Site


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
