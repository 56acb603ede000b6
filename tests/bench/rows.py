"""What is measured. Each group starts what it needs and yields rows of the table."""

import collections
import concurrent.futures
import os
import pathlib
import statistics
import subprocess
import time

from machine import (PROJECT, Client, Nginx, Separate, Simulator, Standalone, scratch, until)

Row = collections.namedtuple("Row", "work ours reference ratio target")
WISH = {"model": "demo-video", "prompt": "bench: a paper boat on a rainy street"}
GENERATIONS = "/v1/video/generations"


def compared(work, ours, reference, target, unit="/s"):
    return Row(work, f"{ours:,.0f}{unit}", f"{reference:,.0f}{unit}", f"{ours / reference:.2f}",
               target)


def bearer(deployment):
    return {"Authorization": f"Bearer {deployment.key}"}


def completed(client, wish, pause=0.002):
    generation = client.call("POST", GENERATIONS, wish)
    while generation["status"] != "completed":
        if generation["status"] not in ("queued", "processing"):
            raise RuntimeError(f"the generation ended as {generation}")
        time.sleep(pause)
        generation = client.call("GET", f"{GENERATIONS}/{generation['id']}")
    return generation


def get(load):
    """GET of one generation against an nginx in front of an nginx."""
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        separate = keep(Separate(folder, simulator, standalone.database.other("separate")))
        client = standalone.client()
        one = completed(client, WISH)
        client.connection.request("GET", f"{GENERATIONS}/{one['id']}", headers=client.headers)
        body = client.connection.getresponse().read().decode()
        other = completed(separate.client(), WISH)
        nginx = keep(Nginx(folder, constant=body))

        def ours(deployment, generation):
            return load.wrk(f"{deployment.url}{GENERATIONS}/{generation['id']}", 32,
                            bearer(deployment))
        together, apart, reference = load.side_by_side(
            lambda: ours(standalone, one), lambda: ours(separate, other),
            lambda: load.wrk(nginx.front, 32))
        yield compared("GET one, 32 connections, standalone", together, reference, "0.25")
        yield compared("GET one, 32 connections, separate processes", apart, reference, "0.2")


# The rows of a create, as one statement and one commit: the most that this Postgres can do.
CREATE_SQL = """\\set r random(1, 1000000000)
WITH g AS (
  INSERT INTO orchestrator.generations (id, project_id, access_key_id, provider, model,
    upstream_model, prompt, duration, aspect_ratio, size, price_version, estimated_cost_micros)
  VALUES ('gen_' || (extract(epoch FROM clock_timestamp()) * 1000000)::bigint || :client_id || :r,
    'prj_default', 'key_0123456789', 'demo', 'demo-video', 'demo-video',
    'bench: a paper boat on a rainy street', 4, '16:9', '1280x720', '2026-01-01', 400000)
  RETURNING *),
event AS (
  INSERT INTO orchestrator.events (generation_id, sequence, project_id, type, data)
  SELECT id, 1, project_id, 'generation.queued', '{}' FROM g),
queue AS (
  INSERT INTO orchestrator.ready (generation_id, ready_at) SELECT id, created_at FROM g)
SELECT * FROM g;
"""


def create(load):
    """POST of a generation against pgbench that inserts the same rows."""
    with scratch() as (folder, keep):
        # The worker holds one job that never ends, so that only creates are measured.
        simulator = keep(Simulator(folder, 86_400))
        standalone = keep(Standalone(folder, simulator, WORKER_MAX_JOBS="1"))
        reference = standalone.database.other("reference")
        script = str(pathlib.Path(folder, "create.sql"))
        pathlib.Path(script).write_text(CREATE_SQL)
        for connections in (1, 32):
            ours, theirs = load.side_by_side(
                lambda: load.wrk(f"{standalone.url}{GENERATIONS}", connections,
                                 bearer(standalone), WISH, folder),
                lambda: load.pgbench(reference, script, connections))
            plural = "s" if connections > 1 else ""
            yield compared(f"POST create, committed, {connections} connection{plural}", ours,
                           theirs, "0.35")


# Completed generations of the past, numbered from `first` on.
LIST_SQL = """
INSERT INTO orchestrator.generations (id, project_id, access_key_id, provider, model,
  upstream_model, prompt, duration, aspect_ratio, size, state, step, progress, attempt, asset_id,
  video_duration_ms, video_width, video_height, video_bytes, price_version, estimated_cost_micros,
  cost_micros, created_at, ended_at)
SELECT 'gen_' || lpad(n::text, 26, '0'), '{project}', 'key_0123456789', 'demo', 'demo-video',
  'demo-video', 'bench: a paper boat on a rainy street, number ' || n, 4, '16:9', '1280x720',
  'completed', 'done', 100, 1, 'ast_' || lpad(n::text, 26, '0'), 4000, 1280, 720, 100000,
  '2026-01-01', 400000, 400000, now() - n * interval '1 second', now() - n * interval '1 second'
FROM generate_series({first}, {last}) AS n;
"""


def listing(load):
    """A page of 50 out of few and out of many rows."""
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        database = standalone.database
        url = f"{standalone.url}{GENERATIONS}?limit=50"
        figures = []
        for first, last in ((1, 10_000), (10_001, 1_000_000)):
            database.sql(LIST_SQL.format(project=PROJECT, first=first, last=last))
            database.sql("VACUUM ANALYZE orchestrator.generations; CHECKPOINT")
            if len(standalone.client().call("GET", f"{GENERATIONS}?limit=50")) != 50:
                raise RuntimeError("the list is short")
            figures += load.side_by_side(lambda: load.wrk(url, 32, bearer(standalone)))
        few, many = figures
        yield compared("list 50 of 1,000,000 rows against 50 of 10,000, 32 connections", many, few,
                       "0.8")


def put_video(standalone, number, size):
    """A completed generation of `size` bytes; gives its path below the gateway and in the files."""
    videos = standalone.data / "videos"
    name = f"bench-{number}.mp4"
    with open(videos / name, "wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(min(size, 64 << 20) >> 20):
            file.write(block)
        file.truncate(size)  # the rest of a huge one is a hole
    database = standalone.database
    database.sql(LIST_SQL.format(project=PROJECT, first=number, last=number))
    database.sql(f"""
      UPDATE orchestrator.generations SET video_bytes = {size}
        WHERE id = 'gen_' || lpad('{number}', 26, '0');
      INSERT INTO media.assets (id, state, volume_path, size_bytes, sha256, content_type,
        duration_ms, width, height, created_at, ready_at)
      VALUES ('ast_' || lpad('{number}', 26, '0'), 'ready', '{name}', {size}, repeat('0', 64),
        'video/mp4', 4000, 1280, 720, now(), now())""")
    return f"/videos/gen_{number:026d}.mp4", f"/{name}"


def content(load):
    """Bytes of videos against nginx with sendfile."""
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        nginx = keep(Nginx(folder, root=standalone.data / "videos"))
        small = put_video(standalone, 1, 1 << 20)
        large = put_video(standalone, 2, 64 << 20)
        middle = {"Range": f"bytes={32 << 20}-{(32 << 20) + 65535}"}
        for work, (path, file), connections, size, headers in (
                ("content 1 MiB, 32 connections", small, 32, 1, {}),
                ("content 64 MiB, 8 connections", large, 8, 64, {}),
                ("content, ranges of 64 KiB, 32 connections", large, 32, 1 / 16, middle)):
            ours, theirs = load.side_by_side(
                lambda: load.wrk(standalone.url + path, connections,
                                 {**bearer(standalone), **headers}),
                lambda: load.wrk(nginx.files + file, connections, headers))
            yield compared(work, ours * size, theirs * size, "0.8", " MiB/s")


def latency(load):
    """From create to completed as one client sees it, polling every 2 ms."""
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        client = standalone.client()
        completed(client, WISH)  # renders the clip, fetches the key
        times = []
        for _ in range(load.runs * 8):
            begin = time.monotonic()
            completed(client, WISH)
            times.append(time.monotonic() - begin)
        times.sort()
        yield Row("create to completed, provider at 0 s, one at a time",
                  f"p50 {statistics.median(times) * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms",
                  "-", "-", "p50 < 100 ms")


def throughput(load):
    """Generations from create to stored video, the provider at once."""
    count = load.runs * 200
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        clip = completed(standalone.client(), WISH)

        def some(_):
            client = standalone.client()
            for _ in range(count // 8):
                client.call("POST", GENERATIONS, WISH)
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(some, range(8)))
        database = standalone.database
        open_ones = "SELECT count(*) FROM orchestrator.generations WHERE ended_at IS NULL"
        until("end of all generations", lambda: database.sql(open_ones) == "0", 300, 0.5)
        seconds, done, size = database.sql(
            "SELECT extract(epoch FROM max(ended_at) - min(created_at)),"
            " count(*) FILTER (WHERE state = 'completed'), max(video_bytes)"
            f" FROM orchestrator.generations WHERE id <> '{clip['id']}'").split("|")
        if int(done) != count:
            raise RuntimeError(f"{done} of {count} generations completed")
        yield Row(f"end-to-end generations, provider at 0 s, videos of {int(size) >> 10} KiB",
                  f"{count / float(seconds):.0f}/s", "-", "-", "100/s")


# Generations that a worker follows already, by their jobs at the provider.
FOLLOW_SQL = """
WITH job AS (SELECT n, 'gen_' || lpad((5000000 + {first} + n)::text, 26, '0') AS id, job
  FROM unnest('{{{jobs}}}'::text[]) WITH ORDINALITY AS given(job, n)),
g AS (INSERT INTO orchestrator.generations (id, project_id, access_key_id, provider, model,
    upstream_model, prompt, duration, aspect_ratio, size, state, step, attempt, price_version,
    estimated_cost_micros)
  SELECT id, '{project}', 'key_0123456789', 'demo', 'demo-video', 'demo-video', 'open', 4, '16:9',
    '1280x720', 'processing', 'submitted', 1, '2026-01-01', 400000 FROM job),
a AS (INSERT INTO orchestrator.submit_attempts (generation_id, number, provider, provider_key_id,
    external_id, fingerprint, request_id, outcome, provider_job_id, recorded_at)
  SELECT id, 1, 'demo', {key}, id, 'open', id, 'accepted', job, now() FROM job)
INSERT INTO orchestrator.ready (generation_id, ready_at) SELECT id, now() FROM job;
"""


def follow(standalone, simulator, first, last):
    """Opens generations whose jobs never end."""
    provider = Client(simulator.url, "bench-key")
    wish = {"model": "demo-video", "prompt": "open", "seconds": "4", "size": "1280x720"}
    jobs = [provider.call("POST", "/v1/videos", wish)["id"] for _ in range(first, last)]
    database = standalone.database
    key = database.sql("SELECT min(id) FROM vault.provider_keys")
    database.sql(FOLLOW_SQL.format(first=first, jobs=",".join(jobs), project=PROJECT, key=key))
    until("lease on each", lambda: database.sql("SELECT count(*) FROM orchestrator.ready") == "0",
          60, 0.2)


def notices(standalone, count, render_seconds):
    """Seconds from the provider's end of a job to ours, for jobs among those that are open."""
    client = standalone.client()
    ids = []
    for _ in range(count):
        ids.append(client.call("POST", GENERATIONS, {**WISH, "prompt": "notice"})["id"])
        time.sleep(0.1)
    ended = ("SELECT extract(epoch FROM ended_at - created_at) FROM orchestrator.generations"
             " WHERE state = 'completed' AND id = ANY('{" + ",".join(ids) + "}')")

    def lags():
        found = standalone.database.sql(ended).split()
        return found if len(found) == count else None
    return sorted(float(each) - render_seconds
                  for each in until("end of the jobs", lags, 60, 0.2))


def opened(load):
    """Many open generations: how late an end is noticed, what polling costs."""
    render = 10
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, render))
        simulator.control("faults", {"match": {"op": "create", "prompt_contains": "open"},
                                     "kind": "never_completes", "count": 0})
        standalone = keep(Standalone(folder, simulator, POLL_INTERVAL_SECONDS="5",
                                     WORKER_MAX_JOBS="20000"))
        idle = standalone.process.rss_mib()
        # A poll is due after a quarter of the time that the job took, give or take a fifth.
        interval = render / 4 * 1.2
        have = 0
        for want in (1, 1_000, 10_000):
            follow(standalone, simulator, have, want)
            have = want
            if want == 10_000:
                time.sleep(25)  # until all are polled at the longest interval
                begin = time.monotonic()
                ours, postgres = standalone.process.cpu_seconds(), standalone.postgres_cpu_seconds()
                time.sleep(15)
                took = time.monotonic() - begin
                cpu = (standalone.process.cpu_seconds() - ours) / took * 100
                postgres = (standalone.postgres_cpu_seconds() - postgres) / took * 100
                rss = standalone.process.rss_mib()
            lags = notices(standalone, 20, render)
            yield Row(f"notice of completion, stored, {want:,} open",
                      f"p50 {statistics.median(lags):.2f} s, worst {lags[-1]:.2f} s",
                      f"poll interval up to {interval:.1f} s", "-",
                      f"worst < {interval + 0.5:.1f} s")
        yield Row("CPU, 10,000 open generations polled every 5 s",
                  f"{cpu:.0f} % (Postgres {postgres:.0f} %)", "one core", "-", "60 %")
        yield Row("RSS, idle", f"{idle:.0f} MiB", "-", "-", "64 MiB")
        yield Row("RSS, 10,000 open generations", f"{rss:.0f} MiB", "-", "-", "200 MiB")


def memory(load):
    """RSS while bytes flow: flat, whatever the size."""
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        completed(standalone.client(), WISH)
        path, _ = put_video(standalone, 1, 1 << 30)
        before = standalone.process.rss_mib()

        def highest(seconds):
            end, top = time.monotonic() + seconds, 0
            while time.monotonic() < end:
                top = max(top, standalone.process.rss_mib())
                time.sleep(0.05)
            return top
        reader = subprocess.Popen(
            ["wrk", "-t1", "-c32", "-d5s", "-H", f"Authorization: Bearer {standalone.key}",
             standalone.url + path], stdout=subprocess.DEVNULL)
        downloads = highest(4.5)
        reader.wait()
        simulator.control("faults", {"match": {"op": "content"}, "kind": "endless_body",
                                     "count": 8})
        client = standalone.client()
        for _ in range(8):
            client.call("POST", GENERATIONS, WISH)
        ingests = highest(5)
        written = sum(file.stat().st_size for file in (standalone.data / "videos").rglob("*.part"))
        yield Row("RSS, 32 downloads of 1 GiB", f"{downloads:.0f} MiB", f"before {before:.0f} MiB",
                  "-", "flat")
        yield Row(f"RSS, 8 ingests, {written >> 20} MiB so far", f"{ingests:.0f} MiB",
                  f"before {before:.0f} MiB", "-", "flat")


def start(load):
    """From exec to an answer of /readyz, with a database that is there already."""
    with scratch() as (folder, keep):
        simulator = keep(Simulator(folder, 0))
        standalone = keep(Standalone(folder, simulator))
        times = []
        for _ in range(load.runs):
            standalone.stop()
            times.append(standalone.start())
        yield Row("start to ready, existing database", f"{statistics.median(times):.2f} s", "-",
                  "-", "1 s")


GROUPS = {"get": get, "create": create, "list": listing, "content": content, "latency": latency,
          "throughput": throughput, "open": opened, "memory": memory, "start": start}
NEEDS = {"get": ("wrk", "nginx"), "create": ("wrk", "pgbench"), "list": ("wrk", "psql"),
         "content": ("wrk", "nginx", "psql"), "throughput": ("psql",), "open": ("psql",),
         "memory": ("wrk", "psql")}
