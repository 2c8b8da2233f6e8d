"""Every check of `redwell doctor`, with facts on both sides of each line it draws."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from services.auth.signing.rows import KeyRow
from services.cli.doctor import credentials, folders, service, versions
from services.cli.doctor.finding import Finding, Verdict, age_text, needs_mending, size_text
from services.cli.doctor.rotation import found_of_signing
from services.keys.certificates import Validity

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOCK = "asyncpg==0.30.0 \\\n    --hash=sha256:00\nuvloop==0.21.0 ; sys_platform != 'win32' \\\n"
GIB = folders.GIB


def quiet(found: Finding) -> bool:
    """Nothing to mend, and so no step that has to be taken."""
    return found.verdict is not Verdict.MEND


class TestVersions:
    @pytest.mark.parametrize(("day", "fine"), [(date(2027, 10, 31), True), (date(2027, 11, 1), False)])
    def test_a_python_without_security_fixes(self, day: date, fine: bool) -> None:  # noqa: FBT001
        assert quiet(versions.python_version((3, 11, 2), day)) is fine

    def test_a_python_that_is_newer_than_this_program(self) -> None:
        assert quiet(versions.python_version((3, 19, 0), date(2031, 1, 1)))

    @pytest.mark.parametrize(("day", "fine"), [(date(2027, 11, 11), True), (date(2027, 11, 12), False)])
    def test_a_postgres_without_security_fixes(self, day: date, fine: bool) -> None:  # noqa: FBT001
        assert quiet(versions.postgres_version(150010, day)) is fine

    def test_packages_are_compared_with_the_lock(self) -> None:
        assert quiet(versions.packages(LOCK, {"asyncpg": "0.30.0", "uvloop": "0.21.0", "pip": "1"}))
        assert quiet(versions.packages(LOCK, {"asyncpg": "0.30.0"}))  # not wanted on this platform
        wrong = versions.packages(LOCK, {"asyncpg": "0.29.0", "uvloop": "0.21.0"})
        assert "asyncpg 0.29.0 instead of 0.30.0" in wrong.text
        assert "asyncpg missing" in versions.packages(LOCK, {}).text

    def test_the_schema_is_behind_level_or_ahead(self) -> None:
        known = frozenset({"0001", "0002"})
        assert quiet(versions.schema("0002", "0002", known))
        assert "migrate" in str(versions.schema("0001", "0002", known).next)
        assert "migrate" in str(versions.schema(None, "0002", known).next)
        assert "newer Redwell" in str(versions.schema("0009", "0002", known).next)

    def test_a_server_that_may_forget(self) -> None:
        settings = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "on"}
        (found,) = versions.durable(settings)
        assert "fsync=off" in found.text


class TestFolders:
    @pytest.mark.parametrize(("mode", "fine"), [(0o700, True), (0o711, True), (0o755, False), (0o720, False)])
    def test_others_may_pass_through_only(self, mode: int, fine: bool) -> None:  # noqa: FBT001
        assert quiet(folders.folder_mode(Path("/d"), mode)) is fine

    @pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)])
    def test_a_secret_file_is_its_owners(self, mode: int, count: int) -> None:
        assert len(folders.secret_mode(Path("/d/k"), mode)) == count

    @pytest.mark.parametrize(
        ("free", "total", "fine"),
        [(3 * GIB, 100 * GIB, True), (GIB, 100 * GIB, False), (GIB, 10 * GIB, True), (1, 10 * GIB, False)],
    )
    def test_little_space(self, free: int, total: int, fine: bool) -> None:  # noqa: FBT001
        assert quiet(folders.space(folders.Space(("objects",), free, total))) is fine

    def test_a_folder_is_looked_through(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        (tmp_path / "objects").mkdir()
        (tmp_path / "objects" / "one").write_bytes(bytes(2048))
        secret = tmp_path / "database.json"
        secret.write_text("{}")
        secret.chmod(0o644)
        found = list(folders.look(tmp_path))
        assert any("objects: 2.0 KiB in 1 files." in finding.text for finding in found)
        assert [finding.next for finding in found if not quiet(finding) and "chmod" in str(finding.next)] == [
            f"chmod 600 '{secret}'"
        ]


class TestCredentials:
    def test_a_key_is_named_with_its_age(self) -> None:
        facts = credentials.KeyFacts("root.key", NOW - timedelta(days=9), "the-id", None)
        found = credentials.key(facts, NOW)
        assert (found.verdict, found.text) == (Verdict.FINE, "root.key (the-id) is 9 days old.")

    def test_a_signing_key_grows_old_and_a_root_key_does_not(self) -> None:
        made = NOW - timedelta(days=731)
        assert (
            credentials.key(credentials.KeyFacts("token.pem", made, None, None), NOW).verdict is Verdict.NOTE
        )
        assert (
            credentials.key(credentials.KeyFacts("root.key", made, None, None), NOW).verdict is Verdict.FINE
        )

    def test_a_key_that_cannot_be_used(self) -> None:
        found = credentials.key(credentials.KeyFacts("root.key", NOW, None, "root.key is damaged."), NOW)
        assert (found.verdict, found.text) == (Verdict.MEND, "root.key is damaged.")
        assert credentials.key(credentials.KeyFacts("log.pem", None, None, None), NOW).verdict is Verdict.NOTE

    @pytest.mark.parametrize(
        ("begins", "ends", "fine"), [(-1, 30, True), (-1, 20, False), (-9, -1, False), (1, 90, False)]
    )
    @pytest.mark.parametrize("local", [True, False])
    def test_a_certificate_in_time(self, begins: int, ends: int, fine: bool, local: bool) -> None:  # noqa: FBT001
        times = (NOW + timedelta(days=begins), NOW + timedelta(days=ends))
        found = credentials.certificate(Path("c.pem"), Validity(("localhost",), *times, local), NOW)
        assert quiet(found) is fine
        assert "localhost" in found.text


class TestService:
    def test_health(self) -> None:
        assert quiet(service.health(service.Health(True, True), "h:1")[0])
        (unready,) = service.health(service.Health(True, False, ("audit: backlog",)), "h:1")
        assert "audit: backlog" in unready.text
        (dead,) = service.health(service.Health(False), "h:1")
        assert "--ops" in str(dead.next)

    def test_running_stopped_or_elsewhere(self) -> None:
        assert service.running(held=True, told=False).verdict is Verdict.FINE
        assert service.running(held=False, told=False).verdict is Verdict.NOTE
        assert service.running(held=None, told=False).verdict is Verdict.NOTE
        assert service.running(held=None, told=True).verdict is Verdict.FINE

    def test_a_database_across_the_network_in_clear(self) -> None:
        assert quiet(service.connection(encrypted=True, local=False))
        assert quiet(service.connection(encrypted=False, local=True))
        assert not quiet(service.connection(encrypted=False, local=False))

    def test_store_and_database(self) -> None:
        assert quiet(service.store("the folder x", None))
        assert quiet(service.database(None))
        assert not quiet(service.store("the folder x", "It is full."))
        assert not quiet(service.database("no route"))

    def test_a_log_that_falls_behind(self) -> None:
        signed = NOW - timedelta(seconds=5)
        assert not needs_mending(service.log(service.LogFacts(2, 9, 0, None, 0, signed), NOW))
        soon = service.LogFacts(2, 9, 3, NOW - timedelta(seconds=2), 1, signed)
        assert not needs_mending(service.log(soon, NOW))
        late = service.LogFacts(2, 9, 3, NOW - timedelta(minutes=5), 1, signed)
        assert [found.verdict for found in service.log(late, NOW)] == [
            Verdict.FINE,
            Verdict.MEND,
            Verdict.MEND,
        ]
        assert "nothing signed yet" in service.log(service.LogFacts(0, 0, 0, None, 0, None), NOW)[0].text

    def test_a_clock_that_is_wrong(self) -> None:
        assert quiet(service.clock(NOW, NOW, NOW))
        assert not quiet(service.clock(NOW - timedelta(days=3650), None, None))
        assert not quiet(service.clock(NOW, None, NOW + timedelta(minutes=1)))
        assert not quiet(service.clock(NOW, NOW + timedelta(minutes=1), None))


def test_whatever_needs_mending_says_how() -> None:
    health = service.health(service.Health(False), "h:1")
    disk = folders.space(folders.Space(("objects",), 0, GIB))
    for found in (
        *health,
        disk,
        service.store("a bucket", "full"),
        service.clock(NOW, NOW + timedelta(hours=1), None),
    ):
        assert found.verdict is Verdict.MEND
        assert found.next


def test_sizes_and_ages_are_said_as_people_say_them() -> None:
    assert [size_text(size) for size in (0, 1023, 1536, GIB * 1024 * 2048)] == [
        "0 bytes",
        "1023 bytes",
        "1.5 KiB",
        "2048.0 TiB",
    ]
    ages = (
        timedelta(seconds=-5),
        timedelta(seconds=9),
        timedelta(minutes=3),
        timedelta(hours=5),
        timedelta(days=3),
    )
    assert [age_text(NOW - age, NOW) for age in ages] == [
        "0 seconds",
        "9 seconds",
        "3 minutes",
        "5 hours",
        "3 days",
    ]


class TestSigningKeys:
    KEY = KeyRow("kid", NOW, NOW, None)

    def test_one_that_signs_and_is_believed_is_nothing_to_tell(self) -> None:
        assert not list(found_of_signing([self.KEY], "kid", NOW))

    @pytest.mark.parametrize("keys", [[], [replace(KEY, retired_at=NOW)]], ids=["unknown", "retired"])
    def test_one_that_signs_and_is_not_believed(self, keys: list[KeyRow]) -> None:
        assert [found.verdict for found in found_of_signing(keys, "kid", NOW)] == [Verdict.MEND]

    def test_one_that_waits(self) -> None:
        keys = [self.KEY, replace(self.KEY, kid="next", activated_at=None)]
        assert [found.verdict for found in found_of_signing(keys, "kid", NOW)] == [Verdict.NOTE]
