"""What all tables declare of people, read off the models."""

from collections.abc import Iterator

from sqlalchemy import Table

from ccmanage.core.db import Base
from ccmanage.core.personal import Declaration


def declarations() -> Iterator[tuple[Table, Declaration]]:
    """Return every table with what it declares, by name. Whoever asks has imported all models (`ccmanage.tables`)."""
    mapped = ((mapper.class_.__table__, mapper.class_.__personal__) for mapper in Base.registry.mappers)
    for table, declared in sorted(mapped, key=lambda pair: pair[0].name):
        if declared is not None:
            yield table, declared
