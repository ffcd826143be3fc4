"""Drives a running server with the official Python SDK of Twilio, unchanged: every call, its fields, its exceptions."""

import asyncio
import datetime
import json
import os
import time

from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

BASE, ACCOUNT, TOKEN = os.environ["BASE"], os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"]
KEY_SID, KEY_SECRET = os.environ["KEY_SID"], os.environ["KEY_SECRET"]
ADA = "+447700900123"


def pointed(client):
    """The shortest way to another address: one attribute of each product."""
    client.verify.base_url = BASE
    client.lookups.base_url = BASE
    return client


class Elsewhere(TwilioHttpClient):
    """The other way: a client that changes the address of every request."""

    def request(self, method, url, *args, **kwargs):
        for product in ("verify", "lookups"):
            url = url.replace(f"https://{product}.twilio.com", BASE)
        return super().request(method, url, *args, **kwargs)


def messages(count):
    """What was delivered, once it is so many."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with open(os.environ["OUTBOX"], encoding="utf-8") as outbox:
                found = [json.loads(line) for line in outbox]
        except (FileNotFoundError, json.JSONDecodeError):
            found = []
        if len(found) >= count:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{count} messages did not arrive")


def is_equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def refused(status, code, call):
    """The class, status and code of what a call raises; never the other class, which customers do not catch."""
    try:
        call()
    except TwilioRestException as error:
        is_equal(type(error), TwilioRestException)
        is_equal((error.status, error.code), (status, code))
        assert error.msg, error
        return error
    raise AssertionError(f"{status} / {code} was not raised")


def wrong(code):
    return ("2" if code[0] == "1" else "1") + code[1:]


def services(client):
    made = client.verify.v2.services.create(friendly_name="My App Verification")
    assert made.sid.startswith("VA") and len(made.sid) == 34, made.sid
    is_equal((made.account_sid, made.friendly_name, made.code_length), (ACCOUNT, "My App Verification", 6))
    is_equal((made.lookup_enabled, made.psd2_enabled, made.custom_code_enabled), (False, False, False))
    assert isinstance(made.date_created, datetime.datetime), made.date_created
    is_equal(made.url, f"{BASE}/v2/Services/{made.sid}")
    is_equal(made.links["verifications"], f"{made.url}/Verifications")
    full = client.verify.v2.services.create(
        friendly_name="My App",
        code_length=6,
        lookup_enabled=True,
        do_not_share_warning_enabled=True,
        totp_issuer="Acme",
        totp_time_step=30,
        whatsapp_from="whatsapp:+15551230000",
    )
    is_equal((full.lookup_enabled, full.do_not_share_warning_enabled), (True, True))
    is_equal(full.totp, {"issuer": "Acme", "time_step": 30, "code_length": 6, "skew": 1})
    is_equal(full.whatsapp["from"], "whatsapp:+15551230000")
    fetched = client.verify.v2.services(full.sid).fetch()
    is_equal((fetched.sid, fetched.friendly_name, fetched.totp), (full.sid, "My App", full.totp))
    updated = client.verify.v2.services(full.sid).update(friendly_name="New")
    is_equal((updated.friendly_name, updated.lookup_enabled), ("New", True))
    listed = {service.sid for service in client.verify.v2.services.list(page_size=1)}
    assert {made.sid, full.sid} <= listed, listed
    is_equal(client.verify.v2.services(full.sid).delete(), True)
    refused(404, 20404, lambda: client.verify.v2.services(full.sid).fetch())
    refused(400, 60200, lambda: client.verify.v2.services.create(friendly_name="12345"))
    # The snippet with settings that the SDK does not know: it raises before it sends, and a raw call sends them.
    try:
        client.verify.v2.services.create(friendly_name="My App", ttl=600, do_force_check_once=True)
        raise AssertionError("this SDK knows `ttl`")
    except TypeError:
        pass
    asked = {"FriendlyName": "My App", "Ttl": 600, "DoForceCheckOnce": True}
    raw = client.request("POST", f"{BASE}/v2/Services", data=asked, auth=(ACCOUNT, TOKEN))
    is_equal(raw.status_code, 201)
    answer = json.loads(raw.text)
    is_equal((answer["ttl"], answer["do_force_check_once"]), (600, True))
    return made.sid


def verifications(client, sid):
    service = client.verify.v2.services(sid)
    sent = len(messages(0))
    started = service.verifications.create(to=ADA, channel="sms")
    is_equal((started.to, started.channel, started.status, started.valid), (ADA, "sms", "pending", False))
    is_equal((started.service_sid, started.account_sid), (sid, ACCOUNT))
    is_equal((started.amount, started.payee, started.lookup), (None, None, {}))
    assert started.sid.startswith("VE") and isinstance(started.date_created, datetime.datetime)
    is_equal(started.send_code_attempts[0]["channel"], "sms")
    is_equal(started.url, f"{BASE}/v2/Services/{sid}/Verifications/{started.sid}")
    code = messages(sent + 1)[-1]["code"]
    # Another channel while it is pending: the same verification and the same code.
    again = service.verifications.create(to=ADA, channel="call")
    is_equal((again.sid, again.channel, len(again.send_code_attempts)), (started.sid, "call", 2))
    is_equal(messages(sent + 2)[-1]["code"], code)
    for name in (started.sid, ADA):
        fetched = service.verifications(name).fetch()
        is_equal((fetched.sid, fetched.status), (started.sid, "pending"))
    checked = service.verification_checks.create(to=ADA, code=wrong(code))
    is_equal((checked.status, checked.valid, checked.sid, checked.to), ("pending", False, started.sid, ADA))
    checked = service.verification_checks.create(verification_sid=started.sid, code=code)
    is_equal((checked.status, checked.valid, checked.channel), ("approved", True, "call"))
    error = refused(404, 20404, lambda: service.verification_checks.create(to=ADA, code=code))
    assert f"/Services/{sid}/VerificationCheck was not found" in error.msg, error.msg
    refused(404, 20404, lambda: service.verifications(started.sid).fetch())

    mail = service.verifications.create(to="a+b@example.com", channel="email")
    is_equal((mail.to, mail.channel), ("a+b@example.com", "email"))
    canceled = service.verifications(mail.sid).update(status="canceled")
    is_equal((canceled.sid, canceled.status), (mail.sid, "canceled"))
    is_equal(service.verifications(mail.sid).fetch().status, "canceled")

    fallback = json.dumps({"whatsapp": {"enabled": True}, "sms": {"enabled": True}})
    for at, (channel, told) in enumerate([("whatsapp", "whatsapp"), ("rcs", "rcs"), ("voice", "voice"), ("auto", "sms")]):
        to = f"+44770090020{at}"
        options = {"channel_configuration": fallback} if channel == "whatsapp" else {}
        is_equal(service.verifications.create(to=to, channel=channel, **options).channel, told)

    refused(400, 60200, lambda: service.verifications.create(to="1", channel="sms"))
    refused(400, 60200, lambda: service.verifications.create(to=ADA, channel="pigeon"))
    refused(400, 60550, lambda: service.verifications.create(to=ADA, channel="sna"))
    refused(400, 60221, lambda: service.verification_checks.create(code="123456"))
    refused(404, 20404, lambda: client.verify.v2.services("VA" + "0" * 32).verifications.create(to=ADA, channel="sms"))


def everything(client):
    """Every parameter of a start, and those that are refused with their codes."""
    made = client.verify.v2.services.create(friendly_name="Everything", custom_code_enabled=True)
    service, sent = client.verify.v2.services(made.sid), len(messages(0))
    service.rate_limits.create(unique_name="end_user_ip")
    started = service.verifications.create(
        to="+447700900300",
        channel="sms",
        custom_friendly_name="Other Brand",
        locale="fr",
        custom_code="135790",
        rate_limits=json.dumps({"end_user_ip": "192.0.2.1"}),
        channel_configuration=json.dumps({"from": "a@example.com", "template_id": "d-1", "substitutions": {}}),
        app_hash="FA+9qCX9VSu",
        template_custom_substitutions=json.dumps({"x": "y"}),
        device_ip="192.0.2.1",
        risk_check="disable",
        tags=json.dumps({"team": "blue"}),
    )
    is_equal((started.status, started.to), ("pending", "+447700900300"))
    message = messages(sent + 1)[-1]
    is_equal(message["code"], "135790")
    assert "Other Brand" in message["text"] and message["text"].endswith("FA+9qCX9VSu"), message["text"]
    approved = service.verifications(started.sid).update(status="approved")
    is_equal((approved.status, approved.valid), ("approved", True))
    refused(400, 60228, lambda: service.verifications.create(to=ADA, channel="sms", template_sid="HJ" + "0" * 32))
    refused(403, 60204, lambda: service.verifications.create(to=ADA, channel="call", send_digits="1234"))
    refused(400, 60602, lambda: service.verifications.create(to="a@example.com", channel="email", app_hash="FA+9qCX9VSu"))

    paid = client.verify.v2.services.create(friendly_name="Paid", psd2_enabled=True)
    service, sent = client.verify.v2.services(paid.sid), len(messages(0))
    refused(400, 60206, lambda: service.verifications.create(to=ADA, channel="sms"))
    refused(400, 60214, lambda: service.verifications.create(to=ADA, channel="call", amount="12 EUR", payee="Ada"))
    started = service.verifications.create(to=ADA, channel="sms", amount="12 EUR", payee="Ada")
    is_equal((started.amount, started.payee), ("12 EUR", "Ada"))
    code = messages(sent + 1)[-1]["code"]
    checked = service.verification_checks.create(to=ADA, code=code, amount="12 EUR", payee="Ada")
    is_equal((checked.status, checked.amount, checked.payee), ("approved", "12 EUR", "Ada"))


def limits(client):
    """Five sends and five checks: 60203 and 60202, both 429."""
    made = client.verify.v2.services.create(friendly_name="Limits")
    service, sent = client.verify.v2.services(made.sid), len(messages(0))
    for _ in range(5):
        service.verifications.create(to=ADA, channel="sms")
    refused(429, 60203, lambda: service.verifications.create(to=ADA, channel="sms"))
    code = messages(sent + 5)[-1]["code"]
    for _ in range(5):
        is_equal(service.verification_checks.create(to=ADA, code=wrong(code)).status, "pending")
    refused(429, 60202, lambda: service.verification_checks.create(to=ADA, code=code))

    limit = service.rate_limits.create(unique_name="end_user_ip")
    is_equal((limit.unique_name, limit.service_sid), ("end_user_ip", made.sid))
    buckets = service.rate_limits(limit.sid).buckets
    bucket = buckets.create(max=4, interval=60)
    is_equal((bucket.max, bucket.interval, bucket.rate_limit_sid), (4, 60, limit.sid))
    is_equal([found.sid for found in buckets.list()], [bucket.sid])
    is_equal(service.rate_limits(limit.sid).buckets(bucket.sid).update(max=1).max, 1)
    named = json.dumps({"end_user_ip": "192.0.2.9"})
    service.verifications.create(to="+447700900301", channel="sms", rate_limits=named)
    refused(429, 20429, lambda: service.verifications.create(to="+447700900302", channel="sms", rate_limits=named))
    is_equal(service.rate_limits(limit.sid).buckets(bucket.sid).delete(), True)
    is_equal(service.rate_limits(limit.sid).delete(), True)
    is_equal(service.rate_limits.list(), [])


def attempts(client, sid):
    found = client.verify.v2.verification_attempts.list(verify_service_sid=sid, page_size=1)
    assert len(found) > 3 and all(attempt.service_sid == sid for attempt in found), found
    found = client.verify.v2.verification_attempts.list(
        verify_service_sid=sid, channel="sms", channel_data_to=ADA, date_created_after=datetime.datetime(2026, 1, 1)
    )
    is_equal(len(found), 1)
    attempt = client.verify.v2.verification_attempts(found[-1].sid).fetch()
    is_equal((attempt.sid, attempt.channel, attempt.conversion_status), (found[-1].sid, "sms", "converted"))
    is_equal((attempt.channel_data["to"], attempt.channel_data["country"]), (ADA, "GB"))
    assert isinstance(attempt.date_created, datetime.datetime)
    summary = client.verify.v2.verification_attempts_summary().fetch(verify_service_sid=sid)
    is_equal(summary.total_attempts, summary.total_converted + summary.total_unconverted)
    # Two messages led to one approval, and one to the other.
    is_equal(summary.total_converted, 3)


def lookups(client):
    found = client.lookups.v2.phone_numbers("+447400123456").fetch()
    is_equal((found.valid, found.country_code, found.calling_country_code), (True, "GB", "44"))
    is_equal((found.national_format, found.validation_errors), ("07400 123456", []))
    found = client.lookups.v2.phone_numbers("07400123456").fetch(
        fields="line_type_intelligence,sim_swap", country_code="GB"
    )
    is_equal((found.phone_number, found.line_type_intelligence, found.sim_swap), ("+447400123456", None, None))
    bad = client.lookups.v2.phone_numbers("+44740").fetch()
    is_equal((bad.valid, bad.validation_errors), (False, ["TOO_SHORT"]))


def let_in():
    """The account by each way of pointing the SDK, an API key, and nobody else."""
    for client in (
        Client(ACCOUNT, TOKEN, http_client=Elsewhere()),
        Client(KEY_SID, KEY_SECRET, ACCOUNT, http_client=Elsewhere()),
        pointed(Client(KEY_SID, KEY_SECRET, ACCOUNT)),
        pointed(Client(ACCOUNT, KEY_SECRET)),
    ):
        assert client.verify.v2.services.list(), "the account is let in"
    stranger = pointed(Client(ACCOUNT, "another-token-0123456789"))
    refused(401, 20003, lambda: stranger.verify.v2.services("VA" + "0" * 32).fetch())
    refused(401, 20003, lambda: stranger.verify.v2.services.create(friendly_name="x"))


async def at_once(sid):
    """The same SDK without threads."""
    http = AsyncTwilioHttpClient()
    client = pointed(Client(ACCOUNT, TOKEN, http_client=http))
    sent = len(messages(0))
    started = await client.verify.v2.services(sid).verifications.create_async(to="+447700900303", channel="sms")
    code = messages(sent + 1)[-1]["code"]
    checks = client.verify.v2.services(sid).verification_checks
    is_equal((await checks.create_async(verification_sid=started.sid, code=code)).status, "approved")
    await http.close()


def main():
    client = pointed(Client(ACCOUNT, TOKEN))
    let_in()
    sid = services(client)
    verifications(client, sid)
    everything(client)
    limits(client)
    asyncio.run(at_once(sid))
    attempts(client, sid)
    lookups(client)
    print("every call did what it does at Twilio")


main()
