#!/usr/bin/env python3
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""Compares `downloader get` with other programs that fetch many files, against nginx on this machine.

Every program fetches the same files from the same server, one after the other, in an order that
changes from round to round; what it has fetched is compared with what was served. Each is used at the
settings that suit it best, which --settings prints.
"""

import argparse
import contextlib
import filecmp
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


class Scenario:
    def __init__(self, name, title, folder, count, size, at_once, tls=False, floor=None,
                 segments=1):
        self.segments = segments  # connections for one file, of the programs that can have several
        self.name, self.title, self.folder = name, title, folder
        self.count, self.size, self.at_once, self.tls, self.floor = count, size, at_once, tls, floor

    def names(self):
        return [f"f{i:05}" for i in range(self.count)]


def scenarios(small):
    many, large, delayed, slow = (40, 2**20, 20, 2**22) if small else (2000, 2**30, 200, 2**28)
    return [
        Scenario("many", f"{many} x 10 KiB, 20 at once", "many", many, 10240, 20),
        Scenario("tls", f"{many} x 10 KiB over TLS, 20 at once", "many", many, 10240, 20, tls=True),
        Scenario("large", f"1 x {large >> 20} MiB", "large", 1, large, 1),
        Scenario("delay", f"{delayed} x 10 KiB behind 100 ms, 20 at once", "delay", delayed, 10240, 20,
                 floor=delayed / 20 * 0.1),
        Scenario("slow", f"1 x {slow >> 20} MiB at 64 MiB/s a connection, 4 of them", "slow", 1, slow, 4,
                 floor=slow / 2**28, segments=4),
    ]


# ---- The server ------------------------------------------------------------------------------------

CONFIGURATION = """
{echo}
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 4096; }}
http {{
    log_format connections '$connection $status $uri';
    access_log access.log connections;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp;
    scgi_temp_path tmp;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        root html;
        location /slow/ {{ limit_rate 64m; }}
        {delay}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_echo(nginx):
    """The module that makes nginx wait; a package of its own."""
    for root in (nginx.parents[1], pathlib.Path("/usr")):
        module = root / "lib/nginx/modules/ngx_http_echo_module.so"
        if module.exists():
            return module
    return None


class Server:
    def __init__(self, nginx, folder, cpus):
        self.folder, self.plain, self.tls = folder, free_port(), free_port()
        module = find_echo(nginx)
        self.delays = module is not None
        (folder / "tmp").mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
            check=True, capture_output=True)
        delay = "location ~ ^/delay/(.*)$ { echo_sleep 0.1; echo_exec /many/$1; }"
        (folder / "nginx.conf").write_text(CONFIGURATION.format(
            echo=f"load_module {module};" if self.delays else "", plain=self.plain, tls=self.tls,
            delay=delay if self.delays else ""))
        self.process = subprocess.Popen(
            [nginx, "-p", folder, "-c", "nginx.conf", "-e", "stderr"], preexec_fn=pinning(cpus))
        self.log = None
        for _ in range(200):
            if self.process.poll() is not None:
                sys.exit("http_bench: nginx did not start")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.tls)):
                self.log = open(folder / "access.log")
                return
            time.sleep(0.05)
        sys.exit("http_bench: nginx does not answer")

    def url(self, scenario, name):
        scheme, port = ("https", self.tls) if scenario.tls else ("http", self.plain)
        return f"{scheme}://127.0.0.1:{port}/{scenario.folder}/{name}"

    def connections(self, requests):
        """How many connections carried the requests since the last call; waits for their lines."""
        used, lines, partial = set(), 0, ""
        limit = time.monotonic() + 5
        while time.monotonic() < limit:
            line = self.log.readline()
            if not line and lines >= requests:  # there may be more: files can come in parts
                break
            partial += line
            if partial.endswith("\n"):
                used.add(partial.split()[0])
                lines, partial = lines + 1, ""
            else:
                time.sleep(0.005)
        return len(used)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def pinning(cpus):
    return (lambda: os.sched_setaffinity(0, cpus)) if cpus else None


# ---- The programs ----------------------------------------------------------------------------------

class Job:
    """What one program is to fetch in one round, and where to."""

    def __init__(self, scenario, server, out, scratch):
        self.scenario, self.out, self.scratch = scenario, out, scratch
        self.urls = [(server.url(scenario, name), name) for name in scenario.names()]
        self.at_once, self.authority = str(scenario.at_once), server.folder / "cert.pem"

    def list(self, line):
        path = self.scratch / "list"
        path.write_text("".join(line(url, name) for url, name in self.urls))
        return path


def ours(program):
    def command(job):
        return [program, "get", "-q", "-i", job.list(lambda url, name: f"{url}\n"), "-o", job.out,
                "-j", job.at_once, "--per-host", job.at_once,
                "--segments", str(job.scenario.segments)] + \
               (["--cacert", job.authority] if job.scenario.tls else [])
    return command


def curl(job):
    config = job.list(lambda url, name: f'url = "{url}"\noutput = "{job.out}/{name}"\n')
    return ["curl", "--silent", "--show-error", "--fail", "--parallel", "--parallel-immediate", "--parallel-max",
            job.at_once, "--config", config] + (["--cacert", job.authority] if job.scenario.tls else [])


def aria2c(job):
    return ["aria2c", "--no-conf", "--quiet", "--input-file", job.list(lambda url, name: f"{url}\n"),
            "--dir", job.out, "--max-concurrent-downloads", job.at_once,
            f"--max-connection-per-server={job.scenario.segments}", f"--split={job.scenario.segments}",
            "--min-split-size=8M", "--file-allocation=none", "--summary-interval=0",
            "--download-result=hide", "--auto-save-interval=0"] + \
           ([f"--ca-certificate={job.authority}"] if job.scenario.tls else [])


def wget2(job):
    return ["wget2", "--no-config", "--quiet", "--no-robots", "--no-hsts", "--no-netrc", "--tries=1",
            f"--max-threads={job.at_once}", "--input-file", job.list(lambda url, name: f"{url}\n"),
            "--directory-prefix", job.out] + \
           ([f"--ca-certificate={job.authority}"] if job.scenario.tls else [])


def aiohttp(job):
    return [sys.executable, HERE / "aiohttp_peer.py", job.list(lambda url, name: f"{url} {name}\n"), job.out,
            job.at_once] + ([job.authority] if job.scenario.tls else [])


def contenders(downloader):
    found = {"downloader": ours(downloader)}
    for name, command in (("curl", curl), ("wget2", wget2), ("aria2c", aria2c)):
        if shutil.which(name):
            found[name] = command
    if subprocess.run([sys.executable, "-c", "import aiohttp"], capture_output=True).returncode == 0:
        found["aiohttp"] = aiohttp
    for missing in {"curl", "wget2", "aria2c", "aiohttp"} - set(found):
        print(f"note: no {missing} here; going on without it", flush=True)
    return found


def version(name):
    if name in ("downloader", "aiohttp"):
        import_version = "import aiohttp; print(aiohttp.__version__)"
        return "" if name == "downloader" else \
            subprocess.run([sys.executable, "-c", import_version], capture_output=True, text=True).stdout.strip()
    line = subprocess.run([name, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return next((word for word in line.split() if word[0].isdigit()), "")


# ---- Measuring -------------------------------------------------------------------------------------

class Figures:
    def __init__(self, wall, cpu, peak, connections):
        self.wall, self.cpu, self.peak, self.connections = wall, cpu, peak, connections


def compare(scenario, out, html):
    for name in scenario.names():
        served = html / ("many" if scenario.folder == "delay" else scenario.folder) / name
        if not (out / name).exists():
            raise RuntimeError(f"{name} was not fetched")
        if not filecmp.cmp(served, out / name, shallow=False):
            raise RuntimeError(f"{name} differs from what was served")


def environment():
    """Without the proxies and certificates that people set; some programs would follow them, others not."""
    return {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith("SSL_CERT") and "CA_BUNDLE" not in name}


def measure(launcher, command_for, scenario, server, folder, cpus):
    out, scratch = folder / "out", folder / "scratch"
    for each in (out, scratch):
        each.mkdir()
    try:
        command = [os.fspath(word) for word in command_for(Job(scenario, server, out, scratch))]
        told = scratch / "figures"
        with open(scratch / "said", "w") as said:
            subprocess.run([launcher, told] + command, stdout=said, stderr=said, preexec_fn=pinning(cpus),
                           check=True, env=environment())
        wall, user, system, peak, status = told.read_text().split()
        if status != "0":
            raise RuntimeError(f"status {status}: " + (scratch / "said").read_text()[:500])
        compare(scenario, out, server.folder / "html")
        return Figures(float(wall), float(user) + float(system), int(peak) / 1024,
                       server.connections(scenario.count))
    finally:
        shutil.rmtree(out)
        shutil.rmtree(scratch)


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def show(scenario, results):
    print(f"\n{scenario.title}" + (f"; floor {scenario.floor:.2f} s" if scenario.floor else ""))
    print(f"{'':<18}{'wall s':>24}{'CPU s':>24}{'CPU us/file':>13}{'peak MiB':>18}{'connections':>13}")
    for name, figures in sorted(results.items(), key=lambda each: statistics.median(f.wall for f in each[1])):
        cpu = [f.cpu for f in figures]
        print(f"{(name + ' ' + version(name)).strip():<18}{spread([f.wall for f in figures], 3):>24}"
              f"{spread(cpu, 3):>24}{statistics.median(cpu) / scenario.count * 1e6:>13.0f}"
              f"{spread([f.peak for f in figures], 1):>18}"
              f"{statistics.median(f.connections for f in figures):>13.0f}", flush=True)


def make_files(html, wanted):
    for scenario in wanted:
        folder = html / scenario.folder
        if scenario.folder == "delay":
            folder = html / "many"
        folder.mkdir(parents=True, exist_ok=True)
        rng = random.Random(1)
        for name in scenario.names():
            if not (folder / name).exists():
                with open(folder / name, "wb") as file:
                    for _ in range(max(1, scenario.size >> 20)):
                        file.write(rng.randbytes(min(scenario.size, 2**20)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--downloader", type=pathlib.Path, required=True)
    parser.add_argument("--launcher", type=pathlib.Path, required=True, help="the program `measured`")
    parser.add_argument("--nginx", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="a few files only, to see that it works")
    parser.add_argument("--only", help="scenarios, separated by commas: many,tls,large,delay,slow")
    parser.add_argument("--programs", help="programs, separated by commas")
    parser.add_argument("--no-pin", action="store_true",
                        help="do not keep the server and the programs on different processors")
    parser.add_argument("--settings", action="store_true", help="print the command lines and measure nothing")
    known, others = parser.parse_known_args()
    strange = [each for each in others if not each.startswith("--benchmark_")]
    if strange:
        parser.error(f"not understood: {' '.join(strange)}")
    return known


def main():
    options = arguments()
    if not options.nginx.exists():
        print("note: no nginx here; the downloads cannot be measured")
        return
    wanted = scenarios(options.small)
    if options.only:
        wanted = [each for each in wanted if each.name in options.only.split(",")]
    programs = contenders(options.downloader)
    if options.programs:
        programs = {name: command for name, command in programs.items() if name in options.programs.split(",")}
    cpus = sorted(os.sched_getaffinity(0))
    pin = len(cpus) > 1 and not options.no_pin
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="http_bench.", dir=memory) as name:
        folder = pathlib.Path(name)
        make_files(folder / "html", wanted)
        server = Server(options.nginx, folder, cpus[-1:] if pin else None)
        try:
            measure_all(options, wanted, programs, server, folder, cpus[:-1] if pin else None)
        finally:
            server.stop()


def measure_all(options, wanted, programs, server, folder, cpus):
    for scenario in wanted:
        if scenario.name == "delay" and not server.delays:
            print("note: no libnginx-mod-http-echo here; going on without the delayed files")
            continue
        if options.settings:
            for command in programs.values():
                scratch = folder / "scratch"
                scratch.mkdir()
                job = Job(scenario, server, folder / "out", scratch)
                print(" ".join(os.fspath(word) for word in command(job)).replace(str(folder), "DIR"))
                shutil.rmtree(scratch)
            continue
        def run(name):
            try:
                return measure(options.launcher, programs[name], scenario, server, folder, cpus)
            except RuntimeError as error:
                sys.exit(f"http_bench: {name}, {scenario.title}: {error}")

        results = {name: [] for name in programs}
        # Whoever comes first pays for memory that the machine has not used before: nobody counts it.
        run(next(iter(programs)))
        for number in range(options.rounds):
            order = list(programs)
            order = order[number % len(order):] + order[:number % len(order)]
            for name in order if number % 2 == 0 else reversed(order):
                results[name].append(run(name))
        show(scenario, results)


if __name__ == "__main__":
    main()
