"""Signatures of deliveries, as GitLab and Jira make them."""

import base64
import hashlib
import hmac

import pytest

from ovia_api.webhooks import signatures

NOW = 1_790_000_000.0
SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes for the testing").decode()
BODY = b'{"object_kind": "push"}'


def signed(secret: str = SECRET, body: bytes = BODY, moment: str = "1790000000", name: str = "msg_1") -> dict[str, str]:
    """The headers of a delivery that GitLab signs."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "x-gitlab-event": "Push Hook",
    }


def hub(secret: str = SECRET, body: bytes = BODY) -> dict[str, str]:
    """The headers of a delivery that Jira signs."""
    return {"x-hub-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_the_example_of_the_standard_is_accepted() -> None:
    # From the specification at standardwebhooks.com.
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    taken = signatures.gitlab(secret, headers, b'{"test": 2432232314}', 1614265330.0)
    assert taken is not None
    assert (taken.delivery_id, taken.event) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "unknown")


@pytest.mark.parametrize("secret", [SECRET, "plain-words-as-a-secret", "whsec_not base64!"])
def test_a_signed_delivery_is_taken_under_its_signed_name(secret: str) -> None:
    headers = signed(secret) if secret != "whsec_not base64!" else _raw(secret)
    taken = signatures.gitlab(secret, headers | {"x-gitlab-event-uuid": "unsigned"}, BODY, NOW)
    assert taken is not None
    assert (taken.delivery_id, taken.event, taken.payload, taken.body_hash) == ("msg_1", "Push Hook", BODY, None)


def test_one_right_signature_among_several_is_enough() -> None:
    headers = signed()
    several = " ".join(["v1,AAAA", "v1a,other", signed("another-secret-entirely")["webhook-signature"]])
    headers["webhook-signature"] = f"{several} {headers['webhook-signature']}"
    assert signatures.gitlab(SECRET, headers, BODY, NOW) is not None
    headers["webhook-signature"] = several
    assert signatures.gitlab(SECRET, headers, BODY, NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1790000001"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ü"},
        {"webhook-signature": "v2," + signed()["webhook-signature"][3:]},
        {"webhook-signature": signed("another-secret-entirely")["webhook-signature"]},
        {"x-gitlab-token": "wrong"},
        {"x-gitlab-token": ""},
    ],
)
def test_whatever_was_altered_is_refused(change: dict[str, str]) -> None:
    headers = signed()
    if "x-gitlab-token" in change:
        headers.pop("webhook-signature")
    assert signatures.gitlab(SECRET, headers | change, BODY, NOW) is None


@pytest.mark.parametrize(("age", "taken"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_signature_holds_for_five_minutes(age: int, taken: bool) -> None:
    assert (signatures.gitlab(SECRET, signed(), BODY, NOW + age) is not None) == taken


def test_the_secret_itself_is_taken_from_an_older_gitlab() -> None:
    headers = {"x-gitlab-token": SECRET, "x-gitlab-event": "Merge Request Hook", "x-gitlab-event-uuid": "u-1"}
    taken = signatures.gitlab(SECRET, headers, BODY, NOW)
    assert taken is not None
    assert (taken.delivery_id, taken.event) == ("u-1", "Merge Request Hook")
    headers.pop("x-gitlab-event-uuid")
    unnamed = signatures.gitlab(SECRET, headers, BODY, NOW)
    assert unnamed is not None
    assert unnamed.delivery_id == hashlib.sha256(BODY).hexdigest()


def test_jira_signs_the_body() -> None:
    body = b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "1"}}'
    headers = hub(body=body) | {"x-atlassian-webhook-identifier": "w-1"}
    taken = signatures.jira(SECRET, headers, body, NOW)
    assert taken is not None
    assert (taken.delivery_id, taken.event) == ("w-1", "jira:issue_updated")
    assert taken.body_hash == hashlib.sha256(body).digest()
    assert signatures.jira(SECRET, headers, body + b" ", NOW) is None
    assert signatures.jira("another-secret-entirely", headers, body, NOW) is None


@pytest.mark.parametrize("given", ["", "sha256=", "sha256", "sha256=ü", "sha1=" + "0" * 40])
def test_jira_without_a_proper_signature_is_refused(given: str) -> None:
    assert signatures.jira(SECRET, {"x-hub-signature": given}, BODY, NOW) is None


def test_a_signature_of_another_method_is_refused() -> None:
    right = hub()["x-hub-signature"]
    assert signatures.jira(SECRET, {"x-hub-signature": right.replace("sha256", "sha1")}, BODY, NOW) is None
    assert (
        signatures.jira(SECRET, {"x-hub-signature": right.upper().replace("SHA256", "sha256")}, BODY, NOW) is not None
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"\xff\xfe", b"[]", b"null", b'{"webhookEvent": 7}', b'{"webhookEvent": "a\\u0000"}', b"[" * 9999],
)
def test_a_signed_body_may_be_anything(body: bytes) -> None:
    taken = signatures.jira(SECRET, hub(body=body), body, NOW)
    assert taken is not None
    assert (taken.event, taken.payload) == ("unknown", body)


def _raw(secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), b"msg_1.1790000000." + BODY, hashlib.sha256).digest()
    return signed() | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
