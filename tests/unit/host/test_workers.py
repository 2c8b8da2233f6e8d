import pytest

from services.host.workers import WorkerArguments


def test_what_a_worker_is_told_is_what_it_reads() -> None:
    told = WorkerArguments(number=3, public=(7, 8), ops=(9,), ready=10)
    assert WorkerArguments.parse(told.words()) == told


def test_a_worker_without_sockets_does_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        WorkerArguments.parse(["--worker", "0", "--ready-fd", "3"])
    assert "--public-fd" in capsys.readouterr().err
