"""What people do, for locust: which of it and how fast, LOAD_SCENARIO says; who, LOAD_SEED."""

import itertools
import json
import os
import random
import time
from pathlib import Path

from locust import between, constant, constant_pacing, task
from locust.contrib.fasthttp import FastHttpUser

SEED = json.loads(Path(os.environ["LOAD_SEED"]).read_text())
DONE = [person for person in SEED["people"] if person["is_done"]]
SCENARIO = os.environ["LOAD_SCENARIO"]
PACE_SECONDS = float(os.environ["LOAD_PACE_SECONDS"])
CHOSEN = {"loudness": "reference", "ceiling_dbtp": "-1.0", "max_limiting_db": "6.0"}
BURST_STEP_SECONDS = 2.0
_turn = itertools.count()


class Person(FastHttpUser):
    """Someone with a browser that is logged in."""

    abstract = True
    network_timeout = connection_timeout = 60.0

    def on_start(self) -> None:
        turn = next(_turn)
        self.who = SEED["people"][turn % len(SEED["people"])]
        self.browser = {
            "Cookie": f"sessionid={self.who['session']}; csrftoken={SEED['csrf']}",
            "X-CSRFToken": SEED["csrf"],
            "Referer": f"{self.host}/",
            # Each from a place of their own (RFC 2544), or they would share what one may do.
            "X-Forwarded-For": f"198.18.{turn // 250}.{turn % 250 + 1}",
        }

    def ask(self, method: str, path: str, name: str, **options: object) -> str:
        """Send a request; what is turned away politely is no failure, and is counted apart."""
        headers = self.browser | options.pop("headers", {})
        with self.client.request(
            method, path, name=name, headers=headers, allow_redirects=False,
            catch_response=True, **options,
        ) as answer:  # fmt: skip
            if answer.status_code in (429, 503) and answer.headers.get("Retry-After"):
                answer.request_meta["name"] = "turned away"
                answer.success()
            elif answer.status_code == 0 or answer.status_code >= 400:
                answer.failure(f"{name}: {answer.status_code}")
            else:
                answer.success()
            return answer.text or ""

    @property
    def master(self) -> str:
        return f"/masters/{self.who['master']}/"

    def submit(self) -> None:
        form = CHOSEN | {
            "mix": self.who["mix"],
            "reference": self.who["reference"],
            "amount": str(random.randint(10, 100)),  # noqa: S311
        }
        self.ask("POST", "/new/", "submit", data=form)

    def upload(self, file: str) -> None:
        path = Path(SEED["files"][file])
        edge = "----------------------------load"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nMIX\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
            "Content-Type: audio/wav\r\n\r\n"
        )
        body = head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        self.ask("POST", "/audio/", "upload", data=body, headers=kind)


class Evening(Person):
    """The mix of an evening; L1, L2 and L5."""

    abstract = SCENARIO not in ("L1", "L2", "L5")
    wait_time = between(3, 8)

    @task(40)
    def history(self) -> None:
        self.ask("GET", "/masters/", "page")

    @task(15)
    def result(self) -> None:
        self.ask("GET", self.master, "page")

    @task(15)
    def status(self) -> None:
        self.ask("GET", f"{self.master}status/", "status")

    @task(15)
    def state(self) -> None:
        self.ask("GET", f"{self.master}1/state.json", "status")

    @task(4)
    def download(self) -> None:
        who = random.choice(DONE)  # noqa: S311 (others' masters are not to be heard yet)
        mine = {"Cookie": f"sessionid={who['session']}"}
        self.ask("GET", f"/masters/{who['master']}/1/listen/", "download", headers=mine)

    @task(3)
    def send(self) -> None:
        self.upload("upload")

    @task(3)
    def begin(self) -> None:
        self.submit()

    @task(3)
    def log_in(self) -> None:
        form = {"login": self.who["email"], "password": SEED["password"]}
        anonymous = {"Cookie": f"csrftoken={SEED['csrf']}"}
        self.ask("POST", "/account/login/", "log-in", data=form, headers=anonymous)

    @task(2)
    def account(self) -> None:
        self.ask("GET", "/account/", "page")


class Burst(Person):
    """Five masters, one every two seconds; of all people evenly over ten; L3."""

    abstract = SCENARIO != "L3"
    left = 5

    def on_start(self) -> None:
        super().on_start()
        place = SEED["people"].index(self.who) / len(SEED["people"])
        self.due = time.monotonic() + BURST_STEP_SECONDS * place  # locust lets people in by lumps
        time.sleep(self.wait_time())

    def wait_time(self) -> float:
        return max(0.0, self.due - time.monotonic())

    @task
    def begin(self) -> None:
        self.due += BURST_STEP_SECONDS
        if self.left:
            self.left -= 1
            self.submit()


class Steady(Person):
    """Masters of whole songs at a steady pace, in turn; L7."""

    abstract = SCENARIO != "L7"
    wait_time = constant_pacing(PACE_SECONDS)

    def on_start(self) -> None:
        super().on_start()
        place = SEED["people"].index(self.who)
        time.sleep(PACE_SECONDS * place / SEED["long_people"])

    @task
    def begin(self) -> None:
        self.submit()


class Wall(Person):
    """Twenty who send 60 MB at the same moment, and five who read meanwhile; L4."""

    abstract = SCENARIO != "L4"
    wait_time = constant(0.5)

    def on_start(self) -> None:
        super().on_start()
        self.sends = SEED["people"].index(self.who) % 5 != 0

    @task
    def send(self) -> None:
        if self.sends:
            self.upload("wall")
            self.sends = None
        elif self.sends is False:
            self.ask("GET", "/masters/", "page")


class Poll(Person):
    """The status, as fast as it comes; L6."""

    abstract = SCENARIO != "L6"
    wait_time = constant(0)

    @task
    def state(self) -> None:
        self.ask("GET", f"{self.master}1/state.json", "status")
