"""One whole Tidegate on this machine: embedded AWS, sandbox hosts, X-Ray receiver, HTTP front.

`make run` has one under `.local/`; each test session that wants one starts its own, with its own
state and ports, beside it.
"""

import json
import os
import re
import socket
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from local import build, demo_store, deploy, xray
from local.embedded import EmbeddedAws
from local.errors import LocalError
from local.processes import Child, answers, free_port, is_free
from tidegate.api.evocloud import openapi

HOSTS = ("visa", "mastercard")
WALLETS = ("alipayplus",)
OTHERS = ("merchant", "acs", *WALLETS)
"""Sandbox programs that speak HTTP alone."""
PORTS = (
    "engine",
    "front",
    "xray",
    "visa",
    "visa_http",
    "mastercard",
    "mastercard_http",
    *OTHERS,
)
DATAGRAM_PORTS = ("xray",)
STAGE = "local"


def _silent(_line: str) -> None:
    """Says nothing."""


class Stack:
    """A stack with its state under `state_dir`, which another start finds again.

    Attributes, once started:
        base_url: the HTTP front, what a merchant's client is pointed at.
        api_url: the API in the embedded AWS, without the front.
        endpoint_url: the embedded AWS.
        outputs: the outputs of the CloudFormation stack.
        ports: the port of every part, by name.
        store: what a client needs of the demo store (also in `store.json`).
        environment: what a program needs to act on the stack: endpoint, credentials and the
            outputs in upper case (`TableName` as `TABLE_NAME`).
    """

    def __init__(
        self,
        state_dir: Path,
        port: int | None = None,
        parameters: dict[str, str] | None = None,
        say: Callable[[str], None] = _silent,
        *,
        metered: bool = False,
    ) -> None:
        self.state_dir = state_dir.resolve()
        self.parameters = parameters or {}
        self.ports: dict[str, int] = {}
        self.outputs: dict[str, str] = {}
        self.store: dict[str, str] = {}
        self._port = port
        self._say = say
        self._metered = metered
        self._aws: EmbeddedAws | None = None
        self._children: list[Child] = []

    def start(self) -> Self:
        """Build, start every part, deploy. The parts end with the thread that calls this.

        Raises:
            LocalError: a port is taken, a program is missing, a part does not start.
        """
        if self._port is not None and not is_free(self._port):
            raise LocalError(
                f"Port {self._port} is taken: stop what uses it, or choose another with PORT=…."
            )
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.ports = self._choose_ports()
        try:
            self._start_parts()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop every part, the embedded AWS last, so that it saves what the others caused."""
        while self._children:
            self._children.pop().stop()
        if self._aws is not None:
            self._aws.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['front']}"

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['engine']}"

    @property
    def api_path(self) -> str:
        stage = self.outputs.get("ApiStage", STAGE)
        return f"/restapis/{self.outputs['ApiId']}/{stage}/_user_request_"

    @property
    def api_url(self) -> str:
        return self.endpoint_url + self.api_path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **deploy.CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "STAGE": STAGE,
            **{_upper_snake(name): value for name, value in self.outputs.items()},
        }

    def url(self, part: str) -> str:
        """The HTTP address of a sandbox program."""
        return f"http://127.0.0.1:{self.ports[part if part in OTHERS else f'{part}_http']}"

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return deploy.client(service, self.endpoint_url)

    def segments(self) -> list[xray.Segment]:
        """Every X-Ray segment received, oldest first."""
        return xray.read(self.state_dir / "xray" / "segments.jsonl")

    def mails(self) -> list[dict[str, Any]]:
        """Every mail sent through SES, oldest first."""
        return mails(self.endpoint_url)

    @property
    def engine(self) -> EmbeddedAws:
        """The embedded AWS, for those who want to stop, kill and start it."""
        assert self._aws is not None
        return self._aws

    def crash(self, name: str) -> None:
        """Kill a host or the front, and start it again as it was."""
        child = next(one for one in self._children if one.name == name)
        child.kill()
        child.start()
        url = self.base_url if name == "front" else f"{self.url(name)}/health"
        child.wait_until(lambda: answers(url))

    def dead_parts(self) -> list[str]:
        """The names of parts that have ended by themselves."""
        dead = [child.name for child in self._children if not child.is_running()]
        return dead if self._aws is None or self._aws.is_running() else [*dead, "embedded AWS"]

    def _start_parts(self) -> None:
        built = build.build(say=self._say)
        self._say("starting the embedded AWS and the sandbox hosts")
        self._start_xray()
        self._aws = EmbeddedAws(
            self.state_dir / "engine",
            self.state_dir / "logs" / "engine.log",
            self.ports["engine"],
            self.ports["xray"],
            metered=self._metered,
        ).start()
        hosts = [self._start_host(name) for name in (*HOSTS, *OTHERS)]
        self._aws.wait()
        for name, host in zip((*HOSTS, *OTHERS), hosts, strict=True):
            host.wait_until(lambda name=name: answers(f"{self.url(name)}/health"))  # type: ignore[misc]
        deploy.deploy(built, self.endpoint_url, self._parameters(), self.state_dir, self._say)
        self.outputs = deploy.outputs(self.endpoint_url)
        self._hand_over_wallet_keys()
        front = self._start_front()
        front.wait_until(lambda: answers(self.base_url))
        self.store = demo_store.create(self)

    def _choose_ports(self) -> dict[str, int]:
        """Last time's ports where they are free, so that a deployed stack stays as it is."""
        file = self.state_dir / "ports.json"
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        for name in PORTS:
            kind = socket.SOCK_DGRAM if name in DATAGRAM_PORTS else socket.SOCK_STREAM
            if name not in ports or not is_free(ports[name], kind):
                ports[name] = free_port(kind)
        if self._port is not None:
            ports["front"] = self._port
        file.write_text(json.dumps(ports, indent=2) + "\n")
        return ports

    def _parameters(self) -> dict[str, str]:
        parameters = {
            "Stage": STAGE,
            "Runtime": build.RUNTIME,
            "Architecture": build.ARCHITECTURE,
        }
        for name in HOSTS:
            prefix = name.capitalize()
            parameters[f"{prefix}Host"] = "127.0.0.1"
            parameters[f"{prefix}Port"] = str(self.ports[name])
            parameters[f"{prefix}FilesUrl"] = self.url(name)
            parameters[f"{prefix}TokensUrl"] = self.url(name)
        parameters["DirectoryServerUrl"] = self.url("acs")
        parameters["AlipayplusUrl"] = self.url("alipayplus")
        parameters["PublicUrl"] = self.base_url
        return {**parameters, **self.parameters}

    def _child(self, name: str, command: list[str], environment: dict[str, str]) -> Child:
        child = Child(name, command, environment, self.state_dir / "logs" / f"{name}.log")
        self._children.append(child)
        child.start()
        return child

    def _start_host(self, name: str) -> Child:
        folder = self.state_dir / "hosts" / name
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", f"sandbox.{name}", "--state-dir", str(folder)]
        if name in HOSTS:
            command += ["--iso-port", str(self.ports[name])]
            command += ["--http-port", str(self.ports[f"{name}_http"])]
        else:
            command += ["--http-port", str(self.ports[name])]
        if name in WALLETS:
            command += ["--keys", str(self._keys(name))]
        return self._child(name, command, dict(os.environ))

    def _keys(self, wallet: str) -> Path:
        return self.state_dir / "keys" / wallet

    def _hand_over_wallet_keys(self) -> None:
        """What an operator writes into the secret once a wallet has given him its key."""
        credentials = {
            name: {
                "clientId": "TIDEGATE-SANDBOX",
                "privateKey": (self._keys(name) / "gateway.key.pem").read_text(),
                "walletPublicKey": (self._keys(name) / "wallet.pub.pem").read_text(),
            }
            for name in WALLETS
        }
        self.client("secretsmanager").put_secret_value(
            SecretId=self.outputs["WalletSecretArn"], SecretString=json.dumps(credentials)
        )

    def _start_xray(self) -> Child:
        file = self.state_dir / "xray" / "segments.jsonl"
        command = [sys.executable, "-m", "local.xray", "--file", str(file)]
        return self._child("xray", [*command, "--port", str(self.ports["xray"])], dict(os.environ))

    def _start_front(self) -> Child:
        command = [sys.executable, "-m", "local.front", "--port", str(self.ports["front"])]
        command += ["--upstream-port", str(self.ports["engine"]), "--upstream-path", self.api_path]
        document = self.state_dir / "openapi.json"
        document.write_text(json.dumps(openapi.document(self.base_url), indent=2))
        command += ["--openapi", str(document)]
        return self._child("front", command, dict(os.environ))


def mails(endpoint_url: str) -> list[dict[str, Any]]:
    """Every mail that the embedded SES has sent, oldest first."""
    with urllib.request.urlopen(f"{endpoint_url}/_ministack/ses/messages", timeout=10) as response:
        boxes: dict[str, list[dict[str, Any]]] = json.load(response)["messages"]
    return sorted(
        (mail for box in boxes.values() for mail in box), key=lambda mail: mail["Timestamp"]
    )


def _upper_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
