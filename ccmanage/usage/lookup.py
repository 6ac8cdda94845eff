"""What settling has to know of keys, model names and projects, remembered by the process.

Keys are read again after two seconds, so that a revocation flags what comes after it. Numbers given to names in
a transaction that fails do not exist: whoever rolls back calls `forget`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from ccmanage.core.sql import BulkInsert, select_in
from ccmanage.keys.lookup import KeyFound, find_keys

KEY_AGE_MS = 2_000
MAX_MODELS = 5_000
MAX_PROJECTS = 500
OTHER_LABEL = "other"

_MODELS = BulkInsert("model_names", ("name",), "b")
_PROJECTS = BulkInsert("projects", ("workspace_id", "label"), "ib")


class Lookups:
    """The process's memory of numbers. Used by one settler at a time."""

    def __init__(self) -> None:
        self._keys: dict[bytes, KeyFound] = {}
        self._keys_at = 0
        self._models: dict[str, int] = {}
        self._projects: dict[tuple[int, str], int] = {}
        self._project_counts: dict[int, int] = {}

    def forget(self) -> None:
        """Drop everything, because a transaction that gave numbers was rolled back."""
        self.__init__()  # type: ignore[misc]

    def keys(self, connection: Connection, references: Collection[bytes], now: int) -> dict[bytes, KeyFound]:
        """Return the keys by reference; unknown ones are absent and asked for again next time."""
        if not 0 <= now - self._keys_at < KEY_AGE_MS:
            self._keys, self._keys_at = {}, now
        missing = set(references) - self._keys.keys()
        if missing:
            self._keys |= find_keys(connection, sorted(missing))
        return self._keys

    def models(self, connection: Connection, names: Collection[str]) -> dict[str, int]:
        """Return numbers of model names, giving new ones; absent are those beyond the installation's cap."""
        missing = sorted(set(names) - self._models.keys())
        if missing:
            self._models |= self._read_models(connection, missing)
            room = MAX_MODELS - self._count_models(connection)
            new = [name for name in missing if name not in self._models][: max(room, 0)]
            _MODELS.run(connection, [(name.encode(),) for name in new])
            if new:
                self._models |= self._read_models(connection, new)
        return self._models

    def projects(self, connection: Connection, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Return numbers of (workspace, label), giving new ones; beyond a workspace's cap it is `other`'s."""
        missing = sorted(set(wanted) - self._projects.keys())
        if not missing:
            return self._projects
        by_workspace: dict[int, list[str]] = defaultdict(list)
        for workspace_id, label in missing:
            by_workspace[workspace_id].append(label)
        for workspace_id, labels in by_workspace.items():
            self._learn_projects(connection, workspace_id, labels)
        return self._projects

    def _learn_projects(self, connection: Connection, workspace_id: int, labels: list[str]) -> None:
        known = self._read_projects(connection, workspace_id, [*labels, OTHER_LABEL])
        count = self._project_counts.get(workspace_id)
        if count is None:
            text = f"SELECT COUNT(*) FROM projects WHERE workspace_id = {workspace_id:d}"
            count = int(connection.exec_driver_sql(text).scalar_one())
        new = [label for label in labels if label not in known]
        fitting = new[: max(MAX_PROJECTS - count, 0)]
        if len(fitting) < len(new) and OTHER_LABEL not in known and OTHER_LABEL not in fitting:
            fitting.append(OTHER_LABEL)
        _PROJECTS.run(connection, [(workspace_id, label.encode()) for label in fitting])
        if fitting:
            known |= self._read_projects(connection, workspace_id, fitting)
        self._project_counts[workspace_id] = count + len(fitting)
        for label in labels:
            self._projects[workspace_id, label] = known.get(label) or known[OTHER_LABEL]

    @staticmethod
    def _read_projects(connection: Connection, workspace_id: int, labels: list[str]) -> dict[str, int]:
        text = f"SELECT id, label FROM projects WHERE workspace_id = {workspace_id:d} AND label IN ({{}})"
        rows = select_in(connection, text, [label.encode() for label in labels])
        return {bytes(label).decode(): number for number, label in rows}

    @staticmethod
    def _read_models(connection: Connection, names: list[str]) -> dict[str, int]:
        text = "SELECT id, name FROM model_names WHERE name IN ({})"
        return {
            bytes(name).decode(): number for number, name in select_in(connection, text, [n.encode() for n in names])
        }

    @staticmethod
    def _count_models(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM model_names").scalar_one())
