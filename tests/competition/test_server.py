"""The server for clients in any language."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.competition.java_text import float_text
from gym_mario_suite.competition.lines import LineReader, ProtocolError
from gym_mario_suite.competition.protocol_2009 import Options, client_name
from gym_mario_suite.competition.server import PlayServer
from gym_mario_suite.competition.sessions import MAX_MISTAKES, serve_2009, serve_json
from gym_mario_suite.engine.game import Game
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate

GREETING = "Client: Dear Server, hello! I am <somebody>\r\n"


class OldClient:
    """As the original clients did: one `recv` of 4096 bytes is one message."""

    def __init__(self, port: int, greeting: str = GREETING) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        assert self.receive() == b"Server: Hi! Welcome."
        if greeting:
            self.say(greeting)

    def __enter__(self) -> "OldClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def receive(self) -> bytes:
        return self.socket.recv(4096)

    def play(self, reset: str, later: str = "01001") -> tuple[list[bytes], bytes]:
        """All observations of a level, and the message that ends it."""
        self.say(f"reset {reset}\r\n")
        seen: list[bytes] = []
        while True:
            message = self.receive()
            if not message.startswith((b"O", b"E")):
                return seen, message
            seen.append(message)
            self.say("00000\r\n" if len(seen) == 1 else f"{later}\r\n")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with PlayServer(serve_2009, port=0) as server:
        yield server.address[1]


RECORDED = "-maxFPS on -ld 0 -lt 0 -mm 2 -ls 0 -tl 1 -pw off -vis off "


def test_the_recorded_conversation_of_the_original(port: int) -> None:
    with OldClient(port) as client:
        seen, end = client.play(RECORDED)
        assert len(seen) == 15
        assert len(seen[0]) == 990
        assert len(seen[0].split(b" ")) == 489
        assert seen[0].startswith(b"O false false 0 0")
        assert seen[0].endswith(b" 0 32.0 0.0")
        assert seen[1].endswith(b" 32.0 3.0")
        assert seen[7].endswith(b" 53.055874 62.998737")
        assert end == b"FIT 0 103.75614166259766 0 2 0 "
        # The other options are kept: pause world is off and the seed 0.
        seen, end = client.play("-tl 2 -ld 3")
        assert len(seen) == 30
        assert end.startswith(b"FIT 0 ")
        seen, end = client.play("-fastTCP on -tl 1 -ld 0")
        assert seen[0] == b"E00" + bytes(31) + b" 0"
        assert len(seen[0]) == 36
        assert end == b"FIT 0 103.75614166259766 0 2 0 "
        client.say("ciao\r\n")
        assert client.receive() == b""


def test_packed_observations_encode_what_utf_8_can(port: int) -> None:
    game = Game(generate(0).image, time_limit=1)
    for _ in range(15):
        game.tick(0)
    units = game.level_bitmap()
    with OldClient(port) as client:
        seen, _ = client.play("-fastTCP on -tl 1", "00000")
    head, _, total = seen[-1].rpartition(b" ")
    assert int(total) == int(units.astype(np.int64).sum())
    text = head[3:].decode("utf-8")
    expected = units.astype("<u2").tobytes().decode("utf-16-le", "surrogatepass")
    assert text == "".join("?" if 0xD800 <= ord(c) < 0xE000 else c for c in expected)


def test_a_reset_in_the_middle_of_a_level_ends_it_without_a_result(port: int) -> None:
    with OldClient(port) as client:
        client.say("reset -tl 5\r\n")
        assert client.receive().endswith(b" 32.0 0.0")
        client.say("00000\r\n")
        assert client.receive().endswith(b" 32.0 3.0")
        seen, end = client.play("-tl 1")
        assert (len(seen), end[:4]) == (15, b"FIT ")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("hello\r\n", b"Server: error: expected reset or ciao"),
        ("reset\r\n", b"Server: error: reset without options"),
        ("reset -ll 99999999\r\n", b"Server: error: length must be"),
        ("reset -ls 1e5\r\n", b"Server: error: -ls must be a whole number"),
        ("reset -ls 99999999999\r\n", b"Server: error: -ls must be a whole number"),
        ("reset -zm 7\r\n", b"Server: error: z"),
        ("x" * 70_000, b"Server: error: a line may have 65,536 bytes"),
        ("\xff\xfe\0\r\n", b"Server: error: expected reset or ciao"),
    ],
)
def test_mistakes_are_answered_and_harm_nobody(port: int, line: str, answer: bytes) -> None:
    with OldClient(port) as other, OldClient(port) as client:
        client.say(line)
        assert client.receive().startswith(answer)
        assert client.socket.recv(1) == b""
        assert len(other.play("-tl 1")[0]) == 15


@pytest.mark.parametrize("action", ["0101\r\n", "010101\r\n", "\r\n", ""])
def test_a_wrong_action_ends_the_connection(port: int, action: str) -> None:
    with OldClient(port) as client:
        client.say("reset -tl 5\r\n")
        client.receive()
        if not action:
            client.socket.shutdown(socket.SHUT_WR)
        else:
            client.say(action)
        assert client.receive().startswith(b"Server: error: ")


def test_a_client_that_vanishes_is_no_loss(port: int) -> None:
    for greeting in ("", GREETING):
        client = OldClient(port, greeting)
        if greeting:
            client.say("reset -tl 5\r\n")
        client.socket.close()
    with OldClient(port) as client:
        assert len(client.play("-tl 1")[0]) == 15


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e10"])
def test_an_idle_time_that_no_clock_counts_is_refused(seconds: str) -> None:
    ran = CliRunner().invoke(cli.app, ["serve", "--port", "0", "--idle", seconds])
    assert isinstance(ran.exception, OptionError)
    assert "--idle (seconds) must be a number from 0.001 to 1,000,000,000" in str(ran.exception)


def test_connections_and_idle_time_are_bounded() -> None:
    with PlayServer(serve_2009, port=0, connections=1, idle_s=0.3) as server:
        with OldClient(server.address[1]) as first:
            second = socket.create_connection(server.address, timeout=10)
            assert second.recv(100) == b"Server: error: too many clients\n"
            assert second.recv(100) == b""
            second.close()
            started = time.monotonic()
            # One byte now and then does not keep a line waiting for ever.
            for _ in range(3):
                first.say("r")
                time.sleep(0.05)
            assert first.receive() == b"Server: error: no complete line within 0.3 s"
            assert time.monotonic() - started < 5
        deadline = time.monotonic() + 10
        while True:
            try:
                with OldClient(server.address[1]) as third:
                    assert len(third.play("-tl 1")[0]) == 15
                break
            except AssertionError:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_a_port_in_use_is_an_error_of_ours(port: int) -> None:
    with pytest.raises(OptionError, match=f"cannot listen on 127.0.0.1:{port}"):
        PlayServer(serve_2009, port=port)


@pytest.mark.parametrize("host", ["\udce9", "a" * 300, "a\0b", "no.such.host.invalid"])
def test_a_host_that_cannot_be_is_an_error_of_ours(host: str) -> None:
    with pytest.raises(OptionError, match="cannot listen on"):
        PlayServer(serve_2009, host=host)


def test_options_are_applied_on_top_of_those_of_before() -> None:
    options = Options().changed("reset -ld 5 -pw on -i TRUE -unknown 7 -t off -ls")
    assert options == Options(ld=5, pw=True, i=True, t=False)
    assert options.changed("reset -pw yes -mm 7") == Options(ld=5, i=True, t=False, mm=7)
    assert client_name("Client: Dear Server, hello! I am <x>") == "<x>"
    assert client_name("I am what I am not") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(32), "32.0"),
        (np.float32(0), "0.0"),
        (np.float32(-0.0), "-0.0"),
        (np.float32(53.055874), "53.055874"),
        (np.float32(0.001), "0.001"),
        (np.float32(1e-4), "1.0E-4"),
        (np.float32(0.00012345), "1.2345E-4"),
        (np.float32(9999999), "9999999.0"),
        (np.float32(1e7), "1.0E7"),
        (np.float32(-1.5e10), "-1.5E10"),
        (np.float32(0.1), "0.1"),
        (float(np.float32(0.1)), "0.10000000149011612"),
        (222.7073211669922, "222.7073211669922"),
        (4336.0, "4336.0"),
        (float("nan"), "NaN"),
        (np.float32("-inf"), "-Infinity"),
    ],
)
def test_floats_as_java_writes_them(value: float, text: str) -> None:
    assert float_text(value) == text


def test_lines_of_any_cut() -> None:
    parts = iter([b"ab", b"c\r\nd", b"\n\n", b"e", b"", b""])
    reader = LineReader(lambda size: next(parts), limit=4)
    assert [reader.read() for _ in range(5)] == [b"abc", b"d", b"", b"e", None]
    with pytest.raises(ProtocolError):
        LineReader(lambda size: b"xxxxx\n", limit=4).read()


# --- JSON lines --------------------------------------------------------------------------------


class JsonClient:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.file = self.socket.makefile("rwb")
        assert self.receive() == {"type": "hello", "protocol": "mario-json", "version": 1}

    def __enter__(self) -> "JsonClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def say(self, message: object) -> dict:
        text = message if isinstance(message, str) else json.dumps(message)
        self.file.write(text.encode() + b"\n")
        self.file.flush()
        return self.receive()

    def receive(self) -> dict:
        return json.loads(self.file.readline())


@pytest.fixture(scope="module")
def json_port() -> Iterator[int]:
    with PlayServer(serve_json, port=0) as server:
        yield server.address[1]


def test_a_level_in_json_lines(json_port: int) -> None:
    level = generate(5, 2, 1, 120)
    expected = play_level(make_agent("forward-jumping"), Game(level.image, 1, 10))
    everything = ["merged", "level", "enemies", "enemy_floats", "bitmap"]
    with JsonClient(json_port) as client:
        welcome = client.say({"type": "hello", "name": "me", "observe": everything})
        assert welcome == {"type": "welcome", "name": "me"}
        seen = client.say(
            {"type": "reset", "seed": 5, "difficulty": 2, "level_type": 1, "length": 120}
            | {"mode": 1, "time_limit": 10}
        )
        assert np.array(seen["merged"]).shape == (22, 22)
        assert len(seen["bitmap"]) == 31
        ticks = 0
        while seen["type"] == "observation":
            ticks += 1
            assert seen["tick"] == ticks
            jump = seen["may_jump"] or not seen["on_ground"]
            buttons = [0, 1, 0, 1, True] if jump else 2
            seen = client.say({"type": "action", "buttons": buttons})
        assert seen == {
            "type": "result",
            "status": int(expected.status),
            "distance": expected.distance,
            "time_left": expected.time_left,
            "mode": int(expected.mode),
            "coins": expected.coins,
            "kills": expected.kills,
            "ticks": expected.ticks,
        }
        assert client.say({"type": "bye"}) == {"type": "bye"}


def test_mistakes_in_json_lines_are_answered_and_forgiven(json_port: int) -> None:
    with JsonClient(json_port) as client:
        for message, part in (
            ("what?", "not JSON"),
            ("[" * 50_000, "not JSON"),
            ([], "a message is a JSON object"),
            ({"type": "reset"}, 'must be a "hello"'),
            ({"type": "hello", "observe": ["all"]}, '"observe" must be a list of'),
            ({"type": "hello", "z_level": 3}, '"z_level" must be a whole number from 0 to 2'),
        ):
            answer = client.say(message)
            assert answer["type"] == "error"
            assert part in answer["message"]
        client.say({"type": "hello", "observe": []})
        for message, part in (
            ({"type": "action", "buttons": 2}, "no level is being played"),
            ({"type": "reset", "sead": 1}, "unknown option 'sead'"),
            ({"type": "reset", "seed": "1"}, "must be a whole number"),
            ({"type": "reset", "length": 10**9}, "length must be"),
            ({"type": "reset", "timer": 1}, "'timer' must be true or false"),
        ):
            answer = client.say(message)
            assert part in answer["message"], answer
        assert client.say({"type": "reset", "time_limit": 1})["tick"] == 1
        for buttons in (32, -1, 1.5, None, True, [1], [1, 0, 0, 0, 2], float("nan")):
            assert client.say({"type": "action", "buttons": buttons})["type"] == "error"
        # The game has not moved.
        assert client.say({"type": "action", "buttons": 0})["tick"] == 2


def test_a_client_that_makes_nothing_but_mistakes_is_sent_away(json_port: int) -> None:
    with JsonClient(json_port) as client:
        for _ in range(MAX_MISTAKES):
            assert client.say("x")["type"] == "error"
        assert client.file.readline() == b""


def test_a_level_over_standard_streams() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "gym_mario_suite", "serve", "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    hello = json.dumps({"type": "hello", "observe": []})
    reset = json.dumps({"type": "reset", "time_limit": 1})
    action = json.dumps({"type": "action", "buttons": 2})
    output, _ = program.communicate("\n".join([hello, reset, *[action] * 15, '{"type":"bye"}', ""]))
    types = [json.loads(line)["type"] for line in output.splitlines()]
    assert types == ["hello", "welcome", *["observation"] * 15, "result", "bye"]
    assert program.returncode == 0


def test_one_client_too_many_is_told_so_in_json_lines() -> None:
    options = ["--json", "--port", "0", "--connections", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "gym_mario_suite", "serve", *options],
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr is not None
        address = program.stderr.readline().split(",")[0].split()[-1]
        port = int(address.rpartition(":")[2])
        with JsonClient(port), socket.create_connection(("127.0.0.1", port), timeout=30) as second:
            told = json.loads(second.makefile("rb").readline())
        program.kill()
    assert told == {"type": "error", "message": "too many clients"}


def test_many_clients_at_a_time(json_port: int) -> None:
    ends: list[dict] = []

    def play() -> None:
        with JsonClient(json_port) as client:
            client.say({"type": "hello", "observe": ["merged"]})
            seen = client.say({"type": "reset", "time_limit": 2})
            while seen["type"] == "observation":
                seen = client.say({"type": "action", "buttons": 2})
            ends.append(seen)

    threads = [threading.Thread(target=play) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 6
    assert all(end == ends[0] for end in ends)
