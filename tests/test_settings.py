from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import clock, settings
from bot.command import main


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project root of its own, and none of the machine's HEQI_ variables."""
    for name in settings.KNOWN:
        monkeypatch.delenv(settings.PREFIX + name, raising=False)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    return tmp_path


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".env").write_text("# 本机\nHEQI_PORT=8100\nHEQI_CUSTOMER='cus_file'\nOTHER=1\nHEQI_RASA_PORT = 5100\n", encoding="utf-8")
    monkeypatch.setenv("HEQI_PORT", "8200")
    found = settings.sources()
    assert found["PORT"] == ("8200", "environment")
    assert found["CUSTOMER"] == ("cus_file", ".env")
    assert found["RASA_PORT"] == ("5100", ".env")
    assert found["ACTIONS_PORT"] == ("5055", "default")
    assert (settings.settings().port, settings.settings().customer) == (8200, "cus_file")


@pytest.mark.parametrize(
    ("name", "value"), [("NOW", "2026-11-25T10:00:00"), ("NOW", "gestern"), ("PORT", "http"), ("RASA_PORT", "0"), ("ACTIONS_PORT", "70000")]
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"HEQI_{name}", value)
    with pytest.raises(settings.BadSetting, match=f"HEQI_{name}.*{value}"):
        settings.settings()
    result = CliRunner().invoke(main, ["config"])
    assert result.exit_code == 1
    assert f"HEQI_{name}" in result.stderr


def test_config_prints_every_setting_and_keeps_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_SHOP_SECRET", "sesam")
    monkeypatch.setenv("HEQI_DATABASE_URL", "postgresql://shop:oeffne@db/heqi")
    result = CliRunner().invoke(main, ["config"])
    assert result.exit_code == 0
    assert all(f"HEQI_{name}=" in result.stdout for name in settings.KNOWN)
    assert "postgresql://shop:********@db/heqi  [environment]" in result.stdout
    assert "sesam" not in result.stdout
    assert "oeffne" not in result.stdout


@pytest.mark.parametrize("text", ["2026-11-25T02:00:00Z", "2026-11-25T10:00:00+08:00", "2026-11-24T21:00:00-05:00"])
def test_the_clock_can_be_frozen(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HEQI_NOW", text)
    assert clock.now().isoformat() == "2026-11-25T10:00:00+08:00"


def test_the_clock_runs_in_the_shops_zone() -> None:
    now = clock.now()
    assert now.utcoffset() == timedelta(hours=8)
    assert abs(datetime.now(clock.SHOP_ZONE) - now) < timedelta(minutes=1)
