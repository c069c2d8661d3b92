"""Judges requests that were made from the files in Examples/vendors: by the vendors' own libraries where there are any on PyPI.

    vendor_judge.py REQUESTS

REQUESTS has an object a line: vendor, credentials, url, headers (pairs), body (base64). Prints a line for each: accepted, or refused and why.
"""

import base64
import hashlib
import hmac
import json
import sys
import urllib.parse


def demand(condition, reason):
    if not condition:
        raise ValueError(reason)


def stripe(request):
    import stripe as library

    library.WebhookSignature.verify_header(request.body.decode(), request.headers["stripe-signature"], request.credentials["secret"], tolerance=300)


def slack(request):
    from slack_sdk.signature import SignatureVerifier

    demand(SignatureVerifier(request.credentials["secret"]).is_valid_request(request.body, request.headers), "slack_sdk says no")


def twilio(request):
    from twilio.request_validator import RequestValidator

    pairs = urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True)
    validator = RequestValidator(request.credentials["auth_token"])
    demand(validator.validate(request.url, dict(pairs), request.headers["x-twilio-signature"]), "twilio says no")


def twilio_json(request):
    from twilio.request_validator import RequestValidator

    validator = RequestValidator(request.credentials["auth_token"])
    demand(validator.validate(request.url, request.body.decode(), request.headers["x-twilio-signature"]), "twilio says no")


def square(request):
    from square.utils.webhooks_helper import verify_signature

    fits = verify_signature(
        request_body=request.body.decode(),
        signature_header=request.headers["x-square-hmacsha256-signature"],
        signature_key=request.credentials["signature_key"],
        notification_url=request.url,
    )
    demand(fits, "squareup says no")


def sendgrid(request):
    from sendgrid.helpers.eventwebhook import EventWebhook

    key = "".join(line for line in request.credentials["private_key"].splitlines() if not line.startswith("-----"))
    library = EventWebhook(key)
    fits = library.verify_signature(
        request.body.decode(),
        request.headers["x-twilio-email-event-webhook-signature"],
        request.headers["x-twilio-email-event-webhook-timestamp"],
    )
    demand(fits, "sendgrid says no")


def adyen(request):
    import Adyen

    for item in json.loads(request.body)["notificationItems"]:
        fits = Adyen.util.is_valid_hmac_notification(item["NotificationRequestItem"], request.credentials["hmac_key"])
        demand(fits, "Adyen says no")
    expected = "Basic " + base64.b64encode(request.credentials["basic_auth"].encode()).decode()
    demand(request.headers["authorization"] == expected, "another user")


def standard(request):
    import standardwebhooks

    standardwebhooks.Webhook(request.credentials["secret"]).verify(request.body, request.headers)


def plaid(request):
    import jwt

    claims = jwt.decode(request.headers["plaid-verification"], request.credentials["private_key"], algorithms=["ES256"])
    demand(claims["request_body_sha256"] == hashlib.sha256(request.body).hexdigest(), "another body")


def webio(request):
    import jwt

    claims = jwt.decode(request.headers["x-webio-token"], request.credentials["secret"], algorithms=["HS256"])
    demand(claims["apiKey"] == request.credentials["api_key"], "another key")


def discord(request):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(request.credentials["private_key"]))
    key.verify(bytes.fromhex(request.headers["x-signature-ed25519"]), request.headers["x-signature-timestamp"].encode() + request.body)


def code(request, content, digest="sha256", name="secret"):
    return hmac.new(request.credentials[name].encode(), content, digest)


def github(request):
    demand(request.headers["x-hub-signature-256"] == "sha256=" + code(request, request.body).hexdigest(), "sha256 does not match")
    demand(request.headers["x-hub-signature"] == "sha1=" + code(request, request.body, "sha1").hexdigest(), "sha1 does not match")


def shopify(request):
    expected = base64.b64encode(code(request, request.body).digest()).decode()
    demand(request.headers["x-shopify-hmac-sha256"] == expected, "does not match")


def diio(request):
    content = f"{json.loads(request.body)['id']}-{request.headers['do-timestamp']}".encode()
    demand(request.headers["do-signature"] == code(request, content, name="signing_secret").hexdigest(), "does not match")


def conference(request):
    demand(request.headers["x-signing-token"] == request.credentials["token"], "another token")


def voiso(request):
    demand(json.loads(request.body)["key"] == request.credentials["key"], "another key")
    demand(request.headers["authorization"] == "Bearer " + request.credentials["authorization_token"], "another token")


class Request:
    def __init__(self, line):
        self.url = line["url"]
        self.credentials = line["credentials"]
        self.headers = {name.lower(): value for name, value in line["headers"]}
        self.body = base64.b64decode(line["body"])


def main(path):
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            try:
                globals()[line["vendor"].replace("-", "_")](Request(line))
                print("accepted")
            except Exception as reason:
                print("refused", type(reason).__name__, str(reason).replace("\n", " ")[:200])


if __name__ == "__main__":
    main(sys.argv[1])
