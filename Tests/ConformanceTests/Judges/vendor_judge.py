"""Judges requests that were made from files of vendors: by the vendors' own libraries where PyPI has one that checks webhooks, by another's
library for GitHub, and as the vendors' pages have it for the rest.

    vendor_judge.py REQUESTS

REQUESTS has an object a line: vendor, credentials, url, headers (pairs), body (base64). Prints a line for each: accepted, or refused and why.
"""

import base64
import contextlib
import datetime
import hashlib
import hmac
import io
import json
import sys
import time
import urllib.parse
import zlib


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
    import svix

    standardwebhooks.Webhook(request.credentials["secret"]).verify(request.body, request.headers)
    svix.Webhook(request.credentials["secret"]).verify(request.body, request.headers)


def hubspot(request):
    from hubspot.utils.signature import Signature

    body, secret = request.body.decode(), request.credentials["secret"]
    moment = request.headers["x-hubspot-request-timestamp"]
    third = request.headers["x-hubspot-signature-v3"]
    demand(Signature.is_valid(third, secret, body, request.url, "POST", "v3", moment), "hubspot says no to v3")
    demand(Signature.is_valid(request.headers["x-hubspot-signature"], secret, body, request.url, "POST", "v2"), "hubspot says no to v2")


def paddle(request):
    from paddle_billing.Notifications import Secret, Verifier

    class Received:
        headers = {"Paddle-Signature": request.headers["paddle-signature"]}
        body = request.body

    # Its five seconds are a receiver's; here many requests are judged at once.
    demand(Verifier(300).verify(Received(), Secret(request.credentials["secret"])), "paddle says no")


def plaid(request):
    import jwt

    claims = jwt.decode(request.headers["plaid-verification"], request.credentials["private_key"], algorithms=["ES256"])
    demand(claims["request_body_sha256"] == hashlib.sha256(request.body).hexdigest(), "another body")


def webio(request):
    import jwt

    claims = jwt.decode(request.headers["x-webio-token"], request.credentials["secret"], algorithms=["HS256"])
    demand(claims["apiKey"] == request.credentials["api_key"], "another key")


def discord(request):
    from discord_interactions import verify_key

    signature, moment = request.headers["x-signature-ed25519"], request.headers["x-signature-timestamp"]
    with contextlib.redirect_stdout(io.StringIO()):
        fits = verify_key(request.body, signature, moment, request.credentials["private_key"])
    demand(fits, "discord says no")


def code(request, content, digest="sha256", name="secret"):
    return hmac.new(request.credentials[name].encode(), content, digest)


def github(request):
    from gidgethub import sansio

    for name in ("x-hub-signature-256", "x-hub-signature"):
        sansio.validate_event(request.body, signature=request.headers[name], secret=request.credentials["secret"])


def of_body(header, prefix="", encode=lambda code: code.hexdigest(), digest="sha256"):
    """A judge of vendors that sign the body alone."""

    def judge(request):
        demand(request.headers[header] == prefix + encode(code(request, request.body, digest)), f"{header} does not match")

    return judge


def in_base64(code):
    return base64.b64encode(code.digest()).decode()


shopify = of_body("x-shopify-hmac-sha256", encode=in_base64)
meta = of_body("x-hub-signature-256", "sha256=")
xero = of_body("x-xero-signature", encode=in_base64)
docusign = of_body("x-docusign-signature-1", encode=in_base64)
intercom = of_body("x-hub-signature", "sha1=", digest="sha1")


def fresh(moment, seconds):
    demand(abs(time.time() - moment) <= seconds, "too old")


def linear(request):
    of_body("linear-signature")(request)
    fresh(json.loads(request.body)["webhookTimestamp"] / 1000, 60)


def zoom(request):
    content = b"v0:" + request.headers["x-zm-request-timestamp"].encode() + b":" + request.body
    demand(request.headers["x-zm-signature"] == "v0=" + code(request, content).hexdigest(), "does not match")


def gitlab(request):
    demand(request.headers["x-gitlab-token"] == request.credentials["token"], "another token")


def mailgun(request):
    signature = json.loads(request.body)["signature"]
    content = (signature["timestamp"] + signature["token"]).encode()
    demand(signature["signature"] == code(request, content).hexdigest(), "does not match")


def twitch(request):
    moment = request.headers["twitch-eventsub-message-timestamp"]
    fresh(datetime.datetime.fromisoformat(moment).timestamp(), 600)
    content = (request.headers["twitch-eventsub-message-id"] + moment).encode() + request.body
    demand(request.headers["twitch-eventsub-message-signature"] == "sha256=" + code(request, content).hexdigest(), "does not match")


def zendesk(request):
    content = request.headers["x-zendesk-webhook-signature-timestamp"].encode() + request.body
    demand(request.headers["x-zendesk-webhook-signature"] == in_base64(code(request, content)), "does not match")


def verify_rsa(request, signature, content, digest):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = serialization.load_pem_public_key(request.credentials["private_key"].encode())
    key.verify(base64.b64decode(signature), content, padding.PKCS1v15(), getattr(hashes, digest)())


def paypal(request):
    headers = request.headers
    moment, webhook = headers["paypal-transmission-time"], "1JE4291016473214C"
    content = f"{headers['paypal-transmission-id']}|{moment}|{webhook}|{zlib.crc32(request.body)}".encode()
    verify_rsa(request, headers["paypal-transmission-sig"], content, "SHA256")


def sns(request):
    message = json.loads(request.body)
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    content = "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()
    verify_rsa(request, message["Signature"], content, "SHA1")


def graph(request):
    import jwt

    body = json.loads(request.body)
    demand(all(one["clientState"] == request.credentials["client_state"] for one in body["value"]), "another client state")
    for token in body["validationTokens"]:
        jwt.decode(token, request.credentials["private_key"], algorithms=["RS256"])


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
