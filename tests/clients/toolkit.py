"""Calls one function of CardInfoLink's agent toolkit: ``toolkit.py <function> <JSON arguments>``;
prints its JSON answer."""

import json
import os
import sys

from evocloud_agent_toolkit.langchain.linkpay_tool import EvoCloudLinkPayTool

if __name__ == "__main__":
    tool = EvoCloudLinkPayTool(
        base_url=os.environ["EVOCLOUD_BASE_URL"],
        sid=os.environ["EVOCLOUD_SID"],
        sign_key=os.environ["EVOCLOUD_SIGN_KEY"],
    )
    print(getattr(tool, sys.argv[1])(**json.loads(sys.argv[2])))
