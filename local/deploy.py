"""`sam deploy` into the embedded AWS, unless the very same is deployed there already."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

from local.build import run_sam, sam_environment

STACK = "tidegate"
ARTIFACTS = "tidegate-artifacts"
REGION = "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}


def client(service: str, endpoint_url: str) -> Any:
    """A boto3 client of the embedded AWS."""
    make: Callable[..., Any] = boto3.client
    return make(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        # StartSyncExecution would go to sync-127.0.0.1 otherwise.
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 3}),
    )


def deploy(
    built: Path,
    endpoint_url: str,
    parameters: dict[str, str],
    state_dir: Path,
    say: Callable[[str], None] = lambda _line: None,
    stack: str = STACK,
) -> bool:
    """Deploy a built template; parameters that it does not declare are left out.

    Returns:
        False if there was nothing to do.

    Raises:
        LocalError: `sam deploy` failed.
    """
    declared = yaml.safe_load(built.read_text()).get("Parameters", {})
    given = {name: value for name, value in parameters.items() if name in declared}
    content = json.dumps([built.parent.name, given], sort_keys=True)
    wanted = hashlib.sha256(content.encode()).hexdigest()
    mark = state_dir / "deployed"
    status = _status(endpoint_url, stack)
    if status.endswith("_COMPLETE") and mark.exists() and mark.read_text() == wanted:
        return False
    say("deploying (sam deploy)")
    mark.unlink(missing_ok=True)
    if status == "ROLLBACK_COMPLETE" or status.endswith("_FAILED"):
        _delete(endpoint_url, stack)  # CloudFormation updates no stack whose creation failed
    client("s3", endpoint_url).create_bucket(Bucket=ARTIFACTS)
    arguments = ["deploy", "--template-file", str(built), "--stack-name", stack]
    arguments += ["--s3-bucket", ARTIFACTS, "--region", REGION, "--no-confirm-changeset"]
    arguments += ["--no-fail-on-empty-changeset", "--no-progressbar"]
    arguments += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    arguments += ["CAPABILITY_AUTO_EXPAND"]
    arguments += ["--parameter-overrides", *(f"{name}={value}" for name, value in given.items())]
    environment = {**sam_environment(), **CREDENTIALS, "AWS_ENDPOINT_URL": endpoint_url}
    run_sam(arguments, environment, built.parent, state_dir / "logs" / "sam-deploy.log")
    mark.write_text(wanted)
    return True


def outputs(endpoint_url: str, stack: str = STACK) -> dict[str, str]:
    """The outputs of a deployed stack."""
    found = client("cloudformation", endpoint_url).describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _status(endpoint_url: str, stack: str) -> str:
    """The stack's status; empty if there is none."""
    try:
        answer = client("cloudformation", endpoint_url).describe_stacks(StackName=stack)
    except ClientError:
        return ""
    return str(answer["Stacks"][0]["StackStatus"])


def _delete(endpoint_url: str, stack: str) -> None:
    cloudformation = client("cloudformation", endpoint_url)
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
