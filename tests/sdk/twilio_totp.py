"""Drives entities, factors and challenges of a running server with the official Python SDK of Twilio, unchanged.

Codes are made here, from the secret that the server told and the time that it tells: as an app does it, which shares no
line with the server.
"""

import base64
import datetime
import hashlib
import hmac
import os
import re
import struct
from urllib.parse import parse_qs, urlsplit

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

BASE, ACCOUNT = os.environ["BASE"], os.environ["ACCOUNT_SID"]
TOKEN, SERVICE = os.environ["AUTH_TOKEN"], os.environ["SERVICE_SID"]


def step(what, is_so, seen=""):
    assert is_so, f"{what}: {seen}"


def refused(status, code, call):
    try:
        call()
    except TwilioRestException as raised:
        right = (raised.status, raised.code) == (status, code) and type(raised) is TwilioRestException
        step(f"{status} / {code}", right, repr(raised))
        return
    raise AssertionError(f"{code} was not raised")


def code_of(secret, at, digits=6, seconds=30, algorithm=hashlib.sha1):
    """RFC 6238, as an app does it."""
    count = struct.pack(">Q", int(at.timestamp()) // seconds)
    tag = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), count, algorithm).digest()
    cut = struct.unpack(">I", tag[tag[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return str(cut % 10**digits).zfill(digits)


def wrong(code):
    return ("2" if code[0] == "1" else "1") + code[1:]


client = Client(ACCOUNT, TOKEN)
client.verify.base_url = BASE
service = client.verify.v2.services(SERVICE)

made = service.entities.create(identity="python-0001")
now = made.date_created
step("the entity", re.fullmatch("YE[0-9a-f]{32}", made.sid) and made.identity == "python-0001", vars(made))
step("its account", (made.account_sid, made.service_sid) == (ACCOUNT, SERVICE), vars(made))
step("its dates", isinstance(now, datetime.datetime) and made.date_updated == now, now)
step("its links", set(made.links) == {"factors", "new_factors", "challenges"}, made.links)
refused(409, 60301, lambda: service.entities.create(identity="python-0001"))
refused(400, 60200, lambda: service.entities.create(identity="short"))
step("the entity again", service.entities("python-0001").fetch().sid == made.sid)
service.entities.create(identity="python-0002")
listed = sorted(entity.identity for entity in service.entities.list(page_size=1))
step("all entities", listed == ["python-0001", "python-0002"], listed)

entity = service.entities("python-0001")
new = entity.new_factors.create(
    friendly_name="Ada's phone",
    factor_type="totp",
    config_time_step=30,
    config_alg="sha256",
    config_code_length=8,
    config_skew=1,
    metadata={"os": "Android"},
)
config = {"alg": "sha256", "skew": 1, "code_length": 8, "time_step": 30}
step("the factor", re.fullmatch("YF[0-9a-f]{32}", new.sid) and new.entity_sid == made.sid, vars(new))
step("how its codes are made", new.config == config and new.factor_type == "totp", new.config)
step("what is kept with it", new.metadata == {"os": "Android"} and new.status == "unverified", vars(new))
secret = new.binding["secret"]
uri = urlsplit(new.binding["uri"])
asked = {name: values[0] for name, values in parse_qs(uri.query).items()}
step("its secret", len(secret) == 32 and uri.scheme == "otpauth" and uri.netloc == "totp", uri.scheme)
step("its link", asked["secret"] == secret and (asked["algorithm"], asked["digits"], asked["period"]) == ("SHA256", "8", "30"))


def code(later=0):
    return code_of(secret, now + datetime.timedelta(seconds=later), 8, 30, hashlib.sha256)


factor = entity.factors(new.sid)
step("no secret again", not hasattr(factor.fetch(), "binding") and factor.fetch().status == "unverified")
refused(403, 60318, lambda: entity.challenges.create(factor_sid=new.sid, auth_payload=code()))
refused(403, 60311, lambda: factor.update(auth_payload=wrong(code(-30))))
verified = factor.update(auth_payload=code(-30))
step("verified", verified.status == "verified" and verified.sid == new.sid, verified.status)
refused(400, 60306, lambda: factor.update(auth_payload=code()))
step("another name", factor.update(friendly_name="tablet").friendly_name == "tablet")

challenge = entity.challenges.create(
    factor_sid=new.sid,
    auth_payload=code(),
    details_message="Sign in?",
    details_fields=[{"label": "From", "value": "London"}],
    hidden_details={"ip": "192.0.2.1"},
)
step("approved at once", challenge.status == "approved" and challenge.responded_reason == "none", vars(challenge))
step("the challenge", re.fullmatch("YC[0-9a-f]{32}", challenge.sid) and challenge.factor_sid == new.sid, vars(challenge))
details = {"message": "Sign in?", "fields": [{"label": "From", "value": "London"}], "date": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
step("what it is about", challenge.details == details and challenge.hidden_details == {"ip": "192.0.2.1"}, challenge.details)
step("when", challenge.date_responded == now and challenge.expiration_date == now + datetime.timedelta(minutes=5), vars(challenge))
step("fetched", entity.challenges(challenge.sid).fetch().status == "approved")
again = entity.challenges.create(factor_sid=new.sid, auth_payload=code())
step("each step once", again.status == "pending" and again.date_responded is None, again.status)
answered = entity.challenges(again.sid).update(auth_payload=code(30), metadata={"os": "Android"})
step("answered later", answered.status == "approved" and answered.metadata == {"os": "Android"}, vars(answered))
refused(403, 60322, lambda: entity.challenges(again.sid).update(auth_payload=code(30)))

ends = now + datetime.timedelta(minutes=60)
denied = entity.challenges.create(factor_sid=new.sid, expiration_date=ends)
step("an hour to answer", denied.expiration_date == ends and denied.status == "pending", denied.expiration_date)
told = [entity.challenges(denied.sid).update(auth_payload=wrong(code())).status for _ in range(5)]
step("five wrong answers", told == ["pending"] * 4 + ["denied"], told)
refused(429, 60308, lambda: entity.challenges(denied.sid).update(auth_payload=code(30)))
# All are of one moment, so their order means nothing.
listed = sorted(found.sid for found in entity.challenges.list(page_size=2))
step("all challenges", listed == sorted([challenge.sid, again.sid, denied.sid]), listed)
listed = sorted(found.sid for found in entity.challenges.list(factor_sid=new.sid, order="desc", status="approved"))
step("some challenges", listed == sorted([challenge.sid, again.sid]), listed)

second = entity.new_factors.create(friendly_name="brought", factor_type="totp", binding_secret="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
right = code_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", now)
for _ in range(5):
    refused(403, 60311, lambda: entity.factors(second.sid).update(auth_payload=wrong(right)))
refused(429, 60310, lambda: entity.factors(second.sid).update(auth_payload=right))
refused(403, 60204, lambda: entity.new_factors.create(friendly_name="push", factor_type="push"))
step("all factors", [found.sid for found in entity.factors.list(page_size=1)] == [new.sid, second.sid])
step("a factor is removed", entity.factors(second.sid).delete() is True)
refused(404, 20404, lambda: entity.factors(second.sid).fetch())
step("the entity is removed", entity.delete() is True)
refused(404, 20404, lambda: entity.fetch())
refused(404, 20404, lambda: entity.challenges(denied.sid).fetch())
service.entities("python-0002").delete()
print("every call did what it does at Twilio")
