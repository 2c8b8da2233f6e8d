from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.auth.policies.policy import (
    Deployment,
    Facts,
    Obstacle,
    decide_policies,
    is_open,
    lengths,
    networks,
    obstacle,
    policies_etag,
    roles_with_policies,
)
from services.auth.policies.schemas import DAYS, Conditions, Hours, Lengths
from services.kernel.networks import within
from services.kernel.scopes import OrganizationKind, Role

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)  # a Friday
FACTS = Facts(("pwd", "otp"), "192.0.2.7", "DE", NOON - timedelta(hours=1), NOON)
LONGEST = Lengths(idle_seconds=3600, absolute_seconds=43_200)
HERE = Deployment(LONGEST, knows_countries=False, enrolable=frozenset({"totp"}))
WEEK = list(DAYS)


def hours(opens: str, closes: str, days: list[str], zone: str = "UTC") -> Hours:
    return Hours.model_validate({"days": days, "opens": opens, "closes": closes, "zone": zone})


IN_THE_WAY = {
    Obstacle.FACTOR: Conditions(factors=["passkey"]),
    Obstacle.NETWORK: Conditions(networks=["198.51.100.0/24", "2001:db8::/32"]),
    Obstacle.COUNTRY: Conditions(countries=["IN", "US"]),
    Obstacle.HOURS: Conditions(hours=hours("13:00", "20:00", WEEK)),
    Obstacle.LENGTH: Conditions(absolute_seconds=3600),
}
MET = Conditions(
    factors=["totp", "passkey"],
    networks=["192.0.2.0/24"],
    countries=["DE"],
    hours=hours("08:00", "20:00", ["fri"]),
    idle_seconds=900,
    absolute_seconds=3601,
)


class TestWhatIsInTheWay:
    def test_nothing_where_nothing_is_demanded_or_all_of_it_is_met(self) -> None:
        for conditions in ([], [Conditions()], [MET], [Conditions(), MET]):
            assert obstacle(conditions, FACTS) is None

    @pytest.mark.parametrize("missing", Obstacle)
    def test_each_condition_beside_others_that_are_met(self, missing: Obstacle) -> None:
        for conditions in permutations([IN_THE_WAY[missing], MET, Conditions()]):
            assert obstacle(conditions, FACTS) == missing

    def test_the_first_of_several_is_told_whichever_policy_it_is_of(self) -> None:
        for conditions in permutations(IN_THE_WAY.values()):
            assert obstacle(conditions, FACTS) == Obstacle.FACTOR

    def test_an_address_whose_country_is_not_known_is_in_none(self) -> None:
        unknown = Facts(FACTS.methods, FACTS.address, None, FACTS.began_at, NOON)
        assert obstacle([MET], unknown) == Obstacle.COUNTRY

    @pytest.mark.parametrize("method", ["hwk", "swk"])
    def test_a_passkey_is_a_passkey_wherever_its_key_is(self, method: str) -> None:
        facts = Facts(("pwd", method), FACTS.address, "DE", FACTS.began_at, NOON)
        assert obstacle([Conditions(factors=["passkey"])], facts) is None
        assert obstacle([Conditions(factors=["totp"])], facts) == Obstacle.FACTOR

    @given(
        st.lists(st.sampled_from([*IN_THE_WAY.values(), MET, Conditions()])),
        st.lists(st.sampled_from([*IN_THE_WAY.values(), MET])),
    )
    def test_a_further_policy_never_lets_more_through(
        self, some: list[Conditions], more: list[Conditions]
    ) -> None:
        if obstacle(some, FACTS) is not None:
            assert obstacle(some + more, FACTS) is not None


class TestHours:
    @pytest.mark.parametrize(
        ("opens", "closes", "days", "zone", "open_"),
        [
            ("12:00", "13:00", ["fri"], "UTC", True),
            ("11:00", "12:00", ["fri"], "UTC", False),
            ("00:00", "24:00", ["fri"], "UTC", True),
            ("00:00", "24:00", ["thu", "sat"], "UTC", False),
            ("14:00", "15:00", ["fri"], "Europe/Berlin", True),
            ("17:00", "18:00", ["fri"], "Asia/Kolkata", True),
            ("01:00", "03:00", ["sat"], "Pacific/Kiritimati", True),
            ("22:00", "13:00", ["thu"], "UTC", True),
            ("22:00", "12:00", ["thu"], "UTC", False),
            ("22:00", "13:00", ["fri"], "UTC", False),
            ("12:00", "12:00", ["fri"], "UTC", True),
            ("12:00", "12:00", ["thu"], "UTC", False),
        ],
    )
    def test_noon_of_a_friday(self, opens: str, closes: str, days: list[str], zone: str, open_: bool) -> None:  # noqa: FBT001 -- a table
        assert is_open(hours(opens, closes, days, zone), NOON) is open_

    @pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
    def test_they_follow_the_clocks_on_the_walls_when_those_are_put(self, day: str) -> None:
        office = hours("09:00", "17:00", WEEK, "Europe/Berlin")
        midnight = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        summer = 7 if day == "2026-03-29" else 8
        opened = [hour for hour in range(24) if is_open(office, midnight + timedelta(hours=hour))]
        assert opened == list(range(summer, summer + 8))

    @given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 7 * 1440))
    def test_over_midnight_is_what_is_left_of_the_day_between(
        self, opens: int, closes: int, minute: int
    ) -> None:
        moment = NOON + timedelta(minutes=minute)
        spelled = [f"{each // 60:02}:{each % 60:02}" for each in (opens, closes)]
        one = is_open(hours(spelled[0], spelled[1], WEEK), moment)
        other = is_open(hours(spelled[1], spelled[0], WEEK), moment)
        assert one is not other or opens == closes

    @pytest.mark.parametrize(
        "wrong",
        [
            {"days": []},
            {"days": ["Friday"]},
            {"opens": "24:00"},
            {"closes": "9:00"},
            {"zone": "Europe/Atlantis"},
            {"zone": "../../etc/passwd"},
            {"zone": ""},
        ],
    )
    def test_what_are_no_hours(self, wrong: dict[str, object]) -> None:
        told = {"days": ["fri"], "opens": "08:00", "closes": "19:00", "zone": "Europe/Berlin"}
        with pytest.raises(ValidationError):
            Hours.model_validate(told | wrong)


@given(st.lists(st.integers(900, 90_000)), st.lists(st.integers(900, 90_000)))
def test_of_lengths_the_shortest_counts_and_none_is_longer_than_everybodys(
    idle: list[int], absolute: list[int]
) -> None:
    conditions = [Conditions(idle_seconds=each) for each in idle]
    conditions += [Conditions(absolute_seconds=each) for each in absolute]
    assert lengths(conditions, LONGEST) == Lengths(
        idle_seconds=min([*idle, 3600]), absolute_seconds=min([*absolute, 43_200])
    )


def test_a_token_is_good_from_where_every_policy_says() -> None:
    office = Conditions(networks=["10.0.0.0/8", "2001:db8::/32"])
    floor = Conditions(networks=["10.1.0.0/16", "192.0.2.0/24"])
    assert networks([office, Conditions(), floor]) == ("10.1.0.0/16",)
    assert networks([Conditions()]) == ()


_BLOCKS = st.sampled_from(
    ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.0.2.0/24", "2001:db8::/32", "::/0"]
)
_ADDRESSES = st.sampled_from(["10.1.2.3", "10.1.9.9", "10.9.9.9", "192.0.2.1", "2001:db8::1", "2001:db9::1"])


@given(st.lists(st.lists(_BLOCKS, min_size=1, max_size=4), min_size=1, max_size=3), _ADDRESSES)
def test_the_common_networks_hold_exactly_the_addresses_that_all_hold(
    named: list[list[str]], address: str
) -> None:
    common = networks([Conditions(networks=blocks) for blocks in named])
    assert within(address, common) is all(within(address, blocks) for blocks in named)


class TestWhatCanBeSet:
    def test_what_a_deployment_has(self) -> None:
        wanted = {Role.ATTORNEY: Conditions(idle_seconds=3600, factors=["totp", "passkey"])}
        assert decide_policies(OrganizationKind.FIRM, wanted, HERE).allowed

    @pytest.mark.parametrize(
        "conditions",
        [
            Conditions(countries=["DE"]),
            Conditions(factors=["passkey"]),
            Conditions(idle_seconds=3601),
            Conditions(absolute_seconds=43_201),
        ],
    )
    def test_what_it_does_not_have(self, conditions: Conditions) -> None:
        assert not decide_policies(OrganizationKind.FIRM, {Role.ATTORNEY: conditions}, HERE).allowed

    def test_a_firm_has_policies_for_those_who_act_for_it_and_a_provider_for_its_own(self) -> None:
        firm, provider = map(roles_with_policies, (OrganizationKind.FIRM, OrganizationKind.PROVIDER))
        assert {Role.FIRM_ADMIN, Role.ATTORNEY, Role.PARALEGAL} <= firm
        assert {Role.PARALEGAL, Role.PROVIDER_ADMIN} <= provider
        assert Role.CLIENT not in firm | provider
        wanted = {Role.ATTORNEY: Conditions()}
        assert not decide_policies(OrganizationKind.PROVIDER, wanted, HERE).allowed

    @pytest.mark.parametrize(
        "wrong",
        [
            {"networks": []},
            {"networks": ["10.0.0.1/8"]},
            {"networks": ["10.0.0.0/8"] * 17},
            {"countries": ["XX"]},
            {"factors": ["sms"]},
            {"idle_seconds": 899},
            {"absolute_seconds": 0},
            {"absolute_seconds": True},
        ],
    )
    def test_what_is_no_condition(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            Conditions.model_validate(wrong)


def test_an_entity_tag_changes_with_what_is_demanded_alone() -> None:
    one = {Role.ATTORNEY: Conditions(networks=["192.0.2.0/24", "10.0.0.0/8"]), Role.PARALEGAL: MET}
    same = {Role.PARALEGAL: MET, Role.ATTORNEY: Conditions(networks=["10.0.0.0/8", "192.0.2.0/24"])}
    tags = {policies_etag(one), policies_etag({}), policies_etag({Role.ATTORNEY: MET})}
    assert policies_etag(one) == policies_etag(same)
    assert len(tags) == 3
