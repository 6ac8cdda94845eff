"""Who plays in the demo: people, keys, projects, the models they use and the packages they can have."""

from dataclasses import dataclass

TEAM = "Northwind Labs"
GATEWAY = "demo-proxy"
PERSONAL = "admin-laptop"

OPUS, SONNET, HAIKU, OLD_SONNET = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-sonnet-4-5"
# A model that no price book knows: its events wait until an administrator enters a price.
UNPRICED = "northwind-coder-preview"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the team."""

    handle: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key: whose, how busy, which models and projects by weight, and whether it sleeps at night."""

    name: str
    person: str
    share: int
    models: dict[str, int]
    projects: dict[str, int]
    sleeps: bool = True


@dataclass(frozen=True, slots=True)
class Package:
    """A monthly package: credits, how far below zero, price for show, how many keys."""

    name: str
    description: str
    allowance: str
    overdraft: str
    price: str
    max_keys: int


TEAM_PACKAGE = "Team"
PACKAGES = (
    Package("Starter", "For one person and a side project.", "40", "0", "40", 5),
    Package(TEAM_PACKAGE, "For a small team that works with it every day.", "120", "10", "120", 20),
    Package("Studio", "For teams whose agents work at night, too.", "300", "50", "250", 100),
)

PEOPLE = (
    Person("mira", "Mira Chen", "Asia/Shanghai"),
    Person("jonas", "Jonas Weber", "Europe/Berlin"),
    Person("amara", "Amara Okafor", "Europe/London"),
    Person("lukas", "Lukas Novák", "Europe/Prague"),
)

KEYS = (
    Key("mira-laptop", "mira", 24, {OPUS: 7, SONNET: 3}, {"atlas-api": 6, "infra": 3, "docs": 1}),
    Key("jonas-laptop", "jonas", 22, {SONNET: 8, HAIKU: 2}, {"billing-web": 7, "atlas-api": 3}),
    Key("amara-desktop", "amara", 18, {OLD_SONNET: 5, SONNET: 4, OPUS: 1}, {"mobile-app": 8, "docs": 2}),
    Key("lukas-laptop", "lukas", 12, {SONNET: 5, HAIKU: 5}, {"billing-web": 5, "mobile-app": 5}),
    Key("review-bot", "jonas", 14, {HAIKU: 1}, {"atlas-api": 4, "billing-web": 4, "mobile-app": 2}, sleeps=False),
    Key(PERSONAL, "admin", 10, {SONNET: 6, OPUS: 4}, {"side-project": 8, "docs": 2}),
)
