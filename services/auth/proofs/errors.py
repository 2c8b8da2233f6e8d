"""How demanding proofs is refused."""

from services.kernel.problems import Conflict


class OwnSessionUnbound(Conflict):
    """Nobody locks themselves out without knowing."""

    slug = "own-session-unbound"
    title = "Your own session is bound to no key and would end; sign in with a proof first"
