"""Clients of AWS at a fifth of the time that they usually take to make; every cold start of a
payment waits for them.

They are botocore's own, of one session, over data in which everything is left out that we never
ask for. ``local/aws_models.py`` writes that data from botocore's. DynamoDB has a wire of its own
(``dynamodb/wire.py``). S3, SNS and SES stay with boto3: they serve functions that nobody waits for,
and their models and rules are the long ones.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.loaders import Loader
from botocore.session import Session

MODELS = Path(__file__).with_name("aws_models")
LEAN = Config(
    parameter_validation=False,  # parameters are written by us, and AWS checks them as well
    user_agent="tidegate",  # else it is put together anew for every request
)


@cache
def session() -> Session:
    """The one session of a process; region, endpoints and credentials from the environment."""
    made = Session(include_builtin_handlers=False)
    for event, handler, *_ in BUILTIN_HANDLERS:
        service = event.split(".")[1:2]  # most are for one service, or for its documentation
        if not service or (MODELS / service[0]).is_dir():
            made.register(event, handler)
    # botocore's own data has 400 services and all their endpoints, and each client looks through.
    loader = Loader(extra_search_paths=[str(MODELS)], include_default_search_paths=False)
    made.register_component("data_loader", loader)
    return made


def credentials() -> Any:
    """As they are now: Lambda's never change, others are renewed before they expire."""
    found = session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found.get_frozen_credentials()


def trusted() -> Any:
    """Whose certificates are: a bundle, if the environment names one, else botocore's own."""
    return session().get_config_variable("ca_bundle") or True


def endpoint_url(service: str, region: str) -> str:
    """Where a service is, in whichever partition of AWS the region belongs to."""
    name = session().get_partition_for_region(region)
    partitions = session().get_component("data_loader").load_data("endpoints")["partitions"]
    suffix = next(one["dnsSuffix"] for one in partitions if one["partition"] == name)
    return f"https://{service}.{region}.{suffix}"


@cache
def client(service: str, config: Config) -> Any:
    """One client for each service and its settings; of a service in ``aws_models``, with the
    operations there alone."""
    if (MODELS / service).is_dir():
        return session().create_client(service, config=LEAN.merge(config))
    import boto3

    make: Any = boto3.client
    return make(service, config=LEAN.merge(config))
