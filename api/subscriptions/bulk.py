"""Bodies of deeds on many subscriptions: up to 500 at a time, with a cursor to go on, tried out first if one likes."""

from typing import Annotated

from pydantic import Field

from api.schemas import Credits, In, Out, Reason, Ref
from api.subscriptions.schemas import TIMING_OF, TimingName
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import SUBSCRIPTION, WORKSPACE, decode_id, encode_id
from ccmanage.core.pagination import PageRequest, cursor_of
from ccmanage.subscriptions.bulk import MAX_AT_ONCE, Line, Lines
from ccmanage.subscriptions.models import Timing
from ccmanage.workspaces.models import Workspace


class ManyIn(In):
    """How a deed on many is done. `dry_run` changes nothing; `cursor` is `next_cursor` of the chunk before."""

    dry_run: bool
    reason: Reason
    cursor: Annotated[str, Field(max_length=200)] | None = None

    def after(self) -> int:
        """Return the number to go on after; raises InvalidInput."""
        position = PageRequest(cursor=self.cursor).position()
        return position[0] if position else 0


class ResetIn(ManyIn):
    """Which subscriptions are reset: these, or all of a package. `restart`: whole periods from now on."""

    subscription_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_AT_ONCE)] | None = None
    package_id: str | None = None
    restart: bool = False

    def numbers(self) -> list[bytes]:
        """Return the outside ids that were given."""
        return [decode_id(SUBSCRIPTION, one) for one in self.subscription_ids or ()]


class MoveIn(ManyIn):
    """Whom to move where: from one version or all others, to the package's published one, or to another package's."""

    from_version: Annotated[int, Field(ge=1, le=2**31)] | None = None
    to_package_id: str | None = None
    when: TimingName = "period_end"

    def timing(self) -> Timing:
        """Return when they are moved."""
        return TIMING_OF[self.when]


class LineOut(Out):
    """What happened to one subscription, or would; `skipped` is the state for which nothing did."""

    id: str
    workspace: Ref
    skipped: str | None
    expired: Credits
    rolled_over: Credits
    forgiven: Credits
    granted: Credits
    balance_after: Credits | None

    @classmethod
    def of(cls, line: Line, workspace: Workspace) -> "LineOut":
        """Make the answer."""
        return cls(
            id=encode_id(SUBSCRIPTION, line.subscription_id),
            workspace=Ref(id=encode_id(WORKSPACE, workspace.public_id), name=workspace.name),
            skipped=line.skipped,
            expired=line.expired_nano,
            rolled_over=line.kept_nano,
            forgiven=line.forgiven_nano,
            granted=line.granted_nano,
            balance_after=line.balance_after_nano,
        )


class LinesOut(Out):
    """A chunk of what happened; with a `next_cursor` there are more."""

    items: list[LineOut]
    next_cursor: str | None

    @classmethod
    def of(cls, scope: Scope, found: Lines) -> "LinesOut":
        """Make the answer, with one query for all workspaces."""
        workspaces = scope.workspaces.named(line.workspace_id for line in found.lines)
        return cls(
            items=[LineOut.of(line, workspaces[line.workspace_id]) for line in found.lines],
            next_cursor=None if found.go_on_after is None else cursor_of(found.go_on_after),
        )
