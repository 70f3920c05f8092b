"""A TCP proxy between the services and their servers that can be told to misbehave; a process of its own.

proxy.py NAME=LISTEN_HOST:PORT=HOST:PORT ...   port 0: any; prints {name: port} as its first line
Each line of its input is {"link": name, ...fields of Link to set, "cut": true}; it answers each with {name: {"bytes": forwarded so far,
"held": pieces that wait now}}.
"""

import asyncio
import json
import sys

ANSWER_429 = b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Link:
    def __init__(self, target):
        self.target = target
        self.delay = 0.0            # seconds by which every piece comes later
        self.refusing = False       # new connections are closed at once
        self.truncating = False     # of the next piece from the server only half arrives, then the connection ends
        self.busy = False           # HTTP: every request is answered 429
        self.holding = False        # what is sent to the server waits, also when its sender is gone
        self.transports = set()
        self.bytes = self.held = 0

    def cut(self):
        for transport in list(self.transports):
            transport.abort()

    async def serve(self, reader, writer):
        self.transports.add(writer.transport)
        try:
            if self.busy:
                await self.refuse_requests(reader, writer)
            elif not self.refusing:
                await self.join(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.transports.discard(writer.transport)
            writer.close()

    async def join(self, reader, writer):
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        directions = [asyncio.create_task(self.forward(reader, server_writer, False)),
                      asyncio.create_task(self.forward(server_reader, writer, True))]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            server_writer.close()

    async def forward(self, source, sink, is_from_server):
        while piece := await source.read(1 << 18):
            if self.delay:
                await asyncio.sleep(self.delay)
            if not is_from_server:
                await self.wait_while_held()
            if self.truncating and is_from_server:
                sink.write(piece[:len(piece) // 2])
                await sink.drain()
                return
            self.bytes += len(piece)
            sink.write(piece)
            await sink.drain()

    async def wait_while_held(self):
        self.held += 1
        try:
            while self.holding:
                await asyncio.sleep(0.01)
        finally:
            self.held -= 1

    async def refuse_requests(self, reader, writer):
        while self.busy:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name == b"content-length":
                    if b"100-continue" in head:
                        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    await reader.readexactly(int(value))
            writer.write(ANSWER_429)
            await writer.drain()


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


async def main(specifications):
    links, ports, listeners = {}, {}, []
    for name, listen, target in (specification.split("=") for specification in specifications):
        links[name] = Link(address(target))
        listeners.append(await asyncio.start_server(links[name].serve, *address(listen)))
        ports[name] = listeners[-1].sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        link = links[order.pop("link")]
        cut = order.pop("cut", False)
        vars(link).update(order)
        if cut:
            link.cut()
        print(json.dumps({name: {"bytes": link.bytes, "held": link.held} for name, link in links.items()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
