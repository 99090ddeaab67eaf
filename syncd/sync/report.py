"""What a finished run says of itself: made from the run's counters and the store's coverage."""

from collections import Counter

from syncd.store.coverage import Coverage
from syncd.store.store import Store
from syncd.sync.run import Run
from syncd.sync.summary import AccountSummary, IncompleteScope, RunSummary


async def summary_of(run: Run, store: Store, state: str, reason: str, seconds: float, first: int) -> RunSummary:
    """`first`: number of the last event before the run; `seconds`: how long the run took."""
    rows = [row for row in store.rows.values() if row.collector in run.sessions]
    names = await store.account_names()
    last = await store.events()
    return RunSummary(
        run=store.run,
        state=state,
        reason=reason,
        seconds=round(seconds, 3),
        scopes=dict(run.states),
        resting=run.resting,
        nodes=sum(row.nodes for row in rows),
        created=run.created.total(),
        updated=run.updated.total(),
        deleted=run.deleted.total(),
        calls=run.total.calls,
        retries=run.total.retries,
        throttles=run.total.throttles,
        bytes=run.total.bytes,
        same=run.total.same,
        first_event=first + 1 if last > first else 0,
        last_event=last if last > first else 0,
        sources=tuple(session.about() for session in run.sessions.values()),
        accounts=_accounts(run, store, rows, names),
        incomplete=tuple(
            IncompleteScope(row.key, row.state, row.reason, row.permission, row.operation)
            for row in sorted(rows, key=lambda row: row.key)
            if row.state not in ("complete", "retired")
        ),
    )


def _accounts(run: Run, store: Store, rows: list[Coverage], names: dict[str, str]) -> tuple[AccountSummary, ...]:
    scopes: Counter[tuple[str, str]] = Counter()
    incomplete: Counter[tuple[str, str]] = Counter()
    nodes: Counter[tuple[str, str]] = Counter()
    for row in rows:
        account = (row.collector, row.account)
        scopes[account] += 1
        nodes[account] += row.nodes
        incomplete[account] += row.state not in ("complete", "retired")
    for (collector, account_id, _), quiet in store.quiet.items():
        scopes[collector, account_id] += len(quiet)
    return tuple(
        AccountSummary(
            *account,
            names.get(account[1], ""),
            scopes[account],
            incomplete[account],
            nodes[account],
            run.created[account],
            run.updated[account],
            run.deleted[account],
        )
        for account in sorted(scopes)
    )
