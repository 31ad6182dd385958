"""TLS in front of a server that has none, and in front of that a listener that keeps what a client sends.

    python tls.py CERTIFICATE KEY SERVER_PORT BYTES

Prints the port to connect to. The bytes of all clients are appended to the file BYTES as they came.
"""

import asyncio
import ssl
import sys

certificate, key, server, path = sys.argv[1:]


async def pump(reader, writer, copy=None):
    try:
        while some := await reader.read(65_536):
            if copy:
                copy.write(some)
            writer.write(some)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


def forward(port, copy=None):
    async def serve(reader, writer):
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, other_writer, copy), pump(other_reader, writer))

    return serve


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with open(path, "ab", buffering=0) as copy:
        inner = await asyncio.start_server(forward(int(server)), "127.0.0.1", 0, ssl=context)
        place = inner.sockets[0].getsockname()[1]
        outer = await asyncio.start_server(forward(place, copy), "127.0.0.1", 0)
        print(outer.sockets[0].getsockname()[1], flush=True)
        await outer.serve_forever()


asyncio.run(main())
