"""Names for the numbers that events and sums carry, many at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccmanage.accounts.service import AccountService
from ccmanage.core.ids import KEY, USER, encode_id
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.keys.errors import KeyNotFound
from ccmanage.keys.service import Keyring, KeyService
from ccmanage.reports.rules import Dimension
from ccmanage.usage.models import ModelName, Project


@dataclass(frozen=True, slots=True)
class Label:
    """A thing by its outside id and the name that people know it by."""

    id: str
    label: str


# What no project was named for, and numbers whose name is gone.
NOBODY = Label("", "")


class Labels:
    """Looks names up: one query for all numbers of a kind."""

    def __init__(self, session: Session, accounts: AccountService, keys: KeyService) -> None:
        self._session = session
        self._accounts = accounts
        self._keys = keys

    def of(self, kind: Dimension, numbers: Iterable[int]) -> dict[int, Label]:
        """Return the labels of models, keys, users or projects."""
        wanted = set(numbers)
        if kind is Dimension.KEY:
            return {n: Label(encode_id(KEY, key.public_id), key.name) for n, key in self._keys.named(wanted).items()}
        if kind is Dimension.USER:
            people = self._accounts.named(wanted)
            return {n: Label(encode_id(USER, person.public_id), person.name) for n, person in people.items()}
        table = ModelName if kind is Dimension.MODEL else Project
        column = ModelName.name if kind is Dimension.MODEL else Project.label
        found = {}
        for part in chunks(sorted(wanted), IN_LIST):
            for number, text in self._session.execute(select(table.id, column).where(table.id.in_(part))):
                name = bytes(text).decode()
                found[number] = Label(name, name)
        return found

    def model_number(self, name: str) -> int | None:
        """Find a model by its name."""
        return self._session.scalar(select(ModelName.id).where(ModelName.name == name.encode()))

    def project_number(self, workspace_id: int, label: str) -> int | None:
        """Find a workspace's project by its label."""
        return self._session.scalar(
            select(Project.id).where(Project.workspace_id == workspace_id, Project.label == label.encode())
        )

    def key_number(self, workspace_id: int, made_by: int | None, public_id: bytes) -> int | None:
        """Find a key; None if it is not one of the workspace's, or of the person's where they see only theirs."""
        try:
            return self._keys.get(Keyring(workspace_id, made_by), public_id).id
        except KeyNotFound:
            return None
