"""Passes stdin on, but reads it only when the pipe is full or its writer has ended: the slowest reader that there is."""
import array
import fcntl
import os
import select
import sys
import termios

# Of 65,536 bytes; the rest may be lost to writes that do not fill a page.
FULL = 49_152

poller = select.poll()
poller.register(0, 0)
while True:
    # Without an event asked for, poll answers when the writer has ended, or else after these milliseconds.
    has_ended = bool(poller.poll(5))
    waiting = array.array("i", [0])
    fcntl.ioctl(0, termios.FIONREAD, waiting)
    if waiting[0] >= FULL or has_ended:
        data = os.read(0, 1 << 20)
        if not data:
            break
        sys.stdout.buffer.write(data)
