"""Clients of AWS at a fifth of the time that they usually take to make; every cold start of a
payment waits for them.

They are botocore's own, of one session, over data in which everything is left out that we never
ask for. ``local/aws_models.py`` writes that data from botocore's. S3, SNS and SES stay with boto3:
they serve functions that nobody waits for, and their models and endpoint rules are the long ones.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

MODELS = Path(__file__).with_name("aws_models")


@cache
def session() -> Session:
    """The one session of a process; region, endpoints and credentials from the environment."""
    made = Session()
    # botocore's own data has 400 services and all their endpoints, and each client looks through.
    loader = Loader(extra_search_paths=[str(MODELS)], include_default_search_paths=False)
    made.register_component("data_loader", loader)
    made.set_default_client_config(
        Config(
            parameter_validation=False,  # parameters are written by us, and AWS checks them as well
            user_agent="tidegate",  # else it is put together anew for every request
        )
    )
    return made


@cache
def client(service: str, config: Config) -> Any:
    """One client for each service and its settings; of a service in ``aws_models``, with the
    operations there alone."""
    if (MODELS / service).is_dir():
        return session().create_client(service, config=config)
    import boto3

    made: Any = boto3.client(service, config=config)  # type: ignore[call-overload]  # any name
    return made
