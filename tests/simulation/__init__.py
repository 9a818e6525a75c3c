"""The whole platform in one process under one seeded clock, with every fault that can strike.

Real are the functions' handlers, the services, the adapters, the bytes of the card networks, the
state machines' definitions and the sandbox hosts' books. Simulated is what AWS and the network
cable are: calls that fail before or after taking effect, come late or twice, are throttled, and
processes that die.
"""
