"""Checks one code with the official Python SDK and prints what came of it: a status, or the code of the error."""

import os
import sys

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

client = Client(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"])
client.verify.base_url = os.environ["BASE"]
service, to, code = sys.argv[1:]
try:
    print(client.verify.v2.services(service).verification_checks.create(to=to, code=code).status)
except TwilioRestException as error:
    print(error.code)
