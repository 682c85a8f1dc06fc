"""Hosts of a site on one machine: network namespaces, joined by a bridge that stands in one too.

Nothing of it is in the machine's own network: no address, no bridge, no route leads in or out.
What answers on the machine's loopback is seen inside through a `FaultProxy` that listens there.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
IP = shutil.which("ip") or "ip"
CLONE_NEWNET = 0x4000_0000  # linux/sched.h
SILENCE_SECONDS = 2  # after which a server asks whether the other end is still there
_libc = ctypes.CDLL(None, use_errno=True)


def why_not() -> str:
    """Tell why this machine cannot have such hosts; nothing where it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not (shutil.which(IP) and shutil.which("unshare")):
        return "there is no `ip` (iproute2) or no `unshare` (util-linux)"
    name = f"lacquer-{os.getpid()}-try"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except OSError as error:
        return str(error)
    return ""


class Network:
    """A bridge, and the hosts that hang on it by a line each."""

    def __init__(self) -> None:
        self.name = f"lacquer-{os.getpid()}"
        self.hosts: dict[str, Host] = {}
        self.switch = f"{self.name}-switch"
        _ip("netns", "add", self.switch)
        _ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", self.switch, "link", "set", "bridge", "up")

    def host(self, name: str, address: str) -> "Host":
        self.hosts[name] = Host(self, name, address)
        self.hosts[name].on()
        return self.hosts[name]

    def close(self) -> None:
        for host in self.hosts.values():
            host.off()
        _ip("netns", "del", self.switch)


class Host:
    def __init__(self, network: Network, name: str, address: str) -> None:
        self.switch, self.name, self.address = network.switch, name, address
        self.namespace = f"{network.name}-{name}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def on(self) -> None:
        """Plug it in, with nothing running yet."""
        _ip("netns", "add", self.namespace)
        _ip("-n", self.switch, "link", "add", self.name, "type", "veth",
            "peer", "name", "line", "netns", self.namespace)  # fmt: skip
        _ip("-n", self.switch, "link", "set", self.name, "master", "bridge", "up")
        _ip("-n", self.namespace, "address", "add", f"{self.address}/24", "dev", "line")
        for link in ("lo", "line"):
            _ip("-n", self.namespace, "link", "set", link, "up")

    def off(self) -> None:
        """Take its power: nobody is told, and no connection of its is closed."""
        if not Path("/run/netns", self.namespace).exists():
            return
        self.cut()
        while pids := self.pids():
            self.signal(signal.SIGKILL, pids)
            for process in self.processes:
                process.wait()
        self.processes.clear()
        _ip("-n", self.switch, "link", "del", self.name)
        _ip("netns", "del", self.namespace)

    def cut(self) -> None:
        """Take its line; what runs on it runs on."""
        _ip("-n", self.switch, "link", "set", self.name, "down")

    def mend(self) -> None:
        _ip("-n", self.switch, "link", "set", self.name, "up")

    def pids(self) -> list[int]:
        return list(map(int, _ip("netns", "pids", self.namespace).split()))

    def signal(self, number: signal.Signals, pids: Sequence[int] = ()) -> None:
        for pid in pids or self.pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Run a command on it, under a name of its own, and no longer than we live."""
        mortal = ["setpriv", "--pdeathsig", "KILL"]
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        with log.open("ab") as lines:
            self.processes.append(
                subprocess.Popen(
                    [IP, "netns", "exec", self.namespace, *mortal, *named, *command],
                    cwd=ROOT, env=dict(environment), stdout=lines, stderr=lines,
                )
            )  # fmt: skip

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread, and no other, open its sockets on the host."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(here)
            os.close(here)
            os.close(there)

    def listener(self, port: int) -> socket.socket:
        """Listen on it, as servers should: an end that lost its power is given up soon."""
        with self.entered():
            listener = socket.create_server((self.address, port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT):
            listener.setsockopt(socket.IPPROTO_TCP, option, SILENCE_SECONDS)
        return listener


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*arguments: str) -> str:
    ran = subprocess.run([IP, *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {ran.stderr.strip()}")
    return ran.stdout
