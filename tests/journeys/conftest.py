"""A real house for whole stories: server, worker, SMTP server and headless Chromium."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import app as application
from foundation import clock, doors, quick, worker
from foundation.settings import Settings

CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOUSE = Path(__file__).parent.parent.parent


@dataclass
class Postbox:
    """What a real SMTP server was given."""

    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def to(self, address: str, about: str = "") -> list[EmailMessage]:
        return [
            letter
            for letter in self.letters
            if address in str(letter["To"]) and about.lower() in str(letter["Subject"]).lower()
        ]

    def wait_for(self, address: str, about: str = "", seconds: float = 20) -> EmailMessage:
        """The newest letter to `address` whose subject holds `about`, once it has come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := self.to(address, about):
                return found[-1]
            time.sleep(0.1)
        subjects = [(str(letter["To"]), str(letter["Subject"])) for letter in self.letters]
        raise AssertionError(f"no letter “{about}” to {address}; there are {subjects}")


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(letter: EmailMessage, part: str) -> str:
    """The first address in the letter's text that holds `part`."""
    addresses = re.findall(r"https?://\S+", text_of(letter))
    return next(each.rstrip(".)") for each in addresses if part in each)


@dataclass
class House:
    """A running Bellmouth: where it is, its settings, its postbox."""

    url: str
    settings: Settings
    postbox: Postbox

    def command(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run `bellmouth …` as an operator would."""
        return subprocess.run(
            [sys.executable, "app.py", *words],
            cwd=HOUSE,
            env={**os.environ, **environment(self.settings)},
            capture_output=True,
            text=True,
            check=False,
            **more,
        )

    def work(self, later: timedelta = timedelta()) -> datetime:
        """Let a worker run, by a clock that is `later`."""
        now = clock.now() + later
        worker.run_once(now)
        return now


def environment(settings: Settings) -> dict[str, str]:
    return {
        "BELLMOUTH_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "BELLMOUTH_SECRET_KEY": settings.secret_key,
        "BELLMOUTH_SITE_URL": settings.site_url,
        "BELLMOUTH_SMTP_URL": settings.smtp_url,
        "BELLMOUTH_HOST": settings.host,
        "BELLMOUTH_PORT": str(settings.port),
        "BELLMOUTH_DEMO": "true" if settings.demo else "false",
        "BELLMOUTH_DEVELOPER_PAGES": "true" if settings.developer_pages else "false",
        "BELLMOUTH_WORKERS": "2",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box, port = Postbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def house(database_url: str, tmp_path: Path, postbox: tuple[Postbox, int]) -> Iterator[House]:
    """`bellmouth serve` with its worker, on an empty migrated database without the demo."""
    box, smtp_port = postbox
    port = free_port()
    settings = Settings(
        data=tmp_path,
        database_url=database_url,
        secret_key="a key only the journeys know, 32 characters",
        host="127.0.0.1",
        port=port,
        site_url=f"http://127.0.0.1:{port}",
        smtp_url=f"smtp://127.0.0.1:{smtp_port}",
        demo=False,
        site_name="Brass Kettle Tea",
    )
    server = subprocess.Popen(
        [sys.executable, "app.py", "serve"],
        cwd=HOUSE,
        env={**os.environ, **environment(settings)},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        application.wire(settings)
        yield House(settings.site_url, settings, box)
    finally:
        server.terminate()
        server.wait(20)
        quick.close()
        doors.database().close()


def _wait(port: int) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the house did not open")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@dataclass
class Visitor:
    """Somebody at a browser of her own."""

    page: Page
    url: str

    def go(self, path: str) -> Page:
        answer = self.page.goto(path if path.startswith("http") else self.url + path)
        assert answer is not None
        assert answer.status < 400, f"{answer.status} {path}: {self.page.inner_text('main')[:300]}"
        return self.page

    def says(self, text: str) -> bool:
        return text in self.page.inner_text("body")


@pytest.fixture
def visitors(browser: Browser, house: House) -> Iterator[Any]:
    """Make visitors, each with a browser profile of her own; their pages broke nothing."""
    contexts: list[BrowserContext] = []
    broken: list[str] = []

    def visit(language: str = "en-GB") -> Visitor:
        context = browser.new_context(locale=language, base_url=house.url)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on(
            "console",
            lambda message: broken.append(message.text) if message.type == "error" else None,
        )
        return Visitor(page, house.url)

    yield visit
    for context in contexts:
        context.close()
    assert not broken, broken
