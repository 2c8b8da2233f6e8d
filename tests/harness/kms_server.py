"""A KMS on this machine, as a program: moto's, and what moto leaves out.

moto answers for a key that was disabled, and looks at no policy when it opens; the real KMS refuses both. And
a key can be made to stand still, so that its caller waits.
"""

import io
import json
import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

ACCOUNT = "123456789012"
_ACTIONS = {"TrentService.Encrypt": "kms:Encrypt", "TrentService.Decrypt": "kms:Decrypt"}


class Kms:
    """A WSGI application before moto's."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._still: dict[str, threading.Event] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)  # two look at it
        request = Request(environ, populate_request=False)
        if request.path == "/still":
            return self._stand(json.loads(body))(environ, start_response)
        action = _ACTIONS.get(request.headers.get("X-Amz-Target", ""))
        if action is not None:
            arn = json.loads(body)["KeyId"]
            moving = self._still.get(arn)
            if moving is not None:
                moving.wait(60)
            refusal = _refusal(arn, action)
            if refusal is not None:
                answer = Response(json.dumps({"__type": refusal, "message": "no"}), 400)
                return answer(environ, start_response)
        answered: Iterable[bytes] = self._moto(environ, start_response)
        return answered

    def _stand(self, told: dict[str, Any]) -> Response:
        if told["still"]:
            self._still[told["key"]] = threading.Event()
        else:
            self._still.pop(told["key"]).set()
        return Response(status=204)


def _refusal(arn: str, action: str) -> str | None:
    region, key_id = arn.split(":")[3], arn.rpartition("/")[2]
    key = kms_backends[ACCOUNT][region].keys.get(key_id)
    if key is None:
        return "NotFoundException"
    if not key.enabled:
        return "KMSInvalidStateException" if key.key_state == "PendingDeletion" else "DisabledException"
    for statement in json.loads(key.policy).get("Statement", []):
        if statement["Effect"] == "Deny" and action in statement["Action"]:
            return "AccessDeniedException"
    return None


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), Kms(), threaded=True, request_handler=MotoRequestHandler)
