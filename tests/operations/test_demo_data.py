"""What `make run` says about who can sign in is true, whatever happened to the people since."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from accounts.models import User
from authserver.local.demo import NoRoomForDemoData, ensure_demo_data
from authserver.local.files import DamagedFile
from authserver.local.options import Options
from authserver.local.welcome import welcome


@pytest.fixture
def options(db: None, tmp_path: Path) -> Options:
    """A local installation that has just been made."""
    made = Options.from_environment({"GATEHOUSE_LOCAL_DIR": str(tmp_path)})
    ensure_demo_data(made)
    return made


def passwords(options: Options) -> dict[str, str]:
    return {user["username"]: user["password"] for user in users(options)}


def users(options: Options) -> list[dict[str, str]]:
    demo = json.loads(options.demo_path.read_text())
    assert list(demo) == ["issuer", "users", "clients"]
    return demo["users"]  # type: ignore[no-any-return]


def printed(options: Options, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    welcome(options)
    return capsys.readouterr().out


def test_the_passwords_of_today_are_printed(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    made = passwords(options)
    ensure_demo_data(options)
    assert all(set(user) == {"username", "password"} for user in users(options))
    assert all(password in printed(options, capsys) for password in made.values())
    assert all(User.objects.get(username=name).check_password(made[name]) for name in made)


def test_a_password_that_was_changed_is_not_printed(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    made = passwords(options)
    alice = User.objects.get(username="alice")
    alice.set_password("seven quiet geese")
    alice.save()
    User.objects.filter(username="bob").update(is_active=False)
    User.objects.get(username="admin").delete()

    ensure_demo_data(options)
    shown = printed(options, capsys)
    assert "(the password was changed)" in shown
    assert "(may not sign in)" in shown
    assert "(was deleted)" in shown
    assert not any(password in shown for password in made.values())
    assert passwords(options) == made
    assert stat.S_IMODE(options.demo_path.stat().st_mode) == 0o600

    alice.set_password(made["alice"])
    alice.save()
    ensure_demo_data(options)
    assert made["alice"] in printed(options, capsys)


def test_passwords_that_nobody_knows_any_more_are_no_traceback(options: Options) -> None:
    options.demo_path.unlink()
    with pytest.raises(NoRoomForDemoData, match="move the database away"):
        ensure_demo_data(options)
    assert not options.demo_path.exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"users": [{}]}', "\x00"])
def test_a_damaged_file_is_named(options: Options, content: str) -> None:
    options.demo_path.write_text(content)
    with pytest.raises(DamagedFile, match=r"demo\.json is damaged"):
        ensure_demo_data(options)


def test_other_ports_are_followed(options: Options) -> None:
    made = passwords(options)
    other = Options.from_environment(
        {"GATEHOUSE_LOCAL_DIR": str(options.local_dir), "PORT": "8100", "SAMPLE_APP_PORT": "8101"}
    )
    ensure_demo_data(other)
    demo = json.loads(options.demo_path.read_text())
    assert demo["issuer"] == "http://localhost:8100"
    assert demo["clients"][0]["redirect_uris"] == ["http://localhost:8101/callback"]
    assert passwords(options) == made
