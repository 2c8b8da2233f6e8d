"""One worker of the embedded shape: the whole product on inherited sockets (run with `-m`)."""

import sys
from collections.abc import Sequence

from services.host.composition import create_product
from services.host.health import HealthApp
from services.host.listeners import inherited_socket
from services.host.readiness import readiness_checks, readiness_notes
from services.host.server import Endpoint, TLSFiles, serve
from services.host.workers import WorkerArguments
from services.kernel.clock import Clock, system_clock
from services.kernel.logs import configure
from services.kernel.settings import Settings


def main(words: Sequence[str], clock: Clock = system_clock) -> None:
    """Serve until told to stop. Settings come from the environment, sockets from the supervisor."""
    told = WorkerArguments.parse(words)
    settings = Settings()
    configure(settings.log_level)
    product, apps = create_product(settings, clock)
    public = [inherited_socket(descriptor) for descriptor in told.public]
    private = [inherited_socket(descriptor) for descriptor in told.ops]
    assert settings.tls_chain is not None, "the supervisor gives a certificate"
    assert settings.tls_key is not None, "the supervisor gives a key"
    tls = TLSFiles(settings.tls_chain, settings.tls_key)
    health = HealthApp(readiness_checks(apps), readiness_notes(apps))
    front = Endpoint(product, public, tls, public_url=settings.public_url)
    serve([front, Endpoint(health, private, lifespan=False)], told.ready)


if __name__ == "__main__":
    main(sys.argv[1:])
