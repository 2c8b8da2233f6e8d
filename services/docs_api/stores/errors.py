"""What a firm is told while the store that its content lies in cannot be used, or was just changed."""

from services.kernel.problems import Unavailable


class FirmStoreUnavailable(Unavailable):
    """The store is not configured, or does not answer. Firms whose content lies elsewhere go on."""

    slug = "firm-store-unavailable"
    title = "The store that this content lies in, or would lie in, cannot be used now"


class FirmStoreChanged(Unavailable):
    """Another store was chosen for the firm while content came: what came is not kept where it was going."""

    slug = "firm-store-changed"
    title = "Another store was just chosen for the firm; send again what was not acknowledged"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}
