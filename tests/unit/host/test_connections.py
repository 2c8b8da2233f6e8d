from services.host.connections import ConnectionCounts


def test_connections_are_limited_in_all_and_by_address() -> None:
    counts = ConnectionCounts(total=3, per_address=2)
    assert [counts.enter("a"), counts.enter("a"), counts.enter("a")] == [True, True, False]
    assert [counts.enter("b"), counts.enter("c")] == [True, False]
    counts.leave("a")
    assert counts.enter("c")
