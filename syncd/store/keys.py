"""Node keys: 63 bits from a URN, the same everywhere and always, close together for resources of one place and kind.

The upper 16 bits come from the place (partition, service, region, account, resource type), the lower 47 from the whole
URN: rows of one scope lie together in the tree, so that a scope's transaction touches few pages.
"""

import re
from functools import lru_cache
from hashlib import blake2b

PLACE_BITS = 16
REST_BITS = 63 - PLACE_BITS
ARN_PLACE = re.compile("arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:[^/:]+(?=[/:]))?")


def place(urn: str) -> str:
    """The part of a URN that resources of one place and kind share.

    `arn:aws:ec2:eu-west-1:111122223333:volume/vol-1` → `arn:aws:ec2:eu-west-1:111122223333:volume`.
    """
    found = ARN_PLACE.match(urn)
    return found.group() if found else urn[: max(urn.rfind("/"), urn.rfind(":")) + 1]


@lru_cache(maxsize=8192)
def _place_bits(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=2).digest()) << REST_BITS


@lru_cache(maxsize=16384)
def node_key(urn: str) -> int:
    """The key of a node or of a handle. Two URNs with one key are detected and refused at commit."""
    rest = int.from_bytes(blake2b(urn.encode(), digest_size=8).digest()) >> (64 - REST_BITS)
    return _place_bits(place(urn)) | rest
