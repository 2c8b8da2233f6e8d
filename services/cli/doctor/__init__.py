"""`redwell doctor`: small checks, each facts in, findings out; and the few places that gather the facts."""
