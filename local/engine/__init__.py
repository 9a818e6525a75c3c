"""The embedded AWS: MiniStack, with what it lacks for this project put right.

Runs inside the `engine` environment as `python -m local.engine`. MiniStack is pinned exactly,
because these modules replace private names of that version, each for one reason:

* `functions`: Lambda by AWS's own Python runtime client, with layers, without process storms;
* `api`: all that an API's OpenAPI body says; failures that tell a client nothing;
* `workflows`: JSONata in Distributed Maps, no traces of synchronous Express executions;
* `tracing`: one X-Ray trace per request, not one per function;
* `saving`: state saved while it runs, not only when it stops.
"""
