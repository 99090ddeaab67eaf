"""Compiles catalog entries against botocore's models into plans, one service after the other, when first asked for."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import product
from typing import Any

from botocore.model import OperationModel

from collectors.aws.arguments import Arguments
from collectors.aws.derive import Shaping, shaping
from collectors.aws.entries import Catalog, Facet, KindEntry, Parent, Target
from collectors.aws.extract import empty_answer, extractor, taker
from collectors.aws.fingerprint import fingerprint
from collectors.aws.hidden import skip
from collectors.aws.models import Models, Operation
from collectors.aws.outline import Outline, follow_output, members, snake, tag_names, tags_key
from collectors.aws.outlines import facet_outline, item_outline, richer, taken
from collectors.aws.paths import getter, plain_path, steps
from collectors.aws.permissions import permission
from collectors.aws.plans import Call, FacetCall, KindPlan, ParentPlan, ScopePlan, Take
from collectors.aws.references import Reference, Rules, references
from collectors.aws.targets import Targets, urn_template
from collectors.aws.templates import as_template, maker, template


class ModelShapes:
    """The models of the wire as the outlines ask for them."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def model(self, target: Target) -> OperationModel:
        return self._models.operation(target.service, target.operation).model


class Compiler:
    """Plans of a catalog. `bulk_tags` is whether tags come from the tagging API where a kind allows it."""

    def __init__(self, catalog: Catalog, models: Models, *, bulk_tags: bool = True) -> None:
        self.catalog = catalog
        self.models = models
        self.bulk_tags = bulk_tags
        self._shapes = ModelShapes(models)
        self._targets = Targets(catalog)
        self._rules = Rules(catalog.rules)
        self._kinds: dict[str, KindPlan] = {}
        self._lists: dict[str, ScopePlan] = {}
        self._scopes: dict[tuple[str, ...], ScopePlan] = {}
        models.expect(_operations(catalog.kinds.values()))

    def scope(self, entries: Collection[KindEntry]) -> ScopePlan:
        """The plan of one scope for the kinds of it that are wanted."""
        wanted = tuple(entry.kind for entry in entries)
        if wanted not in self._scopes:
            self._scopes[wanted] = self._scope(entries)
        return self._scopes[wanted]

    def _scope(self, entries: Collection[KindEntry]) -> ScopePlan:
        first = next(iter(entries))
        kinds = tuple(self.kind(entry) for entry in entries)
        hidden = frozenset().union(*(self._list_skip(entry) for entry in entries))
        operation = self._operation(first.call)
        return ScopePlan(
            name=first.scope,
            worldwide=first.worldwide,
            target=first.call,
            call=Call(operation, Arguments(first.args), permission(self.catalog, first.call), hidden, first.absent),
            kinds=kinds,
            parent=self._parent(first.parent) if first.parent is not None else None,
            fingerprint=fingerprint(kinds, [self._targets[kind] for kind in _referred(kinds) if kind in self._targets]),
            each=tuple(dict(zip(first.each, values, strict=True)) for values in product(*first.each.values())),
            nothing=empty_answer(first.path) if first.single else None,
        )

    def _operation(self, target: Target) -> Operation:
        return self.models.operation(target.service, target.operation)

    def kind(self, entry: KindEntry) -> KindPlan:
        found = self._kinds.get(entry.kind)
        if found is None:
            found = self._kinds[entry.kind] = self._kind(entry)
        return found

    def _kind(self, entry: KindEntry) -> KindPlan:
        item = item_outline(entry, self._shapes)
        outline, given = item, []
        for facet in entry.facets:
            facets = facet_outline(facet, self._shapes)
            above = frozenset(key for key, shape in facets.roots.items() if richer(item, key, shape))
            outline |= Outline({key: shape for key, shape in facets.roots.items() if key in above})
            given.append((facet, frozenset(facets.roots), above & item.roots.keys()))
        tagging = entry.tagging if self.bulk_tags else ""
        explicit = bool(tagging) or any(facet.tags for facet in entry.facets)
        key = entry.tags or tags_key(outline)
        takes = [self._take(*each, tags="" if explicit else key, dropped=key if explicit else "") for each in given]
        return KindPlan(
            entry=entry,
            extract=extractor(entry, inside=self._is_inside(entry)),
            shaping=self._shaping(entry, outline, key),
            levels=self._levels(entry, takes),
            tagging=tagging,
        )

    def _is_inside(self, entry: KindEntry) -> bool:
        """Whether the items stand in those of another kind of the same list."""
        kinds = self.catalog.kinds.values()
        return any(each.call == entry.call and entry.path.startswith(f"{each.path}.") for each in kinds)

    def _shaping(self, entry: KindEntry, outline: Outline, key: str) -> Shaping:
        hidden = (*entry.secret, *entry.drop, *entry.volatile, *((key,) if key else ()))
        found = tuple(references(entry, outline, self._rules, hidden))
        return shaping(entry, outline, found, self._targets)

    def references(self, entry: KindEntry) -> tuple[Reference, ...]:
        return self.kind(entry).shaping.references

    def _list_skip(self, entry: KindEntry) -> frozenset[tuple[str, ...]]:
        shape = follow_output(self._shapes.model(entry.call).output_shape, entry.path)
        return skip(entry, shape, entry.path) if members(shape) else frozenset()

    def _take(self, facet: Facet, keys: frozenset[str], above: frozenset[str], *, tags: str, dropped: str) -> Take:
        """Tags among other keys are told as "tags", or not at all where tags come from elsewhere."""
        member, names = facet.member, None
        if facet.tags:
            shape = taken(facet, self._shapes)
            member = _tags_member(shape, facet)
            names = tag_names(follow_output(shape, member) if member else shape)
            keys, above = frozenset({"tags"}), frozenset()
        else:
            keys = frozenset("tags" if key == tags else key for key in keys if key != dropped)
        part = snake_path(member) if member and facet.match is not None else ""
        return Take(facet, taker(facet.take, "" if part else member), keys, above, names, part)

    def _levels(self, entry: KindEntry, takes: Iterable[Take]) -> tuple[tuple[FacetCall, ...], ...]:
        """Facets of one call are asked for once; what runs after something is on a later level."""
        depths: dict[str, int] = {}
        groups: dict[tuple[int, str], list[Take]] = {}
        for take in sorted(takes, key=lambda take: _depth(take.facet, entry.facets)):
            facet = take.facet
            depths[facet.name] = _depth(facet, entry.facets)
            how = (facet.batch, facet.match, facet.region, facet.when, facet.pages, facet.known)
            same = (facet.call, facet.args, *how)
            groups.setdefault((depths[facet.name], repr(same)), []).append(take)
        count = max(depths.values(), default=-1) + 1
        return tuple(
            tuple(self._facet_call(entry, found) for (depth, _), found in groups.items() if depth == level)
            for level in range(count)
        )

    def _facet_call(self, entry: KindEntry, takes: list[Take]) -> FacetCall:
        facet = takes[0].facet
        match = facet.match
        hidden = (skip(entry, taken(take.facet, self._shapes), take.facet.take, take.facet.into) for take in takes)
        call = Call(
            self._operation(facet.call),
            Arguments(facet.args),
            permission(self.catalog, facet.call),
            # One call for several facets: what one hides another may need.
            frozenset[tuple[str, ...]]().union(*hidden) if len(takes) == 1 else frozenset(),
            frozenset().union(*(take.facet.absent for take in takes)),
        )
        return FacetCall(
            call=call,
            takes=tuple(takes),
            batch=facet.batch,
            match=(getter(snake_path(match.item)), getter(match.key)) if match is not None else None,
            region=maker(facet.region) if facet.region else None,
            when=facet.when,
            pages=facet.pages,
            known=getter(facet.known) if facet.known else None,
        )

    def _parent(self, parent: Parent) -> ParentPlan:
        entry = self.catalog.kinds[parent.kind]
        return ParentPlan(
            scope=self._list(entry),
            kind=self.kind(entry),
            args=Arguments(parent.args),
            keep={key: maker(text) for key, text in parent.keep.items()},
            where=getter(parent.where) if parent.where else None,
            own=getter(parent.own) if parent.own else None,
            batch=parent.batch,
            single=parent.batch == 1 and not parent.distinct,
            needed=self._needed(entry),
        )

    def _list(self, entry: KindEntry) -> ScopePlan:
        """The plan that lists one kind alone, as a parent."""
        found = self._lists.get(entry.kind)
        if found is None:
            found = self._lists[entry.kind] = self.scope((entry,))
        return found

    def _needed(self, entry: KindEntry) -> frozenset[str]:
        """The top-level keys of a parent that its children, and its own URN, are made of."""
        texts = [urn_template(entry), as_template(entry.id)]
        for child in self.catalog.kinds.values():
            if child.parent is not None and child.parent.kind == entry.kind:
                texts += [*_texts(child.parent.args), *child.parent.keep.values()]
                texts += ["{" + plain_path(path) + "}" for path in (child.parent.where, child.parent.own) if path]
        return frozenset(steps(name)[0].name for text in texts for name in template(text).names())


def _operations(entries: Iterable[KindEntry]) -> dict[str, set[str]]:
    """What is called of each service, so that its model is read once."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        for target in (entry.call, *(facet.call for facet in entry.facets)):
            found.setdefault(target.service, set()).add(target.operation)
    return found


def _referred(kinds: Iterable[KindPlan]) -> list[str]:
    return sorted({kind for plan in kinds for reference in plan.shaping.references for kind in reference.kinds})


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def _depth(facet: Facet, facets: Collection[Facet]) -> int:
    by_name: Mapping[str, Facet] = {each.name: each for each in facets}
    depth, seen = 0, {facet.name}
    while facet.after in by_name and facet.after not in seen:
        facet = by_name[facet.after]
        seen.add(facet.name)
        depth += 1
    return depth


def _tags_member(shape: Any, facet: Facet) -> str:
    """The member of a batch's item that holds the tags."""
    if facet.member or facet.match is None:
        return facet.member
    found: Callable[[str], bool] = lambda name: tag_names(shape.members[name]) is not None  # noqa: E731
    return next((name for name in getattr(shape, "members", ()) if found(name)), "")


def snake_path(path: str) -> str:
    """A path in the model's spelling as a path in documents."""
    return ".".join(snake(step.name) + ("[]" if step.each else "") for step in steps(path))
