"""Which addresses may be dialled: the public ones, and what is named. Pure: decided on the address itself, after DNS.

`ipaddress` alone takes for global what leads elsewhere: addresses with an IPv4 address inside (NAT64, 6to4, Teredo),
multicast, and the special ones of 192.0.0.0/24.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_UNICAST = ip_network("2000::/3")  # all of IPv6 that is given out; NAT64 and IPv4-compatible addresses are outside
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments: its exceptions are metadata services at some clouds
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::(?P<six_port>\d+))?|(?P<host>[^:]+):(?P<port>\d+)")


def address(text: str) -> Address | None:
    """An address as it is dialled: IPv4 in IPv6's clothes is IPv4. None for anything else, such as a name."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def public(found: Address) -> bool:
    """Whether it is an address of the internet, and leads nowhere else."""
    if not found.is_global or found.is_multicast or any(found in network for network in _SPECIAL):
        return False
    return found.version == 4 or found in _UNICAST


@dataclass(frozen=True, slots=True)
class Place:
    """What a list of places names: a network, or a host by its name. `port` 0: every port."""

    network: Network | None = None
    name: str = ""
    port: int = 0

    def holds(self, host: str, dialled: Address | None, port: int) -> bool:
        """`host`: what the address was resolved from, or the address itself."""
        if self.port not in (0, port):
            return False
        if self.network is not None:
            return dialled is not None and dialled in self.network
        return self.name == plain(host)


def place(text: str) -> Place:
    """`10.0.0.0/8`, `10.1.2.3`, `[fd00::1]:443`, `alerts.internal`, `alerts.internal:9093`. Raises ValueError."""
    named = _WITH_PORT.fullmatch(text)
    host = (named["six"] or named["host"]) if named else text
    port = int(named["six_port"] or named["port"] or 0) if named else 0
    if port > 65535:
        raise ValueError(f"{text}: there is no port {port}")
    network = _network(host)
    if network is None and not _is_name(plain(host)):
        raise ValueError(f"{text}: expected a network, an address or the name of a host, each with or without :port")
    return Place(network, "" if network else plain(host), port)


def places(texts: Iterable[str]) -> tuple[Place, ...]:
    return tuple(place(text) for text in texts)


def plain(name: str) -> str:
    """A host's name as it is compared."""
    return name.lower().rstrip(".")


def named(allowed: Iterable[Place], host: str, dialled: Address | None, port: int) -> bool:
    return any(each.holds(host, dialled, port) for each in allowed)


def refusal(allowed: Iterable[Place], host: str, dialled: str, port: int) -> str:
    """Why this address must not be dialled on the way to `host`; "" when it may."""
    found = address(dialled)
    if found is not None and (public(found) or named(allowed, host, found, port)):
        return ""
    return f"{dialled} is not a public address; only [egress] allow can permit it"


def _network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        whole = ip_network(text, strict=False)
    except ValueError:
        return None
    raise ValueError(f"{text}: not the first address of a network; {whole} was probably meant")


def _is_name(text: str) -> bool:
    """Short forms of addresses such as 127.1 are not names."""
    return bool(_NAME.fullmatch(text)) and len(text) <= 253 and not text.rpartition(".")[2].isdigit()
