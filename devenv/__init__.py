"""The development environment behind `dev.up` and the other tasks.

Layers, imports go downward only: tasks, operations, databases, engines, model, base.
"""
