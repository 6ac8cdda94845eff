"""A price book on a database of its own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.config import Settings
from ccmanage.core.tasks import Task
from ccmanage.pricing.cache import PriceBookCache
from ccmanage.pricing.repository import PriceRepository
from ccmanage.pricing.service import PricingService
from ccmanage.tables import metadata


class RecordingQueue:
    def __init__(self) -> None:
        self.sent: list[Task] = []

    def send(self, task: Task) -> None:
        self.sent.append(task)


class MovableClock:
    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.now


class House:
    """A runtime, and the price book inside each of its transactions."""

    def __init__(self, url: str) -> None:
        self.queue, self.clock = RecordingQueue(), MovableClock()
        settings = Settings(
            _env_file=None,
            database_url=url,
            secret_keys=("s" * 32,),
            encryption_keys=("e" * 32,),
            key_pepper="p" * 32,
        )
        self.runtime = Runtime(settings, self.queue, clock=self.clock)
        self.cache = PriceBookCache()
        metadata.create_all(self.runtime.database.engine)

    def pricing(self, scope: Scope) -> PricingService:
        return PricingService(scope, PriceRepository(scope.session), self.cache, scope.clock, scope.audit)


@pytest.fixture(params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        house = House(f"sqlite:///{tmp_path / 'book.db'}")
        yield house
        house.runtime.close()
        return
    server = request.getfixturevalue("mysql_server")
    name = f"pricing_{uuid4().hex}"
    house = House(server.create_database(name))
    yield house
    house.runtime.close()
    server.drop_database(name)
