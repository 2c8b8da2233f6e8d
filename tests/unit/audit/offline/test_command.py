import subprocess
import sys
from pathlib import Path

import pytest

from services.audit.offline import errors
from services.audit.offline.__main__ import main
from services.audit.offline.report import render_refusal
from tests.factories.log import MATTER_A, ORIGIN, altered, sample_disclosed, sample_log

LOG = sample_log()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "case file.zip"
    path.write_bytes(LOG.bundle(disclosed=sample_disclosed(LOG)))
    return path


def test_verified(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(LOG.checkpoint())
    assert main([str(bundle), "--pin", LOG.pin, "--origin", ORIGIN, "--checkpoint", str(kept)]) == 0
    told = capsys.readouterr().out
    assert told.isascii()
    assert told.startswith("VERIFIED\n")
    for fact in (ORIGIN, LOG.pin, "6 allowed, 1 denied", "Complete: every event", "extends 1 checkpoint"):
        assert fact in told


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ({"matter": MATTER_A}, f"Complete for matter {MATTER_A}"),
        ({"outcome": "denied", "matter": MATTER_A}, "NOT a proof of completeness"),
    ],
)
def test_the_report_says_what_is_complete(
    bundle: Path, capsys: pytest.CaptureFixture[str], filters: dict[str, str], sentence: str
) -> None:
    bundle.write_bytes(LOG.bundle(filters, keep=lambda raw: MATTER_A.encode() in raw))
    assert main([str(bundle), "--pin", LOG.pin]) == 0
    assert sentence in capsys.readouterr().out


def test_an_empty_selection(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.write_bytes(LOG.bundle({"outcome": "failed"}, keep=lambda _: False))
    assert main([str(bundle), "--pin", LOG.pin]) == 0
    assert "Events given     0\n" in capsys.readouterr().out


def test_unpinned(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle)]) == 3
    told = capsys.readouterr().out
    assert told.startswith("UNPINNED\n")
    assert "proves nothing yet" in told
    assert "VERIFIED" not in told


def test_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.write_bytes(altered(bundle.read_bytes(), {"leaves.ndjson": b""}))
    assert main([str(bundle), "--pin", LOG.pin]) == 1
    assert capsys.readouterr().out.startswith("REFUSED (step 4)\n\nThe bundle holds fewer leaves")


@pytest.mark.parametrize("arguments", [[], ["absent.zip"], ["{bundle}", "--pin", "x"], ["{bundle}", "--who"]])
def test_wrong_usage(bundle: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([argument.format(bundle=bundle) for argument in arguments])
    assert caught.value.code == 2


def test_it_runs_as_a_program_without_the_server(bundle: Path) -> None:
    program = (
        "import sys, services.audit.offline.__main__ as m; code = m.main(sys.argv[1:]);"
        "assert not {n for n in sys.modules if n.startswith('services.')"
        " and not n.startswith('services.audit')};"
        "assert not {'sqlalchemy', 'fastapi', 'pydantic', 'jose'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(bundle), "--pin", LOG.pin],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    module = [sys.executable, "-m", "services.audit.offline", str(bundle)]
    assert subprocess.run(module, capture_output=True, check=False).returncode == 3


def test_every_refusal_names_its_own_step() -> None:
    refusals = errors.BundleError.__subclasses__()
    assert sorted(refusal.step for refusal in refusals) == list(range(1, 11))
    assert render_refusal(errors.MatterGapError("A gap.")).startswith("REFUSED (step 6)\n\nA gap.\n")
