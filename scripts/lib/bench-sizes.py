"""The same pages over two sizes of data, in turn: see scripts/bench-sizes."""
import csv, datetime, http.client, json, os, statistics, subprocess, sys, time, urllib.parse

PROGRAM, ROUNDS = sys.argv[1], int(sys.argv[2])
SIZES = {"10k": 8131, "1m": 8132}
ASKED = 150


class Server:
    def __init__(self, size, port):
        self.port, self.facts = port, json.load(open(f"data/{size}/manifest.json"))
        settings = {"DATABASE_URL": f"sqlite:data/tributary_{size}.sqlite3", "INSECURE_COOKIES": "true", "LOG": "warn"}
        command = [PROGRAM, "serve", "--bind", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.link = http.client.HTTPConnection("127.0.0.1", port)
                self.link.connect()
                break
            except OSError:
                time.sleep(0.1)
        body = urllib.parse.urlencode({"email": "staff@big.example.com", "password": self.facts["password"]})
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        self.link.request("POST", "/login", body, headers)
        answer = self.link.getresponse()
        answer.read()
        assert answer.status == 303, answer.status
        self.cookie = answer.headers.get_all("set-cookie")[0].split(";")[0]
        self.pages = self.paths(size)

    def paths(self, size):
        f, orders = self.facts, "/big/main/orders"
        key = lambda v: v[0] if isinstance(v, list) else v
        return {
            "dashboard": "/big/main",
            "list": orders,
            "status": f"{orders}?state=completed",
            "search by number": f"{orders}?q={urllib.parse.quote(str(key(f['search_number'])))}",
            "search, two words of one order": f"{orders}?q={urllib.parse.quote(two_words(size, f))}",
            "search, two words of many": f"{orders}?q={urllib.parse.quote(str(key(f['search_word'])))}",
            "page at 90 %": f"{orders}?after={cursor(size, f)}",
            "order": f"{orders}/{f['sample_order_ids'][0]}",
            "edit form": f"{orders}/{f['sample_order_ids'][0]}/edit",
        }

    def median(self, page):
        times = []
        for _ in range(ASKED):
            begun = time.perf_counter()
            self.link.request("GET", self.pages[page], headers={"Cookie": self.cookie})
            answer = self.link.getresponse()
            answer.read()
            times.append(time.perf_counter() - begun)
            assert answer.status == 200, (page, answer.status)
        return statistics.median(times) * 1000


def two_words(size, facts):
    """Of a customer's name and of a reference: they meet in one order, however many there are."""
    orders, customers = (csv.DictReader(open(f"data/{size}/{n}.csv")) for n in ("orders", "customers"))
    order = next(r for r in orders if r["company_id"] == facts["big_company_id"] and r["reference"])
    name = next(c["name"] for c in customers if c["id"] == order["customer_id"])
    return f"{name.split()[0]} {order['reference'].removeprefix('PO-')}"


def cursor(size, facts):
    rows = csv.DictReader(open(f"data/{size}/orders.csv"))
    keys = sorted(((r["created_at"], r["id"]) for r in rows if r["company_id"] == facts["big_company_id"]), reverse=True)
    at, last = keys[(facts["page_90pct"] - 1) * 50 - 1]
    since = datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return urllib.parse.quote(f"+{last.replace('-', '')}~{since // datetime.timedelta(microseconds=1)}")


servers = {size: Server(size, port) for size, port in SIZES.items()}
try:
    print(f"{'page':30} {'10k ms':>8} {'1m ms':>8} {'ratio':>6}")
    for page in servers["10k"].pages:
        found = {size: [] for size in SIZES}
        for i in range(ROUNDS):
            for size in list(SIZES)[:: 1 if i % 2 else -1]:
                found[size].append(servers[size].median(page))
        small, large = (statistics.median(found[size]) for size in SIZES)
        ratio = statistics.median(b / a for a, b in zip(found["10k"], found["1m"]))
        print(f"{page:30} {small:8.2f} {large:8.2f} {ratio:6.2f}")
finally:
    for server in servers.values():
        server.process.terminate()
