"""Drives a running server with the official SMS.CX SDK, unchanged: `smscx_sdk.py BASE ID SECRET OUTBOX`.

OUTBOX is where the provider `dry_run` writes its messages: PINs are read from there. Each step is asserted, and the last
line says how many there were.
"""

import datetime
import json
import sys
import time
import uuid

import smscx_client
from smscx_client import exceptions
from smscx_client.api import oauth_api, otp_api
from smscx_client.model.new_otp_request import NewOtpRequest

BASE, ID, SECRET, OUTBOX = sys.argv[1:5]
NUMBER = "+33612424100"
steps = 0


def step(what, is_so, seen=""):
    global steps
    steps += 1
    assert is_so, f"{what}: {seen}"
    print("ok", what)


def otps(**credentials):
    configuration = smscx_client.Configuration(host=BASE, **credentials)
    return otp_api.OtpApi(smscx_client.ApiClient(configuration))


def pin(count):
    """The PIN of the message of this number, once it is there."""
    for _ in range(2000):
        with open(OUTBOX, encoding="utf-8") as outbox:
            lines = [json.loads(line) for line in outbox if line.endswith("\n")]
        if len(lines) >= count:
            return lines[count - 1]
        time.sleep(0.01)
    raise AssertionError("no message came")


def settled(api, otp_id):
    """The OTP, once it is known what became of its message: that is kept after the message went out."""
    # An OTP may be looked at 60 times a minute.
    for _ in range(50):
        shown = api.get_otp_status(otp_id)
        if shown.cost:
            return shown
        time.sleep(0.2)
    raise AssertionError("the cost was never known")


def refused(kind, code, error, call):
    try:
        call()
    except exceptions.ApiException as raised:
        told = json.loads(raised.body)["error"]
        right = type(raised) is kind and (told["code"], told["type"]) == (code, error) and told["message"] and told["uri"]
        step(f"{kind.__name__} {code}", right, f"{type(raised).__name__} {told}")
        return
    raise AssertionError(f"{kind.__name__} was not raised")


# Id and secret for a token.
basic = smscx_client.Configuration(host=BASE, username=ID, password=SECRET)
oauth = oauth_api.OauthApi(smscx_client.ApiClient(basic))
token = oauth.get_access_token()
step("a token", (token.token_type, token.expires_in, token.scope) == ("Bearer", 86400, "otp"), token)
scoped = oauth.get_access_token(scope="sms otp")
step("a token of a scope", scoped.scope == "otp" and scoped.access_token, scoped)
refused(exceptions.InvalidScopeException, 1600, "invalid_scope", lambda: oauth.get_access_token(scope="root"))
wrong = smscx_client.Configuration(host=BASE, username=ID, password="another")
strangers = oauth_api.OauthApi(smscx_client.ApiClient(wrong))
refused(exceptions.InvalidCredentialsException, 1600, "invalid_client", strangers.get_access_token)

# With the token: a start with everything, a wrong PIN, the right one.
api = otps(access_token=token.access_token)
track = str(uuid.uuid1())
request = NewOtpRequest(
    phone_number=NUMBER,
    _from="Verify",
    ttl=300,
    max_attempts=5,
    pin_type="numbers",
    pin_length=5,
    template="Your code {{pin}}",
    track_id=track,
)
otp = api.new_otp(request)
given = (otp.phone_number, otp.country_iso, otp.status, otp.max_attempts, otp.attempts, otp.ttl, otp.track_id)
step("a start", given == (NUMBER, "FR", "PENDING", 5, 0, 300, track), otp)
life = otp.date_expires - otp.date_created
step("its life", life == datetime.timedelta(seconds=300) and uuid.UUID(otp.otp_id), otp)
step("its cost is not known yet", (otp.cost, otp.parts, otp.otp_callback_url) == (0, 1, None), otp)
message = pin(1)
step("its message", message["text"] == "Your code " + message["code"] and len(message["code"]) == 5, message["text"])
refused(
    exceptions.InvalidPinException, 2029, "invalid_pin",
    lambda: api.verify_otp(otp.otp_id, "0000x"),
)
shown = settled(api, otp.otp_id)
given = (shown.otp_id, shown.status, shown.attempts, shown.cost, shown.parts, shown.track_id)
step("its state", given == (otp.otp_id, "PENDING", 1, 0.043, 1, track), shown)
verified = api.verify_otp(otp.otp_id, message["code"])
step("the right PIN", verified.status == "VERIFIED", verified)
refused(
    exceptions.OtpAlreadyVerifiedException, 2023, "otp_verified",
    lambda: api.verify_otp(otp.otp_id, message["code"]),
)
refused(
    exceptions.OtpActionNotAllowedException, 2031, "access_denied",
    lambda: api.cancel_otp(otp.otp_id),
)

# With the API key: one that fails, one that is cancelled.
api = otps(api_key=SECRET)
failing = api.new_otp(NewOtpRequest(phone_number=NUMBER, max_attempts=1))
refused(
    exceptions.OtpFailedException, 2027, "otp_failed",
    lambda: api.verify_otp(failing.otp_id, "0000x"),
)
step("it failed", api.get_otp_status(failing.otp_id).status == "FAILED")
canceled = api.new_otp(NewOtpRequest(phone_number=NUMBER))
step("it is cancelled", api.cancel_otp(canceled.otp_id).info.id == canceled.otp_id)
refused(
    exceptions.OtpCancelledException, 2024, "otp_cancelled",
    lambda: api.verify_otp(canceled.otp_id, "0000x"),
)
refused(exceptions.OtpCancelledException, 2030, "access_denied", lambda: api.cancel_otp(canceled.otp_id))
refused(
    exceptions.ResourceNotFoundException, 2021, "not_found",
    lambda: api.get_otp_status(str(uuid.uuid4())),
)

# What is wrong, and who is nobody.
refused(
    exceptions.InvalidRequestException, 2020, "invalid_param",
    lambda: api.new_otp(NewOtpRequest(phone_number="+0")),
)
strangers = otps(api_key="another-key-of-nobody")
refused(
    exceptions.InvalidCredentialsException, 401, "invalid_api_key",
    lambda: strangers.get_otp_status(canceled.otp_id),
)
for _ in range(2):
    api.new_otp(NewOtpRequest(phone_number=NUMBER))
refused(
    exceptions.RateLimitExcedeedException, 429, "rate_limit",
    lambda: api.new_otp(NewOtpRequest(phone_number=NUMBER)),
)
print(f"all {steps} steps went as they should")
