"""What an operator set wrongly is told in a sentence, and nothing half-started stays behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from app import commands
from demo import greeting, loading
from foundation.mail import Letter, send
from foundation.settings import Settings, Unusable
from foundation.web import throttle

HOUSE = Path(__file__).parent.parent.parent


def started(*words: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("BELLMOUTH_") and name not in ("DATABASE_URL", "REDIS_URL")
    }
    return subprocess.run(
        [sys.executable, "app.py", *words],
        cwd=HOUSE,
        env=clean | {"BELLMOUTH_DATA": str(data), "BELLMOUTH_DEMO": "0"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BELLMOUTH_SECRET_KEY", "weak", "at least 16 characters nobody can guess"),
        ("BELLMOUTH_WEBHOOK_SECRET", "whsec_abc", "whsec_ and base64 of 16 bytes"),
        ("BELLMOUTH_PORT", "eighty", "BELLMOUTH_PORT: Input should be a valid integer"),
        ("BELLMOUTH_LOG_LEVEL", "LOUD", "BELLMOUTH_LOG_LEVEL: must be one of DEBUG"),
        ("BELLMOUTH_CURRENCY", "YEN", "BELLMOUTH_CURRENCY: must be a currency in three letters"),
        ("BELLMOUTH_SMTP_URL", "mail.example", "BELLMOUTH_SMTP_URL: must begin with smtp://"),
        ("REDIS_URL", "localhost", "REDIS_URL: must begin with redis://"),
        ("DATABASE_URL", "mysql://here/there", "DATABASE_URL: must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x", "Look at DATABASE_URL"),
        ("BELLMOUTH_DATA", str(HOUSE / "app.py"), "cannot be written"),
    ],
)
def test_a_setting_that_cannot_work_is_told_in_a_sentence(
    name: str, value: str, sentence: str, tmp_path: Path
) -> None:
    environment = {"BELLMOUTH_DATA": str(tmp_path), "BELLMOUTH_PORT": "0", name: value}
    done = CliRunner().invoke(commands, ["serve"], env=environment)
    assert done.exit_code == 1
    assert "Error: " in done.output
    assert sentence in done.output


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = started("serve", data=tmp_path, BELLMOUTH_PORT=port)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
    assert not (tmp_path / "bellmouth.sqlite3").exists()


def test_a_database_without_tables_leads_to_migrate(tmp_path: Path) -> None:
    done = started("ledger", "audit", data=tmp_path)
    assert done.returncode == 1
    assert "./bellmouth migrate" in done.stderr


def test_a_worker_ends_with_the_server_that_started_it(tmp_path: Path) -> None:
    """The middle process stands for a server that is killed the hard way."""
    assert started("migrate", data=tmp_path).returncode == 0
    server = (
        "import os, subprocess, sys, time\n"
        "me = {'BELLMOUTH_SERVER_PROCESS': str(os.getpid())}\n"
        "print(subprocess.Popen([sys.executable, 'app.py', 'worker'], env=os.environ | me).pid)\n"
        "sys.stdout.flush(); time.sleep(120)\n"
    )
    environment = os.environ | {"BELLMOUTH_DATA": str(tmp_path), "BELLMOUTH_DEMO": "0"}
    with subprocess.Popen(
        [sys.executable, "-c", server],
        cwd=HOUSE,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as middle:
        assert middle.stdout is not None
        worker = int(middle.stdout.readline())
        time.sleep(1)
        middle.kill()
    try:
        assert ends_within(worker, seconds=60)
    finally:
        if not ends_within(worker, seconds=0):
            os.kill(worker, signal.SIGKILL)


def ends_within(process: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.2)


def test_without_redis_nobody_gets_uncounted_tries(client: FlaskClient) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = False
    throttle.count_in("redis://127.0.0.1:1/0")
    try:
        answer = client.post("/sign-in", data={"email": "ada@tea.example", "password": "x"})
        assert answer.status_code == 503
        assert "Wait a minute and try again." in answer.text
        assert client.get("/readyz").status_code == 503
        assert client.get("/sign-in").status_code == 200
    finally:
        throttle.count_in("")


class TlsServer:
    """A mail server that offers STARTTLS, as the library sees it."""

    said: list[str] = []  # noqa: RUF012 - one server per test

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.said[:] = [f"{host}:{port}"]
        self.known = False

    def __enter__(self) -> TlsServer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ehlo(self) -> None:
        self.known = True

    def has_extn(self, name: str) -> bool:
        return self.known and name == "starttls"

    def starttls(self, **_: object) -> None:
        self.said.append("starttls")

    def login(self, user: str, password: str) -> None:
        self.said.append("login")

    def send_message(self, message: object) -> None:
        self.said.append("sent")


def test_a_password_goes_to_the_mail_server_under_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.mail.smtplib.SMTP", TlsServer)
    letter = Letter("ben@tea.example", "Tea", "Tea.", "<p>Tea.</p>", "one")
    send(letter, smtp_url="smtp://me:word@mail.example:587", sender="Tea <tea@tea.example>")
    assert TlsServer.said == ["mail.example:587", "starttls", "login", "sent"]


def test_half_a_demo_is_told_not_served(
    database: object, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off() -> None:
        raise KeyboardInterrupt

    wanting = settings.model_copy(update={"demo": True})
    monkeypatch.setattr(greeting, "load_with_progress", broken_off)
    with pytest.raises(KeyboardInterrupt):
        greeting.first_start(wanting)
    monkeypatch.setattr(loading, "is_empty", lambda: False)
    with pytest.raises(Unusable, match="half loaded"):
        greeting.first_start(wanting)
    greeting.first_start(wanting.model_copy(update={"demo": False}))
