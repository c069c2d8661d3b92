"""Works with a running server through a client that was generated from its own /openapi.json: makes an endpoint, hands an event in,
lists, changes and removes. Fails at the first answer that the client cannot read.

    work.py URL KEY NODE RECEIVER
"""

import sys

from posthorn_client import AuthenticatedClient
from posthorn_client.api.deliveries import list_deliveries
from posthorn_client.api.endpoints import create_endpoint, delete_endpoint, get_endpoint, list_endpoints, patch_endpoint
from posthorn_client.api.events import emit_events, get_event, list_events
from posthorn_client.api.nodes import list_nodes
from posthorn_client.api.status import get_status
from posthorn_client.models import DeleteEndpointWaiting, Endpoint, EndpointPatch, NewEvent, Problem


def main(url, key, node, receiver):
    client = AuthenticatedClient(base_url=url, token=key)

    def ask(operation, status, *path, **values):
        answer = operation.sync_detailed(*path, client=client, **values)
        assert answer.status_code == status, f"{operation.__name__}: {answer.status_code} {answer.content!r}"
        assert answer.parsed is not None or status == 204, f"{operation.__name__}: {answer.content!r} is not what the document says"
        return answer.parsed

    settings = Endpoint.from_dict({"id": "generated", "node": node, "url": receiver, "vendor": "weseedo", "events": ["MEETING_*"]})
    assert ask(create_endpoint, 201, body=settings).id == "generated"
    event = {"id": "generated-1", "type": "MEETING_STARTED", "node": node, "data": {"id": "m1"}}
    assert ask(emit_events, 202, body=NewEvent.from_dict(event)).duplicate is False
    assert ask(emit_events, 202, body=NewEvent.from_dict(event)).duplicate is True
    more = [NewEvent.from_dict({**event, "id": f"generated-{number}"}) for number in range(2, 12)]
    assert len(ask(emit_events, 202, body=more).data) == 10
    refused = ask(emit_events, 409, body=NewEvent.from_dict({**event, "data": {"id": "m2"}}))
    assert isinstance(refused, Problem) and refused.status == 409
    assert ask(get_event, 200, "generated-1").id == "generated-1"
    assert {found.id for found in ask(list_events, 200).data} >= {f"generated-{number}" for number in range(1, 12)}
    page = ask(list_deliveries, 200, endpoint="generated", limit=7)
    rest = ask(list_deliveries, 200, endpoint="generated", limit=7, cursor=page.next_cursor)
    assert len({row.id for row in page.data + rest.data}) == 11
    assert ask(patch_endpoint, 200, "generated", body=EndpointPatch.from_dict({"events": ["USER_*"]})).events == ["USER_*"]
    assert ask(get_endpoint, 200, "generated").events == ["USER_*"]
    assert "generated" in [found.id for found in ask(list_endpoints, 200).data]
    assert node in [found.id for found in ask(list_nodes, 200).data]
    ask(get_status, 200)
    ask(delete_endpoint, 200, "generated", waiting=DeleteEndpointWaiting.CANCEL)
    assert isinstance(ask(get_endpoint, 404, "generated"), Problem)
    print("the generated client works")


if __name__ == "__main__":
    main(*sys.argv[1:])
