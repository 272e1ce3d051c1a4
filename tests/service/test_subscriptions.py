"""REST hooks: subscribing to an event, its messages and samples, and unsubscribing, as Zapier does
it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connector.json_types import Json
from connector.store.deliveries import signing_secret
from connector.store.subscriptions import MAX_PER_KEY
from connector.store.tables import subscriptions as table
from connector.webhooks.events import EVENTS
from tests.support.receivers import Receiver, wait_until
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream, fault
from tests.support.web_app import WebApp

# a number, so that no test asks a resolver
TARGET = "https://8.8.8.8/hooks/catch/1/abc?secret=query-secret"
PATH = "/v1/subscriptions"


@pytest.fixture
def made(make: Callable[..., WebApp]) -> WebApp:
    return make(allow_hosts="127.0.0.1", delivery_retries="0.1")


def subscribe(made: WebApp, event: str = "run.completed", url: str = TARGET, **more: Any) -> Json:
    response = made.client.post(
        PATH, headers=made.headers, json={"target_url": url, "event": event, **more}
    )
    assert response.status_code == 201, response.text
    told: Json = response.json
    return told


def listed(made: WebApp) -> list[Json]:
    found: list[Json] = made.client.get(PATH, headers=made.headers).json
    return found


def refused(response: Any, status: int, code: str) -> Json:
    told: Json = response.get_json(force=True)
    assert (response.status_code, told["code"]) == (status, code), told
    return told


# --- subscribing ----------------------------------------------------------------------------------


def test_subscribe_and_unsubscribe(made: WebApp) -> None:
    """The answer says where the subscription is, which is where its end is asked for, with no body
    at all, once or twice."""
    response = made.client.post(
        PATH, headers=made.headers, json={"target_url": TARGET, "event": "run.completed"}
    )
    assert response.status_code == 201
    told = response.json
    assert response.headers["Location"] == f"http://localhost{PATH}/{told['id']}"
    assert (told["event"], told["active"], told["has_authorization"]) == (
        "run.completed",
        True,
        False,
    )
    assert told["target_url"] == "https://8.8.8.8/hooks/catch/1/abc"
    assert (
        told["signing_secret"]
        == made.client.get("/v1/signing-secret", headers=made.headers).json["signing_secret"]
    )
    path = response.headers["Location"].removeprefix("http://localhost")
    assert made.client.get(path, headers=made.headers).json["id"] == told["id"]
    for _ in range(2):
        ended = made.client.delete(path, headers=made.headers)
        assert (ended.status_code, ended.json) == (200, {"id": told["id"], "deleted": True})
    assert [(one["id"], one["active"]) for one in listed(made)] == [(told["id"], False)]


def test_as_a_form(made: WebApp) -> None:
    """A tool may subscribe with a form as well, and send a body with its DELETE."""
    response = made.client.post(
        PATH,
        headers=made.headers,
        data={"target_url": f" {TARGET} ", "event": "run.failed", "authorization": ""},
    )
    assert response.status_code == 201
    ended = made.client.delete(
        f"{PATH}/{response.json['id']}", headers=made.headers, json={"id": response.json["id"]}
    )
    assert ended.json["deleted"] is True


def test_the_same_again(made: WebApp) -> None:
    """The same address and event again is the same subscription, so nobody is told twice; another
    address or event is another one."""
    first = subscribe(made)
    assert subscribe(made, authorization="Bearer x")["id"] == first["id"]
    assert [one["has_authorization"] for one in listed(made)] == [True]
    others = [subscribe(made, "run.failed"), subscribe(made, url=TARGET + "2")]
    assert len({first["id"], *(one["id"] for one in others)}) == 3
    made.client.delete(f"{PATH}/{first['id']}", headers=made.headers)
    assert subscribe(made)["id"] != first["id"]


WRONG: dict[str, tuple[Json, str, str, str]] = {
    "no event": (
        {"target_url": TARGET},
        "event",
        "not_a_choice",
        ("run.completed, run.failed, batch.completed"),
    ),
    "no such event": (
        {"target_url": TARGET, "event": "run.complete"},
        "event",
        "not_a_choice",
        ('Did you mean "run.completed"?'),
    ),
    "an event that is a list": (
        {"target_url": TARGET, "event": ["run.completed"]},
        "event",
        "not_a_choice",
        "takes one of",
    ),
    "no address": ({"event": "run.completed"}, "target_url", "missing", "is empty"),
    "an address that is an object": (
        {"event": "run.completed", "target_url": {}},
        "target_url",
        "wrong_type",
        "takes text",
    ),
    "an unknown field": (
        {"event": "run.completed", "targetUrl": TARGET},
        "targetUrl",
        "unknown_field",
        'Did you mean "target_url"?',
    ),
    "a header with a line break": (
        {"event": "run.completed", "target_url": TARGET, "authorization": "a\r\nX: b"},
        "authorization",
        "wrong_type",
        "printable ASCII",
    ),
    "a header in another alphabet": (
        {"event": "run.completed", "target_url": TARGET, "authorization": "Bearer ключ"},
        "authorization",
        "wrong_type",
        "printable ASCII",
    ),
    "a header that is too long": (
        {"event": "run.completed", "target_url": TARGET, "authorization": "a" * 4_001},
        "authorization",
        "wrong_type",
        "4,000",
    ),
}


@pytest.mark.parametrize(("body", "field", "code", "words"), WRONG.values(), ids=WRONG)
def test_what_is_not_right(made: WebApp, body: Json, field: str, code: str, words: str) -> None:
    """What is not right is named, and nothing is subscribed."""
    told = refused(made.client.post(PATH, headers=made.headers, json=body), 422, "invalid_input")
    assert (told["errors"][0]["field"], told["errors"][0]["code"]) == (field, code)
    assert words in told["errors"][0]["message"]
    assert listed(made) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/x",
        "https://169.254.169.254/latest",
        "http://8.8.8.8/",
        "ftp://8.8.8.8/",
        "https://u:p@8.8.8.8/",
    ],
)
def test_addresses_that_may_not_be_called(made: WebApp, url: str) -> None:
    """An address that may not be called is refused by the field's name, without being repeated."""
    response = made.client.post(
        PATH, headers=made.headers, json={"event": "run.completed", "target_url": url}
    )
    told = refused(response, 422, "address_refused")
    assert told["errors"][0]["field"] == "target_url"
    assert url not in response.text
    assert listed(made) == []


def test_whose_they_are(made: WebApp) -> None:
    """A key sees and ends its own subscriptions alone; an admin may end any."""
    own = subscribe(made)
    other = {"X-API-Key": made.keys.create("another")[1]}
    for call in (made.client.get, made.client.delete):
        refused(call(f"{PATH}/{own['id']}", headers=other), 404, "not_found")
    refused(made.client.post(f"{PATH}/{own['id']}/test", headers=other), 404, "not_found")
    refused(made.client.delete(f"{PATH}/sub_nothing", headers=made.headers), 404, "not_found")
    assert made.client.get(PATH, headers=other).json == []
    for method, path in (
        ("POST", PATH),
        ("GET", PATH),
        ("DELETE", f"{PATH}/{own['id']}"),
        ("GET", f"{PATH}/sample"),
    ):
        refused(made.client.open(path, method=method), 401, "unauthorized")
    admin = {"X-API-Key": made.keys.create("admin", ("admin",))[1]}
    assert made.client.delete(f"{PATH}/{own['id']}", headers=admin).status_code == 200


def test_not_too_many(made: WebApp) -> None:
    """A key has so many subscriptions and no more, since each end of a run is told to all of them;
    one that ended makes room."""
    ids = [subscribe(made, url=f"{TARGET}{number}")["id"] for number in range(MAX_PER_KEY)]
    body = {"event": "run.completed", "target_url": TARGET}
    refused(made.client.post(PATH, headers=made.headers, json=body), 409, "conflict")
    made.client.delete(f"{PATH}/{ids[0]}", headers=made.headers)
    subscribe(made)


# --- being told -----------------------------------------------------------------------------------


def test_a_key_is_told_of_its_own_runs(made: WebApp) -> None:
    """Each subscriber of the event hears of each run of its own key, signed with that key's secret,
    and of no other's."""
    other = {"X-API-Key": made.keys.create("another")[1]}
    with Receiver() as there, Receiver() as elsewhere, made.launched() as service:
        told = subscribe(made, url=there.url, authorization="Bearer header-secret")
        subscribe(made, "run.failed", url=elsewhere.url)
        mine = made.post(json=TICKET).json
        made.client.post("/v1/actions/classify", json=TICKET, headers=other)
        again = made.post(json=TICKET).json
        posts = there.wait(2)
        wait_until(
            lambda: (
                len(service.deliveries.list_by_key(service.keys.find(made.key).id, state="sent"))
                == 2
            )
        )
        assert [post.verified(told["signing_secret"])["id"] for post in posts] == [
            mine["id"],
            again["id"],
        ]
        assert {post.headers["authorization"] for post in posts} == {"Bearer header-secret"}
        assert posts[0].json == {"event": "run.completed", **mine}
        assert elsewhere.posts == []
        made.client.delete(f"{PATH}/{told['id']}", headers=made.headers)
        made.post(json=TICKET)
        assert len(there.posts) == 2


def test_a_key_is_told_of_failures(make: Callable[..., WebApp]) -> None:
    """A run that failed is told to those who subscribed to that, as the problem that its caller
    got."""
    with FakeUpstream([fault("quota")]) as upstream, Receiver() as there, Receiver() as elsewhere:
        made = make(
            engine="openai",
            openai_api_key="sk-x",
            openai_base_url=upstream.base_url,
            allow_hosts="127.0.0.1",
        )
        with made.launched():
            subscribe(made, "run.failed", there.url)
            subscribe(made, "run.completed", elsewhere.url)
            problem = made.post(json=TICKET).get_json(force=True)
            assert there.wait()[0].json == {"event": "run.failed", **problem}
            assert elsewhere.posts == []


def test_a_cancelled_run_is_told_as_failed(made: WebApp) -> None:
    """A queued run that is cancelled is an end as well."""
    with Receiver() as there, made.launched() as service:
        subscribe(made, "run.failed", there.url)
        service.runner.queue.enqueue = lambda *_: None  # so that no process executes it
        run = made.post(json={**TICKET, "wait_seconds": 0}).json
        made.client.post(f"/v1/runs/{run['id']}/cancel", headers=made.headers)
        told = there.wait()[0].json
    assert (told["event"], told["id"], told["code"], told["run_status"]) == (
        "run.failed",
        run["id"],
        "cancelled",
        "cancelled",
    )


def test_a_batch_is_told_once(made: WebApp) -> None:
    """A batch tells of its end once, at its callback and to its subscribers, with the keys that the
    sample has, and not of its rows."""
    with Receiver() as there, Receiver() as subscriber, Receiver() as of_runs, made.launched():
        subscribe(made, "run.completed", of_runs.url)
        told = subscribe(made, "batch.completed", subscriber.url)
        path = f"{PATH}/sample?event=batch.completed"
        made_up = made.client.get(path, headers=made.headers).json[0]
        rows = [{"text": f"ticket {number}"} for number in range(3)]
        order = {
            "action": "classify",
            "rows": rows,
            "fixed": {"categories": TICKET["categories"]},
            "callback_url": there.url,
        }
        batch = made.client.post("/v1/batches", headers=made.headers, json=order).json
        bodies = [
            receiver.wait()[0].verified(told["signing_secret"]) for receiver in (there, subscriber)
        ]
        assert bodies[0] == bodies[1]
        assert (bodies[0]["event"], bodies[0]["id"], bodies[0]["done"]) == (
            "batch.completed",
            batch["id"],
            3,
        )
        assert list(bodies[0]) == list(made_up)
        assert made.client.get(path, headers=made.headers).json == [bodies[0]]
        assert of_runs.posts == []


def test_gone_is_the_end(made: WebApp) -> None:
    """A target that says 410 is not told any more, and the list says why."""
    with Receiver(410) as there, made.launched():
        subscribe(made, url=there.url)
        made.post(json=TICKET)
        ended = wait_until(lambda: [one for one in listed(made) if not one["active"]])
        assert "410" in ended[0]["reason"] and ended[0]["ended_at"]
        made.post(json=TICKET)
        assert len(there.posts) == 1


def test_what_waits_is_dropped_with_its_subscription(made: WebApp) -> None:
    """A message that waits for its next try is not sent after its subscription was deleted, nor can
    it be sent again."""
    with Receiver(500) as there, made.launched() as service:
        service.webhook_sender._retries = (3_600.0,)
        told = subscribe(made, url=there.url)
        made.post(json=TICKET)
        waits = wait_until(lambda: [one for one in _deliveries(made) if one["detail"]])[0]
        made.client.delete(f"{PATH}/{told['id']}", headers=made.headers)
        assert [(one["id"], one["state"]) for one in _deliveries(made)] == [
            (waits["id"], "dropped")
        ]
        refused(
            made.client.post(f"/v1/deliveries/{waits['id']}/resend", headers=made.headers),
            409,
            "conflict",
        )
        assert len(there.posts) == 1


def _deliveries(made: WebApp) -> list[Json]:
    found: list[Json] = made.client.get("/v1/deliveries", headers=made.headers).json
    return found


# --- samples --------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENTS)
def test_send_a_sample(made: WebApp, event: str) -> None:
    """A sample in the event's full shape goes the way that all messages go, and the answer says
    what came of it."""
    with Receiver() as there, made.launched():
        told = subscribe(made, event, there.url)
        sent = made.client.post(f"{PATH}/{told['id']}/test", headers=made.headers)
        post = there.wait()[0]
    assert (sent.status_code, sent.json["ok"], sent.json["state"], sent.json["id"]) == (
        200,
        True,
        "sent",
        post.id,
    )
    body = post.verified(told["signing_secret"])
    assert body["event"] == event and body["id"].endswith("_sample")


def test_a_sample_that_does_not_arrive(made: WebApp) -> None:
    """A sample is tried once, and what was wrong is said; a subscription that has ended takes
    none."""
    with Receiver(500) as there, made.launched():
        told = subscribe(made, url=there.url)
        sent = made.client.post(f"{PATH}/{told['id']}/test", headers=made.headers).json
        assert (sent["ok"], sent["state"], sent["attempts"], sent["detail"]) == (
            False,
            "given_up",
            1,
            "The address answered 500.",
        )
        made.client.delete(f"{PATH}/{told['id']}", headers=made.headers)
        refused(
            made.client.post(f"{PATH}/{told['id']}/test", headers=made.headers), 409, "conflict"
        )
        assert len(there.posts) == 1


def test_samples_for_a_list(made: WebApp) -> None:
    """Before the first run there is one made-up sample; after it the key's own last runs, the
    newest first, as they were sent."""

    def samples(event: str) -> list[Json]:
        response = made.client.get(f"{PATH}/sample?event={event}", headers=made.headers)
        assert response.status_code == 200
        found: list[Json] = response.json
        return found

    for event in EVENTS:
        [one] = samples(event)
        assert one["event"] == event and one["id"]
    with Receiver() as there, made.launched():
        subscribe(made, url=there.url)
        answers = [
            made.post(json={**TICKET, "text": f"ticket {number}"}).json for number in range(12)
        ]
        posts = there.wait(12)
    found = samples("run.completed")
    assert [one["id"] for one in found] == [answer["id"] for answer in answers[:1:-1]]
    sent = {post.json["id"]: post.json for post in posts}
    assert found == [sent[one["id"]] for one in found]
    assert samples("run.failed")[0]["id"] == "run_sample"
    other = {"X-API-Key": made.keys.create("another")[1]}
    assert (
        made.client.get(f"{PATH}/sample?event=run.completed", headers=other).json[0]["id"]
        == "run_sample"
    )


def test_samples_of_failures(make: Callable[..., WebApp]) -> None:
    """A failed run is shown just as it is sent, and a made-up one has every key that is common to
    them."""
    with FakeUpstream([fault("quota")]) as upstream:
        made = make(engine="openai", openai_api_key="sk-x", openai_base_url=upstream.base_url)
        path = f"{PATH}/sample?event=run.failed"
        made_up = made.client.get(path, headers=made.headers).json[0]
        problem = made.post(json=TICKET).get_json(force=True)
        real = made.client.get(path, headers=made.headers).json[0]
    assert real == {"event": "run.failed", **problem}
    assert set(real) - {"upstream_request_id"} == set(made_up)


def test_samples_where_texts_are_not_kept(make: Callable[..., WebApp]) -> None:
    """Where answers are not kept, a made-up sample is shown, so that its shape is whole."""
    made = make(store_text="off")
    made.post(json=TICKET)
    assert (
        made.client.get(f"{PATH}/sample?event=run.completed", headers=made.headers).json[0]["id"]
        == "run_sample"
    )


def test_samples_of_nothing(made: WebApp) -> None:
    """An event that there is not is refused by name."""
    for query in ("", "?event=", "?event=runs"):
        told = refused(
            made.client.get(f"{PATH}/sample{query}", headers=made.headers), 422, "invalid_input"
        )
        assert told["errors"][0]["field"] == "event"


# --- what is secret -------------------------------------------------------------------------------


def test_secrets_are_never_shown(
    made: WebApp, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The Authorization header and the query of an address are in no answer, no log and, for the
    header, in no file."""
    caplog.set_level(logging.DEBUG, "formcall")
    with Receiver(200, 500) as there, made.launched() as service:
        told = subscribe(made, url=there.url, authorization="Bearer header-secret")
        answers = [json.dumps(told)]
        for _ in range(2):
            answers.append(made.client.post(f"{PATH}/{told['id']}/test", headers=made.headers).text)
        answers += [
            made.client.get(path, headers=made.headers).text
            for path in (PATH, f"{PATH}/{told['id']}", "/v1/deliveries")
        ]
        said = "".join(answers) + caplog.text
        assert "header-secret" not in said and "query-secret" not in said
        assert there.posts[0].headers["authorization"] == "Bearer header-secret"
        with service.database.connect() as connection:
            kept = connection.execute(select(table)).one()
        assert "header-secret" not in str(kept)
    for file in (tmp_path / "data").iterdir():
        assert b"header-secret" not in file.read_bytes()


def test_the_signing_secret_is_the_keys(made: WebApp) -> None:
    """It is made from the service's secret and the key's id, so that it stays the same when the
    service is started again."""
    key = made.keys.find(made.key)
    assert key is not None
    secret = (Path(made.service.settings.data_dir) / "secret").read_bytes()
    assert subscribe(made)["signing_secret"] == signing_secret(secret, key.id)
