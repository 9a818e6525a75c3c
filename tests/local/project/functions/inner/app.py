"""Fails as it is told, by a class of the layer, one of Python or the whole process; or does not."""

import os

from shared import Declined, NotSent


def handler(event, context):
    match event.get("fail"):
        case "nothing, but tell the trace":
            return {"trace": os.environ["_X_AMZN_TRACE_ID"]}
        case "nothing, but write a line":
            print("written by", context.aws_request_id)
            return {"line": f"written by {context.aws_request_id}"}
        case "NotSent" if event["route"] == 0:
            raise NotSent("the connection was refused")
        case "Declined":
            raise Declined("05")
        case "ZeroDivisionError":
            return 1 / 0
        case "exit":
            os._exit(3)
    return {"outcome": "approved", "route": event["route"]}
