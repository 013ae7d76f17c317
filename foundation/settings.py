"""Settings: read once from the environment, documented in docs/operating.md (a test compares)."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.money import is_currency

WEAK_KEYS = {"secret", "changeme", "dev", "development", "test", "password", "default"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

#: How an address may begin, by its setting; whatever else would fail later, and less clearly.
BEGINNINGS = {
    "DATABASE_URL": ("postgresql://", "postgres://", "postgresql+psycopg://", "sqlite:///"),
    "REDIS_URL": ("redis://", "rediss://", "unix://"),
    "BELLMOUTH_SITE_URL": ("http://", "https://"),
    "BELLMOUTH_SMTP_URL": ("smtp://", "smtps://"),
}


class Unusable(ValueError):
    """A setting that cannot work; the sentence says what to do about it."""


class Settings(BaseSettings):
    """Everything an operator can set. Field aliases are the environment's names."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    host: str = Field(
        default="127.0.0.1", alias="BELLMOUTH_HOST", description="Address the site listens on"
    )
    port: int = Field(default=8000, alias="BELLMOUTH_PORT", description="Port the site listens on")
    data: Path = Field(
        default=Path("data"),
        alias="BELLMOUTH_DATA",
        description="Folder for the SQLite file and the key",
    )
    database_url: str = Field(
        default="",
        alias="DATABASE_URL",
        description="PostgreSQL URL; empty: SQLite in the data folder",
    )
    redis_url: str = Field(
        default="",
        alias="REDIS_URL",
        description="Redis URL for throttles; empty: they live in the database",
    )
    site_url: str = Field(
        default="",
        alias="BELLMOUTH_SITE_URL",
        description="Public address, used in mails and links",
    )
    site_name: str = Field(
        default="",
        alias="BELLMOUTH_SITE_NAME",
        description="Name in the header and in mails; empty: the demo merchant's, or Bellmouth",
    )
    currency: str = Field(
        default="USD",
        alias="BELLMOUTH_CURRENCY",
        description="ISO 4217 code that prices, imports and the proposed programme begin with",
    )
    secret_key: str = Field(
        default="",
        alias="BELLMOUTH_SECRET_KEY",
        description="Signs sessions and cookies; empty: made once and kept in the data folder",
    )
    webhook_secret: str = Field(
        default="",
        alias="BELLMOUTH_WEBHOOK_SECRET",
        description="Shared secret (whsec_ and base64) the shop signs its webhooks with; "
        "empty: made once and kept in the data folder",
    )
    workers: int = Field(default=2, ge=1, alias="BELLMOUTH_WORKERS", description="Web processes")
    demo: bool = Field(
        default=True,
        alias="BELLMOUTH_DEMO",
        description="Load the demo business into an empty database",
    )
    smtp_url: str = Field(
        default="",
        alias="BELLMOUTH_SMTP_URL",
        description="smtp://user:password@host:port or smtps://…; empty: mails wait in the outbox",
    )
    mail_from: str = Field(
        default="Bellmouth <hello@localhost.localdomain>",
        alias="BELLMOUTH_MAIL_FROM",
        description="Sender of every mail",
    )
    behind_proxy: int = Field(
        default=0,
        ge=0,
        alias="BELLMOUTH_BEHIND_PROXY",
        description="How many reverse proxies to trust",
    )
    developer_pages: bool = Field(
        default=False,
        alias="BELLMOUTH_DEVELOPER_PAGES",
        description="Show /dev/mails, previews of notices",
    )
    equity_counsel: str = Field(
        default="",
        alias="BELLMOUTH_EQUITY_COUNSEL",
        description="Counsel who approved units, and when (Jane Roe, 2026-01-31); empty: no units",
    )
    equity_countries: str = Field(
        default="",
        alias="BELLMOUTH_EQUITY_COUNTRIES",
        description="Countries where units may be granted (DE,TW), * for all; empty: none",
    )
    equity_countries_blocked: str = Field(
        default="",
        alias="BELLMOUTH_EQUITY_COUNTRIES_BLOCKED",
        description="Countries where they may not, whatever else is said",
    )
    log_level: str = Field(default="INFO", alias="BELLMOUTH_LOG_LEVEL", description="Log threshold")

    @field_validator("database_url", "redis_url", "site_url", "smtp_url")
    @classmethod
    def _begins_as_it_must(cls, url: str, info: ValidationInfo) -> str:
        allowed = BEGINNINGS[str(cls.model_fields[str(info.field_name)].alias)]
        if url and not url.startswith(allowed):
            raise ValueError(f"must begin with {allowed[0]}")
        return url

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        if not is_currency(code.strip().upper()):
            raise ValueError("must be a currency in three letters, like JPY")
        return code.strip().upper()

    @field_validator("equity_counsel")
    @classmethod
    def _names_and_dates(cls, counsel: str) -> str:
        if counsel.strip():
            name, _comma, day = counsel.rpartition(",")
            try:
                date.fromisoformat(day.strip())
            except ValueError:
                name = ""
            if not name.strip():
                raise ValueError("must be a name and a date, like Jane Roe, 2026-01-31")
        return counsel.strip()

    @field_validator("equity_countries", "equity_countries_blocked")
    @classmethod
    def _are_countries(cls, codes: str) -> str:
        for code in filter(None, (each.strip() for each in codes.split(","))):
            if code != "*" and not (len(code) == 2 and code.isascii() and code.isalpha()):
                raise ValueError("must be countries in two letters, like DE,TW")
        return codes

    @field_validator("log_level")
    @classmethod
    def _is_a_level(cls, level: str) -> str:
        if level.upper() not in LEVELS:
            raise ValueError(f"must be one of {', '.join(LEVELS)}")
        return level.upper()

    @model_validator(mode="after")
    def _name_the_site(self) -> Self:
        self.site_name = self.site_name or ("Brass Kettle Tea" if self.demo else "Bellmouth")
        return self

    @property
    def url(self) -> str:
        """The database's URL as SQLAlchemy wants it."""
        if not self.database_url:
            return f"sqlite:///{self.data.resolve() / 'bellmouth.sqlite3'}"
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def public_url(self) -> str:
        """The site's address without a trailing slash."""
        return (self.site_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def is_https(self) -> bool:
        """Whether cookies may be marked Secure."""
        return self.public_url.startswith("https://")

    def key(self) -> str:
        """The signing key: from the environment, or made once and kept beside the data.

        Raises Unusable for a key that anybody could guess.
        """
        if not self.secret_key:
            return self._kept("secret.key", secrets.token_urlsafe(48))
        if len(self.secret_key) < 16 or self.secret_key.lower() in WEAK_KEYS:
            raise Unusable("BELLMOUTH_SECRET_KEY must be at least 16 characters nobody can guess.")
        return self.secret_key

    def shop_secret(self) -> str:
        """The secret shared with the shop, in the form of Standard Webhooks (`whsec_` + base64).

        Raises Unusable for one that is no base64, or that anybody could guess.
        """
        if not self.webhook_secret:
            made = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
            return self._kept("webhook.key", made)
        try:
            raw = base64.b64decode(self.webhook_secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) < 16:
            raise Unusable(
                "BELLMOUTH_WEBHOOK_SECRET must be whsec_ and base64 of 16 bytes or more."
            )
        return self.webhook_secret

    def make_folder(self) -> None:
        """Make the data folder and see that files can be written there; Unusable when not."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.data):
                pass
        except OSError as problem:
            raise Unusable(
                f"The data folder {self.data} cannot be written ({problem.strerror})."
                " Set BELLMOUTH_DATA to a folder that can."
            ) from problem

    def _kept(self, name: str, made: str) -> str:
        self.make_folder()
        path = self.data / name
        if not path.exists():
            # Whole or not at all: another thread or process may be reading it right now.
            with tempfile.NamedTemporaryFile("w", dir=self.data) as file:  # for our eyes only
                file.write(made)
                file.flush()
                with suppress(FileExistsError):
                    os.link(file.name, path)
        return path.read_text().strip()
