# SPDX-License-Identifier: Apache-2.0
"""Network namespaces that stand for hosts: each has an address, a host name and processes of its
own, and reaches the others through a bridge, by TCP. Needs root."""
import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile
import uuid


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                   text=True)


class Hosts:
    """`count` hosts while it is entered. `entered` begins commands that run on the first one."""

    def __init__(self, count):
        self.names = [f"tsum{os.getpid()}-{n}" for n in range(count)]
        self.addresses = [f"10.213.0.{n + 1}" for n in range(count)]

    @staticmethod
    def obstacle():
        """Why there cannot be any here, or None."""
        try:
            with Hosts(1):
                return None
        except FileNotFoundError as error:
            return f"{error.filename} is not installed"
        except subprocess.CalledProcessError as error:
            return f"{shlex.join(error.cmd)}: {error.stderr.strip()}"

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            # The bridge is in a namespace as well: nothing outside is touched.
            switch = f"tsum{os.getpid()}-switch"
            for name in (switch, *self.names):
                run("ip", "netns", "add", name)
                stack.callback(self._remove, name)
            run("ip", "-n", switch, "link", "add", "bridge", "type", "bridge")
            run("ip", "-n", switch, "link", "set", "bridge", "up")
            for number, (name, address) in enumerate(zip(self.names, self.addresses)):
                port = f"port{number}"
                run("ip", "-n", switch, "link", "add", port, "type", "veth", "peer", "name",
                    "eth0", "netns", name)
                run("ip", "-n", switch, "link", "set", port, "master", "bridge", "up")
                run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
                run("ip", "-n", name, "link", "set", "eth0", "up")
                run("ip", "-n", name, "link", "set", "lo", "up")
            self.agent = self._write_agent(pathlib.Path(folder))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    @staticmethod
    def _remove(name):
        left = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
        for pid in left.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "delete", name)

    def _write_agent(self, folder):
        """What launchers call in place of ssh: with options, an address, and words that a shell of
        that host runs."""
        cases = "\n".join(f"    {address}) name={name} ;;"
                          for name, address in zip(self.names, self.addresses))
        for name in self.names:
            (folder / name).write_text(f"{uuid.uuid4()}\n")
        agent = folder / "agent"
        agent.write_text(f"""#!/bin/sh
while :; do
  case $1 in
{cases}
    -*) shift; continue ;;
    *) echo "no such host: $1" >&2; exit 1 ;;
  esac
  shift
  # UCX takes processes that have one boot id for those of one host, which share memory.
  exec ip netns exec $name unshare --uts sh -c '
    hostname "$0" && mount --bind "{folder}/$0" /proc/sys/kernel/random/boot_id &&
    exec sh -c "$*"' $name "$@"
done
""")
        agent.chmod(0o755)
        return str(agent)

    @property
    def entered(self):
        return [self.agent, self.addresses[0]]

    def bytes_sent(self):
        """By all hosts together, so far."""
        return sum(int(subprocess.check_output(
            ["ip", "netns", "exec", name, "cat", "/sys/class/net/eth0/statistics/tx_bytes"]))
            for name in self.names)

    def slots(self, ranks):
        """The addresses, each with how many of the ranks it has: as even as can be."""
        count = len(self.addresses)
        return [(address, ranks // count + (n < ranks % count))
                for n, address in enumerate(self.addresses) if ranks > n]
