"""Documents of resources in botocore's parsed form, made on demand from a world and an index."""

from typing import Any

Document = dict[str, Any]
