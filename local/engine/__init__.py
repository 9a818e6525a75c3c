"""The embedded AWS: MiniStack, with what it lacks for this project put right.

Runs inside the `engine` environment as `python -m local.engine`. MiniStack is pinned exactly,
because these modules replace private names of that version, each for one reason:

* `functions`: Lambda by AWS's own Python runtime client, with layers, without process storms;
* `api`: all that an API's OpenAPI body says; failures that tell a client nothing;
* `workflows`: JSONata in Distributed Maps, no traces of synchronous Express executions;
* `consumers`: records of a stream gathered, as a batching window gathers them;
* `tracing`: one X-Ray trace per request, not one per function;
* `dispatch`: DynamoDB's requests without the way through all other services;
* `serving`: HTTP by a compiled parser and loop;
* `metering`: what AWS would bill for all of it, where it is asked for;
* `saving`: state saved while it runs, not only when it stops.
"""
