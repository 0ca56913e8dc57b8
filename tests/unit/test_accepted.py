"""What the audit puts back, while we end."""

import threading
from pathlib import Path

import pytest

from log_shipper.audit.accepted import AcceptorClient
from log_shipper.errors import NotAccepted


def test_who_waits_for_the_acceptor_to_come_back_gives_up_when_we_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The acceptor is told to end before us: the processor must not wait for it."""
    monkeypatch.setattr("log_shipper.audit.accepted.PAUSES", (3600.0,))
    client, refused = AcceptorClient(tmp_path / "nobody.sock"), list[NotAccepted]()

    def send() -> None:
        with pytest.raises(NotAccepted, match="nobody.sock") as raised:
            client.send(b"\x90", "chunk")
        refused.append(raised.value)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    client.give_up()
    thread.join(60)
    assert len(refused) == 1
    client.close()
