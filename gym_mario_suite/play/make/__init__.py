"""The course editor of `mario make`."""
