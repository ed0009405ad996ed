from pathlib import Path

import msgspec
import pytest

from ovia_shared.admin.main import main
from ovia_shared.matching.features import FEATURES
from ovia_shared.matching.learning import BOUNDS
from ovia_shared.matching.weights import Weights
from tests.bench.invented_accounts import invented_accounts


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    rows = ["identity_id,source,username,email,display_name,person"]
    made, owners = invented_accounts(400)
    for number, (one, owner) in enumerate(zip(made, owners, strict=True)):
        shown = f'"{one.display_name}"' if one.display_name else ""
        rows.append(f"{number},{one.source},{one.username or ''},{one.email or ''},{shown},{owner}")
    file = tmp_path / "accounts.csv"
    file.write_text("\n".join(rows))
    return file


def test_the_same_accounts_give_the_same_weights_within_their_bounds(accounts: Path, tmp_path: Path) -> None:
    asked = ["admin", "learn-matching", "--identities", str(accounts), "--version", "here-1", "--output"]
    for name in ("one.json", "two.json"):
        assert main([*asked, str(tmp_path / name)]) == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    weights = msgspec.json.decode((tmp_path / "one.json").read_bytes(), type=Weights)
    assert weights.version == "here-1"
    assert set(weights.features) == set(FEATURES)
    assert weights.features["same_mailbox"] > 0
    for rule, (low, high) in BOUNDS.items():
        learned = weights.features[rule]
        assert low is None or learned >= low
        assert high is None or learned <= high


def test_nothing_to_learn_from_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin", "learn-matching", "--version", "x", "--output", str(tmp_path / "w.json")]) == 2
    assert "at least one" in capsys.readouterr().err
