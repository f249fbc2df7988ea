"""An interactive shell on a pseudo-terminal, driven over pipes by pty.ts.

Lines of JSON on stdin: {"keys": "text"} is typed, {"columns": 40, "rows": 10} is the new size of the window.
What the terminal shows goes to stdout as it comes. The shell is there because job control (Ctrl-Z, fg) is the shell's.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])


def resize(columns: int, rows: int) -> None:
    # The kernel sends SIGWINCH to whoever is in the foreground.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(120, 30)
commands = b""
while True:
    readable, _, _ = select.select([terminal, 0], [], [])
    if terminal in readable:
        try:
            shown = os.read(terminal, 65536)
        except OSError:  # Linux says EIO once the shell has ended.
            break
        if not shown:
            break
        os.write(1, shown)
    if 0 in readable:
        received = os.read(0, 65536)
        if not received:
            break
        commands += received
        *lines, commands = commands.split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "keys" in command:
                os.write(terminal, command["keys"].encode())
            else:
                resize(command["columns"], command["rows"])
