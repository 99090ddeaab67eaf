"""Reads one resource again, and changes it: the only part of this collector that changes anything."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from botocore.validate import ParamValidator

from collectors.aws.acts import TagCalls, document_of, narrowing, tagging_of
from collectors.aws.arguments import Arguments
from collectors.aws.calling import called, coerced, refused
from collectors.aws.client import Ask, Client
from collectors.aws.compile import Compiler
from collectors.aws.engine import Engine
from collectors.aws.entries import KindEntry
from collectors.aws.places import Place
from collectors.aws.tagging import BulkTags
from syncd.errors import Failed
from syncd.model import Act, Node
from syncd.plugin import Calls, Reader

Document = dict[str, Any]


class Acts:
    """What the catalog says that can be done. Tags are read by each service's own call: the tagging API is behind."""

    def __init__(self, compiler: Compiler) -> None:
        self._single = Compiler(compiler.catalog, compiler.models, bulk_tags=False)
        self._calls: dict[str, TagCalls] = {}

    @property
    def models(self) -> Any:
        return self._single.models

    def entry(self, kind: str) -> KindEntry:
        found = self._single.catalog.kinds.get(kind)
        if found is None:
            raise Failed(f"the catalog has no kind {kind}")
        return found

    @cached_property
    def _validator(self) -> ParamValidator:
        return ParamValidator()

    def verbs(self, kind: str) -> frozenset[str]:
        """Tags that are never read cannot be changed: nobody could tell what they were before."""
        if kind not in self._single.catalog.kinds:
            return frozenset()
        return frozenset({"call", "tag", "untag"} if self.tag_calls(kind) is not None else {"call"})

    def tag_calls(self, kind: str) -> TagCalls | None:
        if kind not in self._calls:
            entry = self.entry(kind)
            tagging = tagging_of(entry)
            if tagging is None or not self._reads_tags(entry):
                return None
            self._calls[kind] = TagCalls(self._single.catalog, self._single.models, tagging)
        return self._calls[kind]

    def _reads_tags(self, entry: KindEntry) -> bool:
        plan = self._single.kind(entry)
        return plan.tags_call or bool(plan.shaping.tags_key)

    def fault(self, node: Node, act: Act) -> str:
        """Why this act cannot be done, "" when it can."""
        if act.verb not in self.verbs(node.kind):
            return f"the tags of {node.kind} cannot be changed here"
        calls = self.tag_calls(node.kind)
        if act.verb != "call":
            assert calls is not None
            return calls.fault(act, node.tags)
        try:
            operation = called(self.models, act)
            report = self._validator.validate(coerced(operation, act.parameters), operation.model.input_shape)
        except Failed as error:
            return error.reason
        return " ".join(str(report.generate_report()).split()) if report.has_errors() else ""

    async def read(self, client: Client, place: Place, region: str, node: Node, reader: Reader) -> Node | None:
        """The resource as it is now; None when it is gone."""
        plan = self._single.scope((self.entry(node.kind),))
        names = place_names(place, region)
        narrow = narrowing(node.kind)
        args = Arguments(narrow).one(document_of(node), names) if narrow is not None else None
        engine = Engine(client, BulkTags(client.models, frozenset()))
        return await engine.one(plan, place, region, reader, node.urn, args)

    async def act(self, client: Client, place: Place, region: str, node: Node, act: Act, calls: Calls) -> None:
        ask = self._ask(place, region, node, act)
        if reason := refused(await client.call(calls, ask)):
            raise Failed(f"{ask.operation.label} answered: {reason}", operation=ask.operation.label)

    def _ask(self, place: Place, region: str, node: Node, act: Act) -> Ask:
        if fault := self.fault(node, act):
            raise Failed(fault)
        if act.verb == "call":
            operation = called(self.models, act)
            return Ask(place.identity, region, operation, coerced(operation, act.parameters))
        tags = self.tag_calls(node.kind)
        sending = tags.sending(act, node, place_names(place, region)) if tags is not None else None
        if sending is None:
            raise Failed(f"{node.urn} does not say what its tags are changed with")
        where = sending.region or region
        return Ask(place.identity, where, sending.operation, sending.args, permission=sending.permission)


def place_names(place: Place, region: str) -> Mapping[str, str]:
    return {"account": place.account, "region": region, "partition": place.partition}
