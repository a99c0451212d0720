"""How the server starts and stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from small_ollama import SmallOllama, SmallOllamaError

# The model cannot end an answer in this format before its 1900th character, 8 s and more away.
ENDLESS = {
    "messages": [{"role": "user", "content": "Tell me a story."}],
    "format": {"type": "string", "minLength": 1900},
}


def gone(pid: int) -> bool:
    """Whether the process has ended; a zombie has."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int, timeout_s: float) -> float:
    started = time.monotonic()
    while not gone(pid):
        assert time.monotonic() - started < timeout_s
        time.sleep(0.01)
    return time.monotonic() - started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_within_a_second_while_it_writes(number):
    server = SmallOllama(["--slots", "1"]).start()
    try:
        body = {**ENDLESS, "model": server.model}
        with httpx.stream("POST", f"{server.url}/api/chat", json=body, timeout=60) as response:
            lines = response.iter_lines()  # httpx hangs up when this is dropped
            next(lines)
            process = server._process
            process.send_signal(number)
            started = time.monotonic()
            assert process.wait(5) == 0
            assert time.monotonic() - started < 1.5
    finally:
        server.stop()


def test_stops_when_its_launcher_is_killed():
    code = (
        "import time; from small_ollama import SmallOllama\n"
        "server = SmallOllama(['--slots', '1']).start()\n"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as launcher:
        try:
            pid = int(launcher.stdout.readline())
            assert not gone(pid)
            assert os.getsid(pid) != os.getsid(launcher.pid)
        finally:
            launcher.kill()
    wait_until_gone(pid, 3)


def test_launcher_stops_it_quickly_and_twice_is_no_error():
    server = SmallOllama(["--slots", "1"]).start()
    pid = server.pid
    started = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - started < 2
    assert gone(pid)
    assert server.pid is None


def test_launcher_says_why_it_did_not_start():
    with pytest.raises(SmallOllamaError, match="unrecognized arguments: --no-such"):
        SmallOllama(["--no-such"]).start()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(SmallOllamaError, match="address already in use"):
            SmallOllama(["--port", port]).start()
    with pytest.raises(SmallOllamaError, match="No such file or directory"):
        SmallOllama(["--record", "/no/such/folder/file"]).start()


def test_launcher_gives_up_after_its_timeout():
    with pytest.raises(SmallOllamaError, match=r"was not ready within 0\.05 s"):
        SmallOllama(timeout_s=0.05).start()


def test_prints_the_ready_line_and_nothing_else():
    command = [sys.executable, "-m", "small_ollama", "--port", "0", "--exit-with-parent"]
    with subprocess.Popen(
        [*command, "--slots", "1", "--model-name", "tiny"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        line = process.stdout.readline()
        url = line.split()[3]
        assert line == f"small_ollama ready on {url} model tiny\n"
        messages = [{"role": "user", "content": "Hi."}]
        body = {"model": "tiny", "messages": messages, "options": {"num_predict": 2}}
        answer = httpx.post(f"{url}/api/chat", json=body, timeout=60)
        assert json.loads(answer.text.splitlines()[-1])["done"]
        output, errors = process.communicate(timeout=10)
    assert (output, errors, process.returncode) == ("", "", 0)


def test_port_of_the_engine_itself_needs_its_key():
    with SmallOllama(["--slots", "1"]) as server:
        ours = int(server.url.rpartition(":")[2])
        ports = listening_ports(server.pid) - {ours}
        assert ports
        for port in ports:
            response = httpx.post(f"http://127.0.0.1:{port}/completion", json={"prompt": "x"})
            assert response.status_code == 401


def listening_ports(pid: int) -> set[int]:
    """TCP ports on which a process listens; all of them must be on the loopback."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    with open(f"/proc/{pid}/net/tcp") as file:
        for line in file.readlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[3] == "0A" and fields[9] in inodes:
                assert address == "0100007F"
                ports.add(int(port, 16))
    return ports


def test_forty_hang_ups_leave_a_server_that_answers():
    with SmallOllama(["--slots", "2", "--num-ctx", "512"]) as server:
        body = {**ENDLESS, "model": server.model}

        def hang_up(delay_s: float) -> None:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(
                    f"{server.url}/api/chat", json={**body, "stream": False}, timeout=delay_s
                )

        threads = [threading.Thread(target=hang_up, args=(0.01 * (i % 20 + 1),)) for i in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        short = {**body, "stream": False, "options": {"num_predict": 2}}
        answer = httpx.post(f"{server.url}/api/chat", json=short, timeout=10)
        assert answer.json()["eval_count"] == 2
