"""An AWS Organization: its accounts, its tree of units, and which accounts a configuration means."""

from collections.abc import AsyncIterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field

from collectors.aws.client import Ask, Client
from collectors.aws.credentials import Identity
from collectors.aws.endpoints import GLOBAL
from collectors.aws.settings import Organization
from syncd.errors import Failed
from syncd.plugin import Calls

Document = dict[str, Any]

_CLOSED = frozenset({"SUSPENDED", "PENDING_CLOSURE", "CLOSED", "PENDING_ACTIVATION"})
_DEEPEST = 10


class OrganizationDocuments(Struct, frozen=True):
    """The organization as plain documents.

    `units` and `accounts` carry `parent_id` (a root or a unit) and `path` (`Root/Prod/Web`) beside what AWS says.
    """

    organization: Document
    roots: list[Document] = field(default_factory=list)
    units: list[Document] = field(default_factory=list)
    accounts: list[Document] = field(default_factory=list)


class Organizations(Struct, frozen=True):
    """The Organizations API, seen with one identity. Raises a ReadError for what it may not see."""

    client: Client
    calls: Calls
    identity: Identity

    async def organization(self) -> Document:
        operation = self.client.models.operation("organizations", "DescribeOrganization")
        answer = await self.client.call(self.calls, Ask(self.identity, GLOBAL, operation, {}))
        found = answer.get("organization")
        if not isinstance(found, dict) or "id" not in found:
            raise Failed("organizations:DescribeOrganization: no organization in the answer", operation=operation.label)
        return found

    async def accounts(self) -> list[Document]:
        return [account async for account in self._all("ListAccounts", "accounts", {})]

    async def documents(self) -> OrganizationDocuments:
        """The whole tree, in the order roots, units from the top, accounts."""
        organization = await self.organization()
        roots = [root async for root in self._all("ListRoots", "roots", {})]
        found = OrganizationDocuments(organization, roots)
        waiting = [(root["id"], str(root.get("name", "Root")), 0) for root in roots]
        while waiting:
            parent, path, depth = waiting.pop(0)
            if depth > _DEEPEST:
                raise Failed(
                    f"organizations: units nested deeper than {_DEEPEST} at {path}", operation="organizations:*"
                )
            units = [
                unit
                async for unit in self._children("ListOrganizationalUnitsForParent", "organizational_units", parent)
            ]
            for unit in units:
                below = f"{path}/{unit.get('name', unit['id'])}"
                found.units.append({**unit, "parent_id": parent, "path": below})
                waiting.append((unit["id"], below, depth + 1))
            async for account in self._children("ListAccountsForParent", "accounts", parent):
                found.accounts.append({**account, "parent_id": parent, "path": path})
        return found

    def _children(self, name: str, key: str, parent: str) -> AsyncIterator[Document]:
        return self._all(name, key, {"ParentId": parent})

    async def _all(self, name: str, key: str, args: Mapping[str, Any]) -> AsyncIterator[Document]:
        operation = self.client.models.operation("organizations", name)
        async for page in self.client.pages(self.calls, Ask(self.identity, GLOBAL, operation, args)):
            for item in page.get(key, ()):
                if "id" not in item:
                    raise Failed(f"{operation.label}: an item without an id", operation=operation.label)
                yield item


def is_open(account: Document) -> bool:
    """Suspended and closing accounts let nobody in."""
    return account.get("status") not in _CLOSED and account.get("state") not in _CLOSED


def needs_tree(wanted: Organization) -> bool:
    """Whether any pattern could mean a unit: all but account ids."""
    return any(not (pattern.isdigit() and len(pattern) == 12) for pattern in (*wanted.include, *wanted.exclude))


def chosen(wanted: Organization, documents: OrganizationDocuments) -> tuple[list[Document], set[str]]:
    """The accounts that the configuration means, and the ids of those that it leaves out by name or as management."""
    names = _names_above(documents)
    found: list[Document] = []
    excluded: set[str] = set()
    for account in documents.accounts:
        known_as = names.get(account.get("parent_id", ""), ()) + _own_names(account)
        is_management = account["id"] == documents.organization.get("master_account_id")
        if (is_management and not wanted.include_management) or _matches(wanted.exclude, known_as):
            excluded.add(account["id"])
        elif not wanted.include or _matches(wanted.include, known_as):
            found.append(account)
    return found, excluded


def _own_names(account: Document) -> tuple[str, ...]:
    names = [account["id"], account.get("name", "")]
    if "path" in account:
        names += [account["path"], f"{account['path']}/{account.get('name', account['id'])}"]
    return tuple(names)


def _names_above(documents: OrganizationDocuments) -> dict[str, tuple[str, ...]]:
    """Unit or root → ids, names and paths of itself and all above it."""
    names: dict[str, tuple[str, ...]] = {
        root["id"]: (root["id"], str(root.get("name", "Root"))) for root in documents.roots
    }
    for unit in documents.units:
        names[unit["id"]] = (*names.get(unit["parent_id"], ()), unit["id"], str(unit.get("name", "")), unit["path"])
    return names


def _matches(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names if name)
