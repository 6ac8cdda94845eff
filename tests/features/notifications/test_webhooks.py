"""Webhooks: signed, sent under a lease, tried again, given up; never twice for one message but after a death."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator

import pytest

from ccmanage.adapters.outbound import OutboundClient
from ccmanage.core.clock import DAY, SECOND
from ccmanage.core.errors import InvalidInput
from ccmanage.core.outbound import OutboundPolicy
from ccmanage.core.pagination import PageRequest
from ccmanage.notifications import rules
from ccmanage.notifications.delivering import Claim, Deliverer, Result
from ccmanage.notifications.errors import WebhookNotActive, WebhookNotFound
from ccmanage.notifications.webhook_models import DeliveryState, WebhookState
from ccmanage.notifications.webhooks import IssuedSecret, NewWebhook, WebhookChange
from support.receiver import Received, Receiver, receiving
from support.world import Person, World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def ann(world: World, receiver: Receiver) -> Person:
    trust(world, receiver)
    return world.person("Ann")


def trust(world: World, *receivers: Receiver) -> None:
    """Name receivers as an operator would."""
    world.runtime.outbound_policy = OutboundPolicy([receiver.host for receiver in receivers])
    world.runtime.sender = OutboundClient(world.runtime.outbound_policy, seconds=2)


def hook(world: World, person: Person, receiver: Receiver, *kinds: str, installation: bool = False) -> IssuedSecret:
    with world.scope() as scope:
        workspace_id = 0 if installation else person.workspace.id
        return scope.webhooks.create(workspace_id, person.account.id, NewWebhook("robot", receiver.url, kinds))


def work(world: World) -> None:
    """Tell and send all that is due."""
    while world.runtime.run(lambda scope: scope.teller.tell()):
        pass
    world.runtime.deliverer.run()


def verify(secret: str, post: Received) -> bool:
    """Check a signature as a receiver does, from the standard's own text."""
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    return wanted in post.headers["webhook-signature"].split(" ")


def states(world: World) -> list[tuple[int, int]]:
    return [(row["state"], row["tries"]) for row in world.rows("webhook_deliveries", "1=1 ORDER BY id")]


class TestSending:
    def test_a_deed_arrives_signed_with_what_happened(self, world: World, ann: Person, receiver: Receiver) -> None:
        issued = hook(world, ann, receiver)
        key = world.key(ann)
        work(world)
        [post] = receiver.posts
        assert verify(issued.secret, post)
        body = json.loads(post.body)
        assert body["type"] == "key.created"
        assert body["data"]["workspace_id"] == ann.workspace_id
        assert key.secret not in post.body.decode()
        assert post.headers["webhook-id"].startswith("msg_")
        assert states(world) == [(DeliveryState.DELIVERED, 1)]

    def test_only_what_was_chosen_and_only_of_the_workspace(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        hook(world, ann, receiver, "grant.made")
        eve = world.person("Eve")
        world.key(ann)
        world.grant(eve.workspace, "1")
        world.grant(ann.workspace, "5")
        work(world)
        assert [json.loads(post.body)["type"] for post in receiver.posts] == ["grant.made"]
        assert json.loads(receiver.posts[0].body)["data"]["credits"] == "5"

    def test_the_installation_s_webhook_is_told_of_all(self, world: World, ann: Person, receiver: Receiver) -> None:
        hook(world, ann, receiver, installation=True)
        world.key(world.person("Eve"))
        work(world)
        assert "key.created" in [json.loads(post.body)["type"] for post in receiver.posts]

    def test_without_a_webhook_nothing_is_kept_of_what_only_they_are_told(self, world: World) -> None:
        world.key(world.person("Eve"))
        assert world.count("happenings") == 0

    def test_while_a_secret_rotates_both_sign(self, world: World, ann: Person, receiver: Receiver) -> None:
        old = hook(world, ann, receiver)
        with world.scope() as scope:
            new = scope.webhooks.rotate(ann.workspace.id, old.webhook.row.public_id, 3_600)
        world.key(ann)
        work(world)
        assert verify(old.secret, receiver.posts[-1])
        assert verify(new.secret, receiver.posts[-1])
        world.clock.move(hours=2)
        world.key(ann)
        work(world)
        assert not verify(old.secret, receiver.posts[-1])
        assert verify(new.secret, receiver.posts[-1])

    def test_secrets_and_addresses_are_not_in_the_database(self, world: World, ann: Person, receiver: Receiver) -> None:
        issued = hook(world, ann, receiver)
        dump = str(world.rows("webhooks")) + str(world.rows("webhook_secrets"))
        assert issued.secret not in dump
        assert receiver.host not in dump


class TestTryingAgain:
    def test_failures_wait_longer_each_time_and_end_in_success(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        hook(world, ann, receiver)
        receiver.status = 500
        world.key(ann)
        work(world)
        work(world)  # not due yet
        assert states(world) == [(DeliveryState.PENDING, 1)]
        world.clock.move(seconds=6)
        work(world)
        receiver.status = 204
        world.clock.move(seconds=70)
        work(world)
        assert states(world) == [(DeliveryState.DELIVERED, 3)]
        assert len({post.headers["webhook-id"] for post in receiver.posts}) == 1
        assert len({post.body for post in receiver.posts}) == 1
        with world.read() as scope:
            [webhook] = scope.webhooks.page(ann.workspace.id, PageRequest()).items
            [line] = scope.webhooks.log(ann.workspace.id, webhook.row.public_id, PageRequest()).items
            tries = scope.webhooks.delivery(ann.workspace.id, webhook.row.public_id, line.row.public_id).attempts
        assert [one.status for one in tries] == [204, 500, 500]
        assert not webhook.row.failing_since

    def test_after_all_tries_it_is_given_up_and_can_be_sent_again_by_hand(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        issued = hook(world, ann, receiver)
        receiver.status = 503
        world.key(ann)
        work(world)
        for _ in range(rules.MAX_TRIES):
            world.clock.move(hours=27)
            with world.scope() as scope:  # as if it had worked in between: else it would be switched off
                scope.session.connection().exec_driver_sql("UPDATE webhooks SET failing_since = 0")
            work(world)
        assert states(world) == [(DeliveryState.FAILED, rules.MAX_TRIES)]
        receiver.status = 200
        [row] = world.rows("webhook_deliveries")
        with world.scope() as scope:
            scope.webhooks.redeliver(ann.workspace.id, issued.webhook.row.public_id, bytes(row["public_id"]))
        work(world)
        assert states(world) == [(DeliveryState.DELIVERED, 1)]
        assert len({post.headers["webhook-id"] for post in receiver.posts}) == 1

    def test_after_days_of_failure_it_is_switched_off_and_people_are_told(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        hook(world, ann, receiver)
        receiver.status = 500
        world.key(ann)
        work(world)
        world.key(ann)
        world.clock.now += rules.DISABLE_AFTER_MS + DAY
        work(world)
        assert world.rows("webhooks")[0]["state"] == WebhookState.DISABLED
        assert {state for state, _ in states(world)} == {DeliveryState.FAILED}
        work(world)
        with world.read() as scope:
            kinds = [
                bytes(line.happening.kind) for line in scope.notifications.page(ann.account.id, PageRequest()).items
            ]
        assert kinds == [b"webhook.disabled"]

    def test_gone_means_gone(self, world: World, ann: Person, receiver: Receiver) -> None:
        issued = hook(world, ann, receiver)
        receiver.status = 410
        world.key(ann)
        work(world)
        assert world.rows("webhooks")[0]["state"] == WebhookState.DISABLED
        with pytest.raises(WebhookNotActive), world.scope() as scope:
            scope.webhooks.test(ann.workspace.id, issued.webhook.row.public_id)
        with world.scope() as scope:
            again = scope.webhooks.change(ann.workspace.id, issued.webhook.row.public_id, WebhookChange(active=True))
        assert again.row.state == WebhookState.ACTIVE

    def test_a_slow_address_does_not_hold_up_others(self, world: World, ann: Person, receiver: Receiver) -> None:
        with receiving() as broken:
            broken.status = 500
            trust(world, receiver, broken)
            hook(world, ann, broken, "key.created")
            for _ in range(30):
                world.key(ann)
            hook(world, ann, receiver, "grant.made")
            world.grant(ann.workspace, "1")
            work(world)
            assert len(receiver.posts) == 1
            assert len(broken.posts) <= 8


class TestOnce:
    def test_two_workers_send_each_once(self, mysql_world: World, receiver: Receiver) -> None:
        world = mysql_world
        trust(world, receiver)
        ann = world.person()
        hook(world, ann, receiver)
        for _ in range(12):
            world.key(ann)
        senders = [Deliverer(world.runtime.scope, lambda: world.runtime.sender) for _ in range(3)]
        while world.runtime.run(lambda scope: scope.teller.tell()):
            pass
        barrier = threading.Barrier(len(senders))

        def send(one: Deliverer) -> None:
            barrier.wait()
            one.run()

        threads = [threading.Thread(target=send, args=(one,)) for one in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        senders[0].run()
        ids = [post.headers["webhook-id"] for post in receiver.posts]
        assert len(ids) == len(set(ids)) == 12

    def test_a_death_between_answer_and_mark_repeats_it_once_under_the_same_id(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        hook(world, ann, receiver)
        world.key(ann)
        world.runtime.run(lambda scope: scope.teller.tell())
        with world.scope() as scope:
            [claim] = scope.deliveries.claim()
        world.runtime.sender.post(claim.url, dict(claim.headers), claim.body)  # and then the worker is gone
        work(world)
        assert len(receiver.posts) == 1  # the lease still holds
        world.clock.move(seconds=61)
        work(world)
        work(world)
        assert len(receiver.posts) == 2
        assert len({post.headers["webhook-id"] for post in receiver.posts}) == 1
        assert states(world) == [(DeliveryState.DELIVERED, 2)]

    def test_whoever_comes_back_after_the_lease_marks_nothing(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        hook(world, ann, receiver)
        world.key(ann)
        world.runtime.run(lambda scope: scope.teller.tell())

        def claim() -> Claim:
            with world.scope() as scope:
                return scope.deliveries.claim()[0]

        late = claim()
        world.clock.now += 61 * SECOND
        mine = claim()
        with world.scope() as scope:
            scope.deliveries.mark(mine, Result(200, "http.200", 1))
        with world.scope() as scope:
            scope.deliveries.mark(late, Result(500, "http.500", 1))
        assert states(world) == [(DeliveryState.DELIVERED, 2)]
        assert world.count("webhook_attempts") == 1


class TestManaging:
    def test_test_pause_change_remove(self, world: World, ann: Person, receiver: Receiver) -> None:
        issued = hook(world, ann, receiver)
        number = issued.webhook.row.public_id
        with world.scope() as scope:
            scope.webhooks.test(ann.workspace.id, number)
        work(world)
        assert json.loads(receiver.posts[0].body)["type"] == "webhook.test"
        with world.scope() as scope:
            scope.webhooks.change(
                ann.workspace.id, number, WebhookChange(active=False, name="quiet", kinds=["grant.made"])
            )
        world.grant(ann.workspace, "1")
        work(world)
        assert len(receiver.posts) == 1
        with world.scope() as scope:
            scope.webhooks.remove(ann.workspace.id, number)
        for table in ("webhooks", "webhook_secrets", "webhook_deliveries", "webhook_attempts"):
            assert world.count(table) == 0

    @pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1/", "https://localhost/", "nonsense"])
    def test_addresses_that_lead_inside_are_refused(self, world: World, url: str) -> None:
        ann = world.person()
        with pytest.raises(InvalidInput), world.scope() as scope:
            scope.webhooks.create(ann.workspace.id, ann.account.id, NewWebhook("x", url))

    def test_another_s_is_not_found(self, world: World, ann: Person, receiver: Receiver) -> None:
        issued, eve = hook(world, ann, receiver), world.person("Eve")
        with pytest.raises(WebhookNotFound), world.read() as scope:
            scope.webhooks.get(eve.workspace.id, issued.webhook.row.public_id)

    def test_what_hosts_of_the_intranet_answer_is_kept_for_admins_only(
        self, world: World, ann: Person, receiver: Receiver
    ) -> None:
        receiver.body = b"secret of the intranet"
        hook(world, ann, receiver, "key.created")
        hook(world, ann, receiver, "key.created", installation=True)
        world.key(ann)
        work(world)
        assert sorted(bytes(row["excerpt"]) for row in world.rows("webhook_attempts")) == [b"", receiver.body]
