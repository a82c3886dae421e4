"""Drives a company of many orders through a branch: opened, read, edited, planned, merged, taken back.

Prints the median of a few rounds, or the one time of what happens once, in milliseconds; at the end each
row of the targets that it measures, beside what others have published of theirs."""
import http.client, json, os, statistics, subprocess, sys, tempfile, threading, time

program, orders, edits, conflicts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
place = tempfile.mkdtemp(prefix="tributary-bench-")
url = os.environ.get("BENCH_DATABASE") or f"sqlite:{place}/bench.db"
env = {**os.environ, "DATABASE_URL": url, "LOG": "warn,tributary::store::write=debug", "LOG_FORMAT": "json"}
env.pop("TEST_POSTGRES", None)


def run(*args, given=None):
    done = subprocess.run([program, *args], env=env, input=given, capture_output=True, text=True)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout


if not url.startswith("sqlite:"):
    run("migrate")
run("user", "create", "bench@example.com", "--password-stdin", given="bench bench 4711\n")
run("company", "create", "acme", "--name", "Acme", "--currency", "GBP", "--timezone", "Europe/London", "--admin", "bench@example.com")
run("generate", "--company", "acme", "--orders", orders)
token = run("token", "create", "--user", "bench@example.com", "--company", "acme").strip().splitlines()[-1]
port = 8390 + os.getpid() % 500
server = subprocess.Popen([program, "serve", "--bind", f"127.0.0.1:{port}"], env=env, stdout=subprocess.DEVNULL, stderr=open(f"{place}/log", "w"))
connection = None


def ask(method, path, body=None):
    global connection
    for attempt in range(100):
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=600)
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            connection.request(method, f"/api/v1/acme/{path}", body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status < 300, (method, path, answer.status, text[:400])
            return json.loads(text) if text else None
        except (ConnectionError, http.client.HTTPException):
            connection = None
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


# What is aimed at, and what was published by, or reported of, systems that do the like.
TARGETS = {
    "open a branch": ("5 ms at the 95th percentile, whatever the size", "NetBox Branching: many minutes (its issue 595)"),
    "list of 50, branch": ("1.5 times main's", "a sketch: 0.255 ms of SQL"),
    "one order, branch": ("1.5 times main's", "Gnomon: 1.13 times"),
    "plan of the merge, first": ("in proportion to what changed", "Infrahub: with the whole database (issue 9224)"),
    "merge, once its plan was looked at": ("0.1 ms a record", "NetBox Branching: 115,000 in 5 hours (issue 259); Infrahub: 10,000 in 16 min (issue 2834)"),
    "revert, once looked at, branch opened again": ("0.2 ms a record", "Chronos: 10,000 in 2.7 s"),
    "the lock of the merge": ("0.3 s for each 5,000 records", "NetBox Branching: one transaction for hours"),
    "saves meanwhile, 95th percentile": ("as long as the lock", ""),
    "list of 50, main as of an early change": ("5 ms at any age", "django-simple-history: 20 min (issue 758)"),
    "verify, versions a second": ("100,000", "immudb writes 1.2 to 1.8 million"),
}
FIGURES = {}


def timed(label, act, rounds=1, warm=0):
    for _ in range(warm):
        act(0)
    took = []
    for n in range(rounds):
        start = time.perf_counter()
        out = act(n)
        took.append((time.perf_counter() - start) * 1000)
    FIGURES.setdefault(label, statistics.median(took))
    print(f"{label:46} {statistics.median(took):10.2f} ms" + (f"  (median of {rounds})" if rounds > 1 else ""), flush=True)
    return out


def in_turn(acts, rounds, warm=20):
    """Several things by turns, so that what else the machine does meets them alike."""
    took = {label: [] for label in acts}
    for n in range(warm + rounds):
        for label, act in acts.items():
            start = time.perf_counter()
            act(n)
            took[label].append((time.perf_counter() - start) * 1000)
    for label in acts:
        FIGURES[label] = statistics.median(took[label][warm:])
        print(f"{label:46} {FIGURES[label]:10.2f} ms  (median of {rounds}, in turn)", flush=True)


def carried_out(act, look, plan):
    """What takes longer than an answer waits goes on by itself."""
    said = ask("POST", act, {"plan": plan["plan"]})
    while said["commit"] is None and (ask("GET", look)["acting"] or {}).get("goes_on"):
        time.sleep(0.1)


class Saves:
    """People who go on saving orders of their own while something else is done."""

    def __init__(self, people):
        self.took, self.over = [], threading.Event()
        body = {"customer": ask("GET", "main/customers")["items"][0]["number"], "customer_note": "mine"}
        self.people = [threading.Thread(target=self.save, args=(ask("POST", "main/orders", body), n)) for n in range(people)]
        for one in self.people:
            one.start()

    def save(self, order, n):
        own, version, count = http.client.HTTPConnection("127.0.0.1", port, timeout=600), order["version"], 0
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        while not self.over.is_set():
            count += 1
            start = time.perf_counter()
            own.request("PATCH", f"/api/v1/acme/main/orders/{order['id']}", json.dumps({"version": version, "contact": f"{n} {count}"}), headers)
            answer = own.getresponse()
            said = json.loads(answer.read())
            assert answer.status == 200, said
            version = said["version"]
            self.took.append((time.perf_counter() - start) * 1000)
            time.sleep(0.2)

    def told(self, label):
        self.over.set()
        for one in self.people:
            one.join()
        FIGURES[label] = sorted(self.took)[len(self.took) * 95 // 100]
        print(f"{label:46} {FIGURES[label]:10.2f} ms  (longest {max(self.took):.0f} ms, {len(self.took)} saves of {len(self.people)} people)")


def browsed(path):
    """A page as a browser gets it, and how long until it has what was asked for."""
    browser = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    origin = {"sec-fetch-site": "same-origin"}

    def get(method, url, body=None, headers={}):
        browser.request(method, url, body, {**origin, **headers})
        answer = browser.getresponse()
        return answer, answer.read()

    form = {"content-type": "application/x-www-form-urlencoded"}
    words = "email=bench%40example.com&password=bench+bench+4711"
    answer, _ = get("POST", "/login", words, form)
    cookie = {"cookie": answer.getheader("set-cookie").split(";")[0]}

    def once(_):
        start, longest = time.perf_counter(), 0
        while True:
            began = time.perf_counter()
            answer, text = get("GET", path, headers=cookie)
            longest = max(longest, time.perf_counter() - began)
            assert answer.status == 200, (path, answer.status)
            if not answer.getheader("refresh"):
                return (time.perf_counter() - start, longest, len(text))
            time.sleep(0.2)

    return once


def locked(label, commit):
    """For how long the company's lock was held for a commit: the server says it in its log."""
    with open(f"{place}/log") as log:
        said = [json.loads(line)["fields"] for line in log if '"held_ms"' in line]
    FIGURES[label] = next(of["held_ms"] for of in said if of["commit"] == commit)
    print(f"{label:46} {FIGURES[label]:10.2f} ms")


def pages(label, path):
    look = browsed(path)
    took, longest, size = look(0)
    print(f"{label + ', first':46} {took * 1000:10.2f} ms  (no answer took longer than {longest * 1000:.0f} ms)")
    timed(label + ", again", look, 20)
    print(f"{label + ', its size':46} {size / 1000:10.1f} kB")


def settle():
    """PostgreSQL looks once a minute at tables that grew, and plans by what it saw."""
    if not url.startswith("sqlite:"):
        time.sleep(75)


def listed(path):
    return lambda _: ask("GET", path)


try:
    ask("GET", "main/orders")
    settle()
    print(f"{orders} orders, {edits} edited on a branch, {url.split(':')[0]}")
    timed("open a branch", lambda n: ask("POST", "main/branches", {"name": f"b{n}", "visibility": "company"}), 20)
    in_turn({"list of 50, main, before": listed("main/orders"), "list of 50, branch without changes": listed("b0/orders")}, 200)
    page, ids = "main/orders?size=100&sort=placed", []
    while len(ids) < edits:
        found = ask("GET", page)
        ids += [(o["id"], o["version"]) for o in found["items"]]
        if not found["next"]:
            break
        page = "main/orders?size=100&sort=placed&after=" + __import__("urllib.parse").parse.quote(found["next"], safe="")
    start = time.perf_counter()
    for id, version in ids[:edits]:
        ask("PATCH", f"b0/orders/{id}", {"version": version, "customer_note": "from the branch"})
    print(f"{'one edit on the branch':46} {(time.perf_counter() - start) * 1000 / edits:10.2f} ms  (mean of {edits})")
    for id, version in ids[: edits // 10]:
        ask("PATCH", f"main/orders/{id}", {"version": version, "internal_note": "on main"})
    settle()
    lists = {"main": "main/orders", "branch": "b0/orders", "main as of an early change": "main/orders?at=2"}
    lists |= {"main, first placed first": "main/orders?sort=placed", "branch, its changes first": "b0/orders?sort=placed"}
    in_turn({f"list of 50, {what}": listed(path) for what, path in lists.items()}, 200)
    in_turn({f"one order, {world}": listed(f"{of}/orders/{ids[0][0]}") for world, of in {"main": "main", "branch": "b0"}.items()}, 200)
    timed("state on the branch, 50", listed("b0/orders?state=draft"), 50, 5)
    plan = timed("plan of the merge, first", listed("main/branches/b0/plan"))
    timed("plan of the merge, again", listed("main/branches/b0/plan"), 20)
    assert plan["conflicts"] == 0, plan["conflicts"]
    pages(f"page of {edits} changes", "/acme/main/branches/b0/plan")
    saves = Saves(20)
    timed("merge, once its plan was looked at", lambda _: carried_out("main/branches/b0/merge", "main/branches/b0/plan", plan))
    saves.told("saves meanwhile, 95th percentile")
    merged = ask("GET", "main/branches/b0")["merged"]
    locked("the lock of the merge", merged)
    revert = f"main/commits/{merged}/revert"
    plan = timed("plan of the revert, first", listed(revert))
    timed("revert, once looked at, branch opened again", lambda _: carried_out(revert, revert, plan))
    if conflicts:
        ask("POST", "main/branches", {"name": "many", "visibility": "company"})
        for world in ("many", "main"):
            for id, _ in ids[:conflicts]:
                version = ask("GET", f"{world}/orders/{id}")["version"]
                ask("PATCH", f"{world}/orders/{id}", {"version": version, "customer_note": world})
        settle()
        pages(f"page of {conflicts} conflicts", "/acme/main/branches/many/plan")
        kind = ask("GET", "main/branches/many/plan?show=conflicts")["items"][0]["conflicts"][0]["kind"]
        decide = lambda _: ask("POST", "main/branches/many/resolutions", {"all": kind, "choice": "theirs"})
        timed("all of them decided at once", decide)
        pages("page of as many decided", "/acme/main/branches/many/plan")
    with open(f"/proc/{server.pid}/status") as status:
        print(*[line.strip() for line in status if line.startswith(("VmHWM", "RssAnon"))])
finally:
    server.terminate()
    server.wait()
start = time.perf_counter()
said = run("verify", "--company", "acme").strip()
print(said)
FIGURES["verify, versions a second"] = int(said.split(" versions")[0].split(", ")[-1]) / (time.perf_counter() - start)
print(f"\n| what | ours, {orders} orders, {edits} changed, {url.split(':')[0]} | aimed at | others |\n| --- | --- | --- | --- |")
for label, (aim, others) in TARGETS.items():
    figure = FIGURES[label]
    per = f", {figure / edits:.2f} ms a record" if "a record" in aim else ""
    of_main = {"list of 50, branch": "list of 50, main", "one order, branch": "one order, main"}.get(label)
    times = f", {figure / FIGURES[of_main]:.2f} times main's" if of_main else ""
    print(f"| {label} | {figure:,.0f} |" if "a second" in label else f"| {label} | {figure:,.1f} ms{per}{times} |", aim, "|", others, "|")
