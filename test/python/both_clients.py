"""The same words for both clients: a value or an awaitable one, an iterable or an asynchronous one."""

import inspect
import json


async def value(result):
    return await result if inspect.isawaitable(result) else result


async def every(iterable):
    iterable = await value(iterable)
    if hasattr(iterable, "__aiter__"):
        return [copied(item) async for item in iterable]
    return [copied(item) for item in iterable]


async def helped(manager, use):
    """Runs `use` with the stream helper that `manager` opens."""
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            return await use(stream)
    with manager as stream:
        return await use(stream)


def copied(item):
    """Helpers add deltas up in the objects of the first ones."""
    return json.loads(json.dumps(item, default=plain))


def plain(item):
    if hasattr(item, "model_dump"):
        return item.model_dump(mode="json", warnings=False)
    return str(item)
