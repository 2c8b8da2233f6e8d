import pytest

from services.host import framing
from services.host.errors import HeadersTooLarge, MalformedRequest, URLTooLong

HOST = (b"host", b"localhost:8443")


def head(
    *headers: tuple[bytes, bytes], method: str = "GET", url: bytes = b"/v1/matters", version: str = "1.1"
) -> framing.RequestHead:
    return framing.RequestHead(method, url, version, headers)


@pytest.mark.parametrize(
    "accepted",
    [
        head(HOST),
        head(HOST, url=b"/v1/matters?limit=5&cursor=a%20b"),
        head(HOST, method="OPTIONS", url=b"*"),
        head(version="1.0"),
        head(HOST, (b"content-length", b"0")),
        head(HOST, (b"transfer-encoding", b"Chunked")),
    ],
)
def test_an_ordinary_head_is_accepted(accepted: framing.RequestHead) -> None:
    framing.check_head(accepted)


@pytest.mark.parametrize(
    "refused",
    [
        head(HOST, version="2.0"),
        head(HOST, version="0.9"),
        head(),
        head((b"host", b" ")),
        head(HOST, HOST),
        head(HOST, url=b"http://localhost:8443/v1/matters"),
        head(HOST, url=b"*"),
        head(HOST, url=b"/v1/matters#fragment"),
        head(HOST, url=b"/v1/m\xc3\xa4tters"),
        head(HOST, url=b""),
        head(HOST, method="CONNECT", url=b"localhost:8443"),
        head(HOST, method="CONNECT", url=b"/"),
        head(HOST, (b"content-length", b"5"), (b"content-length", b"5")),
        head(HOST, (b"content-length", b"5"), (b"transfer-encoding", b"chunked")),
        head(HOST, (b"content-length", b"+5")),
        head(HOST, (b"content-length", b"5, 5")),
        head(HOST, (b"transfer-encoding", b"gzip, chunked")),
        head(HOST, (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")),
        head(HOST, (b"transfer-encoding", b"identity")),
        head(HOST, (b"transfer-encoding", b"chunked"), version="1.0"),
        head(HOST, (b"upgrade", b"h2c"), (b"connection", b"upgrade")),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(refused: framing.RequestHead) -> None:
    with pytest.raises(MalformedRequest):
        framing.check_head(refused)


def test_sizes_are_refused_one_past_their_limit() -> None:
    framing.check_url_size(2048)
    framing.check_headers_size(100, 16 * 1024)
    with pytest.raises(URLTooLong):
        framing.check_url_size(2049)
    with pytest.raises(HeadersTooLarge):
        framing.check_headers_size(101, 1)
    with pytest.raises(HeadersTooLarge):
        framing.check_headers_size(1, 16 * 1024 + 1)
