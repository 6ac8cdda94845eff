"""`/v1/admin/packages/{id}/moves`: move all subscribers in the background, and watch how far it is."""

from typing import Annotated, Final, Literal

from pydantic import Field

from api.deps import Admin, PageDep, ScopeDep
from api.openapi import problems
from api.routing import router
from api.schemas import In, Moment, Out, PageOut, Reason
from api.subscriptions.schemas import TIMING_OF, TIMINGS, TimingName
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import MOVE, PACKAGE, decode_id, encode_id
from ccmanage.packages.models import Package
from ccmanage.packages.rules import Version
from ccmanage.subscriptions.models import MoveState, SubscriberMove, Timing
from ccmanage.subscriptions.moving import NewMove

MoveStateName = Literal["running", "done", "stopped"]
_STATES: Final[dict[MoveState, MoveStateName]] = {
    MoveState.RUNNING: "running",
    MoveState.DONE: "done",
    MoveState.STOPPED: "stopped",
}

moves = router("/v1/admin/packages/{package_id}/moves", "admin package moves")


class MoveStartIn(In):
    """Whom to move where: from one version or all others, to the package's published one, or to another package's."""

    from_version: Annotated[int, Field(ge=1, le=2**31)] | None = None
    to_package_id: str | None = None
    when: TimingName = "period_end"
    reason: Reason


class MoveOut(Out):
    """How far a move is. `skipped` are those whose state does not allow it, `failed` those that something kept."""

    id: str
    state: MoveStateName
    from_version: int | None
    to_package: str
    to_version: int
    when: TimingName
    total: int
    moved: int
    skipped: int
    failed: int
    created_at: Moment
    ended_at: Moment | None

    @classmethod
    def of(cls, move: SubscriberMove, package: Package, target: Version) -> "MoveOut":
        """Make the answer."""
        return cls(
            id=encode_id(MOVE, move.public_id),
            state=_STATES[MoveState(move.state)],
            from_version=move.from_version or None,
            to_package=package.name,
            to_version=target.number,
            when=TIMINGS[Timing(move.timing)],
            total=move.total,
            moved=move.moved,
            skipped=move.skipped,
            failed=move.failed,
            created_at=move.created_at,
            ended_at=move.ended_at or None,
        )


@moves.get("")
def list_(caller: Admin, scope: ScopeDep, ask: PageDep, package_id: str) -> PageOut[MoveOut]:
    """List the moves of a package's subscribers, newest first."""
    page = scope.subscriber_moves.page(scope.packages.get(decode_id(PACKAGE, package_id)), ask)
    shown = _shown(scope, list(page.items))
    return PageOut[MoveOut].of(page, lambda move: shown[move.id])


@moves.post("", status_code=201, responses=problems(404, 409))
def start(caller: Admin, scope: ScopeDep, package_id: str, body: MoveStartIn) -> MoveOut:
    """Begin to move all subscribers, however many; one move of a package runs at a time."""
    target = scope.packages.offer(decode_id(PACKAGE, body.to_package_id or package_id)).version
    package = scope.packages.get(decode_id(PACKAGE, package_id))
    new = NewMove(package, body.from_version or 0, target, TIMING_OF[body.when])
    return _out(scope, scope.subscriber_moves.start(new, body.reason))


@moves.post("/{move_id}/stop", responses=problems(404))
def stop(caller: Admin, scope: ScopeDep, package_id: str, move_id: str) -> MoveOut:
    """Move nobody further; who was moved stays moved."""
    package = scope.packages.get(decode_id(PACKAGE, package_id))
    return _out(scope, scope.subscriber_moves.stop(package, decode_id(MOVE, move_id)))


def _out(scope: Scope, move: SubscriberMove) -> MoveOut:
    return _shown(scope, [move])[move.id]


def _shown(scope: Scope, found: list[SubscriberMove]) -> dict[int, MoveOut]:
    """Make answers, with one query for all targets."""
    versions = scope.packages.versions(move.target_version_id for move in found)
    packages = scope.packages.named(version.package_id for version in versions.values())
    shown = {}
    for move in found:
        target = versions[move.target_version_id]
        shown[move.id] = MoveOut.of(move, packages[target.package_id], target)
    return shown
