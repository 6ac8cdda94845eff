"""Settings: environment variables `CCMANAGE_…` or a `.env`; a wrong one stops the start with one clear line."""

import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ccmanage.core.crypto import decode_secret

PREFIX = "CCMANAGE_"
Names = Annotated[tuple[str, ...], NoDecode]

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,100}")

_SECRETS = ("secret_keys", "encryption_keys", "key_pepper")
_FROM_FILE = (
    *_SECRETS,
    "database_url",
    "redis_url",
    "broker_url",
    "admin_password",
    "metrics_token",
    "smtp_url",
    "oidc_client_secret",
)


class ConfigError(Exception):
    """A setting is missing or wrong; the text names it and says what to do."""


class Settings(BaseSettings):
    """What an operator can set. Instants and lengths carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    database_url: str = ""
    redis_url: str = ""
    broker_url: str = ""
    secret_keys: Names = ()
    encryption_keys: Names = ()
    key_pepper: str = ""
    public_url: str = "http://127.0.0.1:8000"
    smtp_url: str = ""
    mail_from: str = "ccmanage@localhost"
    data_dir: Path = Path("var")
    admin_email: str = ""
    admin_password: str = ""
    log_format: Literal["auto", "text", "json"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_token: str = ""
    trusted_proxies: Names = ()
    allowed_hosts: Names = ()
    # Hosts of one's own network that webhooks may be sent to, as `name` or `name:port`.
    outbound_hosts: Names = ()
    webhook_seconds: float = Field(default=5.0, ge=0.5, le=30)
    event_horizon_days: int = Field(default=90, ge=1, le=400)
    session_idle_minutes: int = Field(default=8 * 60, ge=5, le=24 * 60)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "Single sign-on"
    oidc_domains: Names = ()
    oidc_scopes: Names = ()
    oidc_groups_claim: str = "groups"
    oidc_admin_groups: Names = ()
    break_glass_emails: Names = ()
    step_up_minutes: int = Field(default=60, ge=1, le=24 * 60)
    settle_events: int = Field(default=10_000, ge=100, le=50_000)
    rate_limit_people: int = Field(default=1_200, ge=0, le=1_000_000)
    rate_limit_strangers: int = Field(default=60, ge=0, le=1_000_000)
    rate_limit_machines: int = Field(default=600_000, ge=0, le=100_000_000)
    database_pool: int = Field(default=8, ge=2, le=100)
    processes: int = Field(default=1, ge=1, le=64)
    worker_threads: int = Field(default=4, ge=1, le=32)
    test_clock_file: Path | None = None
    embedded: bool = False

    @field_validator(
        "secret_keys",
        "encryption_keys",
        "trusted_proxies",
        "allowed_hosts",
        "outbound_hosts",
        "oidc_domains",
        "oidc_scopes",
        "oidc_admin_groups",
        "break_glass_emails",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("secret_keys", "encryption_keys")
    @classmethod
    def _long_enough(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for secret in value:
            decode_secret(secret)
        return value

    @field_validator("key_pepper")
    @classmethod
    def _pepper_long_enough(cls, value: str) -> str:
        if value:
            decode_secret(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        for other in ("mariadb://", "mysql://", "mariadb+pymysql://"):
            if value.startswith(other):
                return "mysql+pymysql://" + value.removeprefix(other)
        if value and not value.startswith(("mysql+pymysql://", "sqlite:///")):
            raise ValueError("use mysql://user:password@host:3306/name")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("use redis://host:6379/0")
        return value

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
            raise ValueError("use redis://… or amqp://…")
        return value

    @field_validator("public_url")
    @classmethod
    def _plain_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("use https://your.host")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _known_smtp(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname):
            raise ValueError("use smtp+starttls://user:password@host:587, smtps://… or smtp://localhost:25")
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_sender(cls, value: str) -> str:
        if not _ADDRESS.fullmatch(value):
            raise ValueError("use exactly one address, such as ccmanage@example.com; the name is a run-time setting")
        return value

    @model_validator(mode="after")
    def _admin_whole(self) -> "Settings":
        if self.admin_password and not self.admin_email:
            raise ValueError("ADMIN_PASSWORD without ADMIN_EMAIL: set both or none")
        return self

    @model_validator(mode="after")
    def _provider_whole(self) -> "Settings":
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
        if self.oidc_issuer and not self.oidc_issuer.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("OIDC_ISSUER: use https://your.provider, exactly as the provider names itself")
        return self

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the books are kept in SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def keeps_mail(self) -> bool:
        """Tell whether mails are kept in the portal, where links in them work: there is no mail server."""
        return self.embedded and not self.smtp_url

    @property
    def mail_domain(self) -> str:
        """Return the domain of the sender's address, which names messages."""
        return self.mail_from.rpartition("@")[2]

    @property
    def nudge_url(self) -> str:
        """Return the address of what carries the nudges ("" in the embedded mode)."""
        return self.broker_url or self.redis_url


def load_settings(*, embedded: bool = False, **given: Any) -> Settings:
    """Read the settings; raises ConfigError.

    `embedded` is for what runs in one process: it needs no Redis, and without a database it takes SQLite and
    makes its own secrets.
    """
    settings = _read({**_from_files(os.environ), **given})
    if embedded and not settings.database_url:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        home = {
            "database_url": f"sqlite:///{settings.data_dir / 'ccmanage.db'}",
            "embedded": True,
            **{name: value for name, value in _own_secrets(settings.data_dir).items() if not getattr(settings, name)},
        }
        return _read({**_from_files(os.environ), **home, **given})
    _demand(settings, redis=not embedded)
    return settings


def peek_settings() -> Settings:
    """Read the settings without asking for what a server needs; raises ConfigError."""
    return _read(_from_files(os.environ))


def _read(given: Mapping[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def _from_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Read `CCMANAGE_X_FILE` for every secret X, as container platforms hand them over."""
    found = {}
    for name in _FROM_FILE:
        path = environment.get(f"{PREFIX}{name.upper()}_FILE")
        if path and f"{PREFIX}{name.upper()}" not in environment:
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError(f"{PREFIX}{name.upper()}_FILE: cannot read {path}: {error.strerror}") from None
    return found


def _demand(settings: Settings, *, redis: bool) -> None:
    needed = ["database_url", *_SECRETS]
    if redis and not settings.is_sqlite:
        needed.append("redis_url")
    for name in needed:
        if not getattr(settings, name):
            raise ConfigError(f"{PREFIX}{name.upper()}: is not set; it has no default outside `ccmanage up`")


def _own_secrets(data_dir: Path) -> dict[str, str]:
    """Make the embedded mode's secrets once and keep them, readable by the owner alone."""
    path = data_dir / "secrets.json"
    if not path.exists():
        made = {name: secrets.token_urlsafe(32) for name in _SECRETS}
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(made, file, indent=1)
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
