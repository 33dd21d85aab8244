"""What the crash tests share: a RESP client that mistrusts what it reads, and a server to be killed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class ServerError(Exception):
    """An error reply."""


class Broken(Exception):
    """The connection ended, timed out, or carried something that is not RESP."""


class TimedOut(Broken):
    """No answer in time."""


def encode(*words):
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, (bytes, bytearray)) else str(word).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(out)


class Client:
    def __init__(self, port, timeout=30.0):
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        except OSError as error:
            raise Broken(f"cannot connect: {error}") from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb", buffering=1 << 16)

    def close(self):
        self.stream.close()
        self.socket.close()

    def write(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Broken(str(error)) from error

    def read(self, depth=0):
        """One reply; an error reply is returned as a ServerError."""
        if depth > 600:
            raise Broken("a reply is nested too deeply")
        try:
            line = self.stream.readline(1 << 20)
        except TimeoutError as error:
            raise TimedOut("no answer") from error
        except OSError as error:
            raise Broken(str(error)) from error
        if not line.endswith(b"\r\n"):
            raise Broken("the connection was closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            return ServerError(rest.decode(errors="replace"))
        if kind == b"+":
            return rest
        if kind == b"_":
            return None
        if kind == b"#":
            return rest == b"t"
        try:
            if kind == b":":
                return int(rest)
            if kind == b",":
                return float(rest)
            count = int(rest)
        except ValueError as error:
            raise Broken(f"not RESP: {line[:60]!r}") from error
        if kind in b"$=!":
            if count < 0:
                return None
            try:
                body = self.stream.read(count + 2)
            except TimeoutError as error:
                raise TimedOut("half an answer") from error
            except OSError as error:
                raise Broken(str(error)) from error
            if len(body) != count + 2 or body[-2:] != b"\r\n":
                raise Broken("a bulk string is not as long as it says")
            return body[:-2]
        if kind in b"*~>":
            return None if count < 0 else [self.read(depth + 1) for _ in range(count)]
        if kind == b"%":
            return [self.read(depth + 1) for _ in range(2 * count)]
        raise Broken(f"not RESP: {line[:60]!r}")

    def ask(self, *words):
        """Sends a command; raises what the server answers with an error."""
        self.write(encode(*words))
        reply = self.read()
        if isinstance(reply, ServerError):
            raise reply
        return reply

    def try_ask(self, *words):
        self.write(encode(*words))
        return self.read()

    def pipeline(self, commands):
        """Replies of all commands, in bites that fit the socket buffers."""
        replies = []
        for start in range(0, len(commands), 200):
            bite = commands[start:start + 200]
            self.write(b"".join(encode(*command) for command in bite))
            replies.extend(self.read() for _ in bite)
        return replies


def pairs(flat):
    """A flat list of names and values as a dictionary."""
    return dict(zip(flat[::2], flat[1::2]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A ringsearchd in a directory of its own."""

    def __init__(self, binary, arguments=()):
        self.binary, self.arguments = binary, list(arguments)
        self.directory = tempfile.mkdtemp(prefix="ringsearch-crash-")
        self.port = free_port()
        self.process = None
        self.log_path = os.path.join(self.directory, "server.log")

    def start(self, timeout=120):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "--port", str(self.port), "--dir", os.path.join(self.directory, "data"), *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_ready(timeout)

    def wait_ready(self, timeout=120):
        """Until PING is answered and the store takes commands."""
        end = time.monotonic() + timeout
        last = "nothing"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                client = Client(self.port, timeout=5)
                last = client.try_ask("PING")
                if last == b"PONG":
                    last = client.try_ask("DBSIZE")
                    if isinstance(last, int):
                        return client
            except Broken as error:
                last = error
            time.sleep(0.02)
        raise SystemExit(f"the server is not ready after {timeout} s: {last}\n{self.log_tail()}")

    def log_tail(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()[-3000:]

    def children(self):
        """Process ids of the server's children."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat") as stat:
                        parent = int(stat.read().rpartition(")")[2].split()[1])
                except (OSError, IndexError, ValueError):
                    continue  # it went away meanwhile
                if parent == self.process.pid or self.is_store(entry):
                    found.append(int(entry))
        return found

    def is_store(self, process):
        """A store that a killed server left behind works for the next one without being its child."""
        try:
            with open(f"/proc/{process}/comm") as comm:
                name = comm.read().strip()
            return name.startswith(("redis-server", "valkey-server")) and os.readlink(
                f"/proc/{process}/cwd"
            ).startswith(os.path.realpath(self.directory))
        except OSError:
            return False  # it went away meanwhile

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def kill(self):
        """As the power cut does it, but for the operating system."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        children = self.children() if self.process and self.process.poll() is None else []
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        for child in children:  # what a killed server may have left
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass  # gone already, as it should be
        shutil.rmtree(self.directory, ignore_errors=True)
