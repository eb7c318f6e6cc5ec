"""What applications do with the helpers of OpenAI's SDK for assistants, with both of its clients.

Needs OPENAI_BASE_URL and OPENAI_API_KEY; nothing else tells it where to go. Prints one JSON object: for each client
and scenario all that the application saw.
"""

import asyncio
import json
import sys

from both_clients import copied, every, helped, plain, value
from openai import AssistantEventHandler, AsyncAssistantEventHandler, AsyncOpenAI, OpenAI

HELLO = "Hello [[words:40]]"
WEATHER = 'Weather? [[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]'
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


async def main():
    seen = {}
    for kind, make_client, handler in (
        ("sync", OpenAI, Handler),
        ("async", AsyncOpenAI, AsyncHandler),
    ):
        client = make_client(max_retries=0)
        for scenario in (polled, streamed, handled, created_with_its_thread, objects):
            seen[f"{kind}: {scenario.__name__}"] = await scenario(client, handler)
        await value(client.close())
    json.dump(seen, sys.stdout, default=plain)


def whole(events):
    """Where an answer is cut into deltas is up to the upstream: their names count, once each in a row."""
    told = []
    for event in events:
        if not event["event"].endswith(".delta"):
            told.append(event)
        elif not told or told[-1] != event["event"]:
            told.append(event["event"])
    return told


class Notes:
    """What a handler was told."""

    def note(self, name, item=None):
        told = self.__dict__.setdefault("told", [])
        if item is not None or not told or told[-1] != name:
            told.append(name if item is None else [name, copied(item)])

    def add(self, text):
        self.text = getattr(self, "text", "") + (text or "")


class Handler(Notes, AssistantEventHandler):
    def on_event(self, event):
        self.note(event.event)

    def on_text_created(self, text):
        self.note("text created")

    def on_text_delta(self, delta, snapshot):
        self.add(delta.value)
        assert snapshot.value.endswith(delta.value or "")

    def on_text_done(self, text):
        self.note("text done", text)

    def on_message_done(self, message):
        self.note("message done", message)

    def on_tool_call_created(self, tool_call):
        self.note("tool call created", tool_call)

    def on_tool_call_done(self, tool_call):
        self.note("tool call done", tool_call)

    def on_run_step_done(self, run_step):
        self.note("step done", run_step)

    def on_end(self):
        self.note("end")


class AsyncHandler(Notes, AsyncAssistantEventHandler):
    async def on_event(self, event):
        self.note(event.event)

    async def on_text_created(self, text):
        self.note("text created")

    async def on_text_delta(self, delta, snapshot):
        self.add(delta.value)
        assert snapshot.value.endswith(delta.value or "")

    async def on_text_done(self, text):
        self.note("text done", text)

    async def on_message_done(self, message):
        self.note("message done", message)

    async def on_tool_call_created(self, tool_call):
        self.note("tool call created", tool_call)

    async def on_tool_call_done(self, tool_call):
        self.note("tool call done", tool_call)

    async def on_run_step_done(self, run_step):
        self.note("step done", run_step)

    async def on_end(self):
        self.note("end")


# Scenarios.


async def begin(client, content):
    assistant = await value(
        client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[WEATHER_TOOL])
    )
    thread = await value(client.beta.threads.create(messages=[{"role": "user", "content": content}]))
    return {"thread_id": thread.id, "assistant_id": assistant.id}


def outputs_for(run):
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": f"{20 + at} degrees"} for at, call in enumerate(calls)]


async def left_by(client, run):
    threads = client.beta.threads
    messages = await every(threads.messages.list(run.thread_id, order="asc"))
    steps = await every(threads.runs.steps.list(run.id, thread_id=run.thread_id))
    return [await value(threads.runs.retrieve(run.id, thread_id=run.thread_id)), messages, steps]


async def polled(client, _):
    runs = client.beta.threads.runs
    answered = await value(runs.create_and_poll(**await begin(client, HELLO), poll_interval_ms=20))
    assert answered.status == "completed"
    waiting = await value(runs.create_and_poll(**await begin(client, WEATHER), poll_interval_ms=20))
    assert waiting.status == "requires_action"
    ended = await value(
        runs.submit_tool_outputs_and_poll(
            run_id=waiting.id,
            thread_id=waiting.thread_id,
            tool_outputs=outputs_for(waiting),
            poll_interval_ms=20,
        )
    )
    assert ended.status == "completed"
    return [answered, waiting, await left_by(client, answered), await left_by(client, ended)]


async def streamed(client, _):
    runs = client.beta.threads.runs

    async def use(stream):
        return [whole(await every(stream)), await value(stream.get_final_run())]

    told = await helped(runs.stream(**await begin(client, WEATHER)), use)
    waiting = told[1]
    assert waiting.status == "requires_action"
    rest = await helped(
        runs.submit_tool_outputs_stream(
            run_id=waiting.id, thread_id=waiting.thread_id, tool_outputs=outputs_for(waiting)
        ),
        use,
    )
    assert rest[1].status == "completed"
    raw = await every(runs.create(**await begin(client, HELLO), stream=True))
    return [told, rest, whole(raw), await left_by(client, waiting)]


async def handled(client, make_handler):
    runs = client.beta.threads.runs

    async def use(stream):
        await value(stream.until_done())
        return await value(stream.get_final_run())

    asking, answering = make_handler(), make_handler()
    waiting = await helped(runs.stream(**await begin(client, WEATHER), event_handler=asking), use)
    await helped(
        runs.submit_tool_outputs_stream(
            run_id=waiting.id,
            thread_id=waiting.thread_id,
            tool_outputs=outputs_for(waiting),
            event_handler=answering,
        ),
        use,
    )
    assert "20 degrees" in answering.text
    return [asking.told, answering.told, answering.text]


async def created_with_its_thread(client, make_handler):
    threads = client.beta.threads
    at = await begin(client, HELLO)
    params = {
        "assistant_id": at["assistant_id"],
        "thread": {"messages": [{"role": "user", "content": HELLO}], "metadata": {"user": "u1"}},
    }
    run = await value(threads.create_and_run_poll(**params, poll_interval_ms=20))
    handler = make_handler()

    async def use(stream):
        await value(stream.until_done())
        return await value(stream.get_final_messages())

    messages = await helped(threads.create_and_run_stream(**params, event_handler=handler), use)
    return [run, handler.told, handler.text, messages]


async def objects(client, _):
    assistants, threads = client.beta.assistants, client.beta.threads
    assistant = await value(assistants.create(model="gpt-4o", metadata={"team": "search"}))
    changed = await value(assistants.update(assistant.id, name="Bo"))
    thread = await value(threads.create(metadata={"user": "u1"}))
    for content in ("a", "b", "c"):
        await value(threads.messages.create(thread.id, role="user", content=content))
    listed = await every(threads.messages.list(thread.id, limit=2, order="asc"))
    assert len(listed) == 3
    deleted = [await value(threads.delete(thread.id)), await value(assistants.delete(assistant.id))]
    return [assistant, changed, thread, listed, deleted]


asyncio.run(main())
