"""Which IAM actions the catalog's calls need."""

from collections.abc import Iterable

from collectors.aws.entries import Catalog, KindEntry, Target


def permission(catalog: Catalog, target: Target) -> str:
    """The IAM action of an operation: the service's prefix, unless its file says otherwise."""
    service = catalog.services.get(target.service)
    if service is None:
        return f"{target.service}:{target.operation}"
    return service.actions.get(target.operation) or f"{service.prefix or service.name}:{target.operation}"


def permissions(catalog: Catalog, kinds: Iterable[str]) -> set[str]:
    """Everything that reading the kinds needs, their parents' lists included."""
    found: set[str] = set()
    for kind in kinds:
        entry: KindEntry | None = catalog.kinds.get(kind)
        if entry is not None and entry.tagging:
            found.add("tag:GetResources")
        for facet in entry.facets if entry is not None else ():
            found.add(permission(catalog, facet.call))
        while entry is not None:
            found.add(permission(catalog, entry.call))
            entry = catalog.kinds.get(entry.parent.kind) if entry.parent is not None else None
    return found
