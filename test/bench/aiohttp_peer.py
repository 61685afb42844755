# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""aiohttp_peer.py LIST FOLDER AT_ONCE [CA_FILE]: fetches what a list names, as one would write it."""

import asyncio
import pathlib
import ssl
import sys

import aiohttp


async def worker(session, files, folder):
    for url, name in files:  # one iterator for all workers
        async with session.get(url, raise_for_status=True) as response:
            with open(folder / name, "wb") as file:
                async for piece in response.content.iter_chunked(256 * 1024):
                    file.write(piece)


async def main(listed, folder, at_once, authority=None):
    files = iter([line.split() for line in pathlib.Path(listed).read_text().splitlines()])
    tls = ssl.create_default_context(cafile=authority) if authority else None
    connector = aiohttp.TCPConnector(limit=int(at_once), ssl=tls)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(worker(session, files, pathlib.Path(folder)) for _ in range(int(at_once))))


asyncio.run(main(*sys.argv[1:]))
