"""A device asks for its two codes (RFC 8628 section 3.1). Nobody is known yet, and nothing is given."""

from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from services.auth.codes import CodeKind, new_code
from services.auth.devices.codes import new_user_code, shown
from services.auth.devices.polling import INTERVAL_SECONDS
from services.auth.devices.queries import add_request, sweep
from services.auth.devices.schemas import DeviceAuthorization, DeviceName
from services.auth.oauth.endpoints import VERIFICATION_PATH
from services.auth.oauth.errors import InvalidRequest
from services.auth.oauth.forms import Form
from services.auth.oauth.public_client import require_public_client
from services.auth.throttle import DEVICES, Attempt, count_attempt
from services.auth.visit import Visit
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import PLATFORM, new_id
from services.kernel.problems import Unavailable

LIFETIME: Final = timedelta(minutes=10)
_TRIES: Final = 3


async def authorize_device(visit: Visit, form: Form) -> DeviceAuthorization:
    """Two codes: one for the device to ask with, one for a person to type.

    Raises:
        ClientRefused: the client is not the one that people use.
        InvalidRequest: the device's name is none.
        TooManyRequests: too many were asked for from there lately.
    """
    require_public_client(form)
    name = _name(form.get("device_name"))
    attempt = Attempt.of(visit.resources.keys, DEVICES, PLATFORM, (b"", visit.address))
    async with visit.transaction(PLATFORM) as session:
        await count_attempt(session, attempt, visit.now())
    async with visit.act(PLATFORM) as act:
        await sweep(act.session, act.now)
        return await _begin(visit, act, name)


def _name(told: str | None) -> str | None:
    if told is None:
        return None
    try:
        return DeviceName(name=told).name
    except ValidationError:
        raise InvalidRequest from None


async def _begin(visit: Visit, act: Act, name: str | None) -> DeviceAuthorization:
    keys, device, code = visit.resources.keys, new_id(act.now), new_code(CodeKind.DEVICE)
    values = {
        "id": device,
        "device_sha256": code.sha256,
        "name_sealed": None if name is None else keys.seal_device(device, "name_sealed", name),
        "address_sealed": keys.seal_device(device, "address_sealed", visit.address),
        "created_at": act.now,
        "expires_at": act.now + LIFETIME,
        "interval_seconds": INTERVAL_SECONDS,
    }
    for _ in range(_TRIES):
        typed = new_user_code()
        if await add_request(act.session, values | {"user_code_index": keys.user_code_index(typed)}):
            break
    else:
        raise Unavailable
    await act.record(Draft("device.requested", subject=Subject("device", device)), PLATFORM)
    return DeviceAuthorization(
        device_code=code.text,
        user_code=shown(typed),
        verification_uri=visit.resources.settings.public_url + VERIFICATION_PATH,
        expires_in=int(LIFETIME.total_seconds()),
        interval=INTERVAL_SECONDS,
    )
