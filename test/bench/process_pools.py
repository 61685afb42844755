# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

"""The Python side of process_bench: does on request what the C++ side does.

The first line of the output is the version of Python. A request is a line `CONTENDER SCENARIO COUNT`; the answer is a line with the seconds it took, or what
went wrong.
"""

import concurrent.futures
import multiprocessing
import os
import signal
import sys
import time

WORKERS = 2
PRIMES = [112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099,
          1099726899285419]


def task(n):
    return n ^ 0x5555


def echo(payload):
    return payload


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def is_prime(n):
    if n < 2:
        return False
    if n == 2:
        return True
    if n % 2 == 0:
        return False
    i = 3
    while i * i <= n:
        if n % i == 0:
            return False
        i += 2
    return True


def expect(got, wanted):
    if got != wanted:
        raise RuntimeError(f'wrong result: {got}')


class ProcessPoolExecutor:
    def __init__(self, workers=WORKERS):
        self.pool = concurrent.futures.ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context('fork'))

    def submit(self, function, *args):
        return self.pool.submit(function, *args).result

    def map(self, function, inputs, chunk_size):
        return self.pool.map(function, inputs, chunksize=chunk_size)

    def close(self):
        self.pool.shutdown()

    def survive_crash(self):
        """The pool breaks: the replacement is a new one."""
        try:
            self.submit(die)()
        except concurrent.futures.process.BrokenProcessPool:
            self.__init__(1)
        expect(self.submit(task, 1)(), task(1))


class MultiprocessingPool:
    def __init__(self, workers=WORKERS):
        self.pool = multiprocessing.get_context('fork').Pool(workers)

    def submit(self, function, *args):
        return self.pool.apply_async(function, args).get

    def map(self, function, inputs, chunk_size):
        return self.pool.imap(function, inputs, chunk_size)

    def close(self):
        self.pool.terminate()

    def survive_crash(self):
        """The result of the task that died never comes; the next one's does."""
        self.submit(die)
        expect(self.submit(task, 1)(), task(1))


CONTENDERS = {'executor': ProcessPoolExecutor, 'pool': MultiprocessingPool}
pools = {}


def warm_pool(contender):
    if contender not in pools:
        pools[contender] = CONTENDERS[contender]()
        for result in [pools[contender].submit(task, n) for n in range(8)]:
            result()
    return pools[contender]


def measure(contender, scenario, count):
    pool = None if scenario in ('start', 'crash') else warm_pool(contender)
    if scenario == 'crash':
        pool = CONTENDERS[contender](1)
        expect(pool.submit(task, 1)(), task(1))
    payload = bytes(count) if scenario == 'payload' else None

    begun = time.perf_counter()
    if scenario == 'submit':
        results = [pool.submit(task, n) for n in range(count)]
        expect(sum(result() for result in results), sum(map(task, range(count))))
    elif scenario in ('map1', 'map100'):
        chunk_size = 1 if scenario == 'map1' else 100
        expect(sum(pool.map(task, range(count), chunk_size)), sum(map(task, range(count))))
    elif scenario == 'latency':
        for n in range(count):
            expect(pool.submit(task, n)(), task(n))
    elif scenario == 'payload':
        expect(len(pool.submit(echo, payload)()), count)
    elif scenario == 'start':
        pool = CONTENDERS[contender]()
        for result in [pool.submit(task, n) for n in range(WORKERS)]:
            result()
    elif scenario == 'crash':
        pool.survive_crash()
    elif scenario == 'primes':
        expect(list(pool.map(is_prime, PRIMES, 1)), [True, True, True, True, True, False])
    else:
        raise ValueError(f'no scenario {scenario}')
    seconds = time.perf_counter() - begun
    if scenario in ('start', 'crash'):
        pool.close()
    return seconds


print('Python', sys.version.split()[0], flush=True)
for line in sys.stdin:
    contender, scenario, count = line.split()
    try:
        print(measure(contender, scenario, int(count)), flush=True)
    except Exception as e:  # pylint: disable=broad-except
        print(repr(e).replace('\n', ' '), flush=True)
for pool in pools.values():
    pool.close()
