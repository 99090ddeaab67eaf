"""Notices of every form, with plain and with hostile words."""

from dataclasses import replace

from syncd.notice import Item, Notice

BEGUN = Item(
    event=7,
    at="2026-11-23T11:59:00Z",
    type="rule.matched",
    change="begin",
    resource={
        "kind": "aws_s3_bucket",
        "id": "data",
        "name": "data",
        "urn": "aws/111122223333/s3/data",
        "cloud": "aws",
        "account": "111122223333",
        "account_name": "production",
        "region": "eu-central-1",
        "zone": "",
        "created_at": "2026-01-01T00:00:00Z",
        "tags": {"owner": "ann"},
        "link": "https://s3.console.aws.amazon.com/s3/buckets/data",
    },
    text="bucket data is public",
)
CEASED = replace(BEGUN, event=8, type="rule.cleared", change="cease", reason="mended", text="")
CHANGED = replace(
    BEGUN,
    event=9,
    type="resource.updated",
    change="happened",
    changes=({"path": "tags.owner", "old": "ann", "new": None},),
)
FIRING = Notice(
    id="msg_0123456789abcdefghijklmnop",
    at="2026-11-23T12:00:00Z",
    state="firing",
    rule="public-buckets",
    severity="error",
    incident="0f" * 16,
    title="2 buckets are public",
    text="Anybody can read them.",
    description="A bucket that is public can be read by everybody.",
    search="is(aws_s3_bucket) and public = true",
    labels={"team": "storage"},
    group={"account": "111122223333"},
    items=(BEGUN, replace(BEGUN, event=10)),
    total=2,
    firing=2,
)
RESOLVED = replace(FIRING, state="resolved", title="No bucket is public", items=(CEASED,), total=1, firing=0)
WORDS = (
    "a\r\nBcc: evil@example.com\x00\x1b[31m\u202e\u2028<script>'\"{{ 7 * 7 }}{% raw %}</at><!channel>@everyone"
    + "🦊" * 3_000
)
HOSTILE = replace(
    FIRING,
    title=WORDS,
    text=WORDS,
    description=WORDS,
    labels={"team": WORDS},
    group={"tags.owner": WORDS},
    items=(replace(BEGUN, text=WORDS, reason=WORDS, resource={**BEGUN.resource, "name": WORDS, "link": WORDS}),) * 60,
    total=50_000,
)
FORMS = {
    "firing": FIRING,
    "resolved": RESOLVED,
    "news": replace(FIRING, state="news", items=(CHANGED,), total=1),
    "test": replace(FIRING, state="test", items=(), total=0, firing=0, search=""),
    "repeated": replace(FIRING, repeated=True),
    "a summary": replace(FIRING, items=(BEGUN,), total=50_000, group={"summary": "50,000 resources"}),
    "of no resource": replace(FIRING, state="news", items=(replace(CHANGED, resource={}, changes=()),)),
    "hostile": HOSTILE,
}
