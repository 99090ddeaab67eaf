"""What is not seen of each account is told call by call, also where one scope lacks several."""

from syncd.model import Gap
from syncd.store.commit import gap_reason
from syncd.store.troubles import gaps_in


def test_every_gap_of_a_reason_is_found_again() -> None:
    gaps = [
        Gap("denied", "s3:GetBucketEncryption", "s3:GetEncryptionConfiguration", "AccessDenied: no; never", 12),
        Gap("failed", "s3:GetBucketTagging", "", "not read within 3 s", 1),
    ]
    assert list(gaps_in(gap_reason(gaps))) == [(g.operation, g.state, g.count, g.reason) for g in gaps]
    assert list(gaps_in("")) == []


def test_words_of_the_provider_are_no_gap() -> None:
    (found,) = gaps_in("x:Y denied for 2: access was denied for 3: reasons")
    assert found == ("x:Y", "denied", 2, "access was denied for 3: reasons")
