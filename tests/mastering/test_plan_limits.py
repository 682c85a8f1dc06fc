"""What a plan allows one person to have at work and waiting."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from billing.models import Account, Subscription, Terms
from mastering.errors import TooManyMasters
from mastering.models import Version
from tests.conftest import browser_of
from tests.studio import PlayedEngine, measured, submitted


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.PLAN_LIMITS = True
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 50


def subscribe(user: User, plan: str, *, status: str = "active", since_days: int = 1) -> None:
    begun = timezone.now() - timedelta(days=since_days)
    Subscription.objects.create(
        account=Account.objects.get(user=user),
        stripe_id=f"sub_{plan}_{user.pk}",
        plan=plan,
        status=status,
        period_start=begun,
        period_end=begun + timedelta(days=30),
    )


def begun_at_once(*users: User) -> list[str]:
    """Claim until nothing is due; return whose it was."""
    for user in users:
        for _ in range(4):
            measured(submitted(user))
    claimed = iter(lambda: Version.objects.claim_next(worker="here:1"), None)
    return sorted(version.user.email.partition("@")[0] for version in claimed)


def test_each_plan_has_its_own_number_of_masters_at_work(
    alice: User, bob: User, engine: PlayedEngine
):
    subscribe(bob, "artist")
    assert begun_at_once(alice, bob) == ["alice", "bob", "bob"]
    assert not Version.objects.due().exists(), "no worker overlooks it"
    ended = Version.objects.running().get(user=alice)
    Version.objects.fail(ended, code="internal")
    assert {version.user for version in Version.objects.kept_back()} == {alice}


@pytest.mark.parametrize(
    ("status", "since_days", "at_once"),
    [
        ("active", 1, 3),
        ("trialing", 1, 3),
        ("past_due", 6, 3),
        ("past_due", 8, 1),
        ("canceled", 1, 1),
    ],
)
def test_a_plan_counts_as_long_as_it_is_in_force(
    alice: User, engine: PlayedEngine, status: str, since_days: int, at_once: int
):
    subscribe(alice, "studio", status=status, since_days=since_days)
    (held,) = Subscription.objects.all()
    assert Subscription.objects.in_force().exists() == held.is_in_force
    assert len(begun_at_once(alice)) == at_once


def test_of_two_plans_the_better_one_counts(alice: User, engine: PlayedEngine):
    subscribe(alice, "artist")
    subscribe(alice, "studio")
    assert len(begun_at_once(alice)) == 3


def test_the_operators_terms_count_and_the_sites_limit_stays_above(
    alice: User, engine: PlayedEngine, settings
):
    Terms.objects.create(code="free", max_running=4)
    settings.MAX_RUNNING_PER_PERSON = 2
    assert len(begun_at_once(alice)) == 2


def test_a_plan_limits_how_many_may_wait(alice: User):
    Terms.objects.create(code="free", max_running=1, max_queued=1)
    submitted(alice)
    submitted(alice)
    with pytest.raises(TooManyMasters):
        submitted(alice)
    subscribe(alice, "artist")
    submitted(alice)


def test_the_pricing_page_says_of_limits_what_holds(alice: User, settings):
    page = browser_of(alice).get("/pricing/").content.decode()
    assert "1 rendered at a time" in page
    assert "5 more in the queue" in page
    settings.PLAN_LIMITS = False
    page = browser_of(alice).get("/pricing/").content.decode()
    assert "at a time" not in page
