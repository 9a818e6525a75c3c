"""What AWS bills, counted by arithmetic of our own and priced by one dated list.

`items` knows what a read or write of DynamoDB costs, `tally` adds up, `prices` knows the list.
The bench counts with it in one process, the embedded engine counts a running stack with it; it
needs nothing but the standard library, because both environments import it.
"""
