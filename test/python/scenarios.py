"""What applications do with OpenAI's SDK, with its synchronous and its asynchronous client.

Usage: scenarios.py GROUP, with OPENAI_BASE_URL and OPENAI_API_KEY set; nothing else tells it where to go.
Prints one JSON object: for each client and scenario all that the application saw.
"""

import asyncio
import hashlib
import json
import sys

import openai
from both_clients import every, helped, plain, value
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-4o-mini"
HELLO = [{"role": "user", "content": "Hello [[words:40]]"}]
WEATHER = [{"role": "user", "content": 'Weather? [[tool:get_weather {"city":"Rome"}]]'}]
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
# Every byte value, in no text encoding's order.
CONTENT = bytes((index * 7 + (index >> 8)) % 256 for index in range(200_000))

# What major 1 does not have; the other two have all of it.
LACKING = {1: ["responses.input_tokens", "responses.compact"], 2: [], 3: []}
MAJOR = int(openai.__version__.split(".")[0])

# Differ between any two answers, or are added by the sidecar to every one.
UNLIKE_HEADERS = {"date", "connection", "keep-alive", "x-assistant-proxy-request-id"}


async def main(group):
    seen = {}
    for kind, make_client in (("sync", OpenAI), ("async", AsyncOpenAI)):
        client = make_client()
        for scenario in GROUPS[group]:
            needs = getattr(scenario, "needs", None)
            if needs:
                assert has_member(client, needs) != (needs in LACKING[MAJOR]), needs
                if needs in LACKING[MAJOR]:
                    continue
            seen[f"{kind}: {scenario.__name__}"] = await scenario(client)
        await value(client.close())
    json.dump(seen, sys.stdout, default=plain)


async def failure(call):
    """What an application can read off the error that a call fails with."""
    try:
        await value(call())
    except openai.OpenAIError as error:
        seen = {"class": type(error).__name__, "message": str(error)}
        for name in ("status_code", "code", "type", "param", "body", "request_id"):
            seen[name] = getattr(error, name, None)
        response = getattr(error, "response", None)
        seen["headers"] = response is not None and headers_of(response)
        return seen
    raise AssertionError("the call succeeded, but was to fail")


def headers_of(response):
    return sorted(item for item in response.headers.multi_items() if item[0].lower() not in UNLIKE_HEADERS)


def needs(member):
    def mark(scenario):
        scenario.needs = member
        return scenario

    return mark


def has_member(client, path):
    for name in path.split("."):
        client = getattr(client, name, None)
    return client is not None


# Scenarios.


async def responses_follow_each_other(client):
    first = await value(client.responses.create(model=MODEL, input="Hello", instructions="Be brief."))
    second = await value(
        client.responses.create(
            model="gpt-5-mini",
            input="And then? ünïcode ✓",
            previous_response_id=first.id,
            reasoning={"effort": "low"},
        )
    )
    items = await every(client.responses.input_items.list(second.id, limit=1))
    return [first, second, items, first.output_text, first._request_id]


async def responses_stream(client):
    events = await every(client.responses.create(model=MODEL, input="Hello [[words:60]]", stream=True))
    assert events[-1]["type"] == "response.completed"
    return events


async def responses_stream_helper(client):
    async def use(stream):
        events = await every(stream)
        return [events, await value(stream.get_final_response())]

    return await helped(client.responses.stream(model=MODEL, input="Hello"), use)


async def responses_call_functions(client):
    tool = {"type": "function", "strict": False, **WEATHER_TOOL["function"]}
    asking = await value(client.responses.create(model=MODEL, input=WEATHER[0]["content"], tools=[tool]))
    outputs = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "20 degrees"}
        for item in asking.output
        if item.type == "function_call"
    ]
    assert outputs
    answered = await value(
        client.responses.create(model=MODEL, input=outputs, tools=[tool], previous_response_id=asking.id)
    )
    return [asking, answered]


async def responses_in_the_background(client):
    queued = await value(client.responses.create(model=MODEL, input="Later", background=True))
    assert queued.status == "queued"
    response = queued
    while response.status in ("queued", "in_progress"):
        await asyncio.sleep(0.02)
        response = await value(client.responses.retrieve(queued.id))
    assert response.status == "completed"
    await value(client.responses.delete(queued.id))
    gone = await failure(lambda: client.responses.retrieve(queued.id))
    slow = await value(client.responses.create(model=MODEL, input="[[thinkMs:60000]]", background=True))
    # What it has cost by then does not depend on the clock once it has begun.
    while slow.status == "queued":
        await asyncio.sleep(0.02)
        slow = await value(client.responses.retrieve(slow.id))
    cancelled = await value(client.responses.cancel(slow.id))
    assert cancelled.status == "cancelled"
    return [queued, response, gone, cancelled]


@needs("responses.input_tokens")
async def responses_count_input_tokens(client):
    return await value(client.responses.input_tokens.count(model=MODEL, input="How long is this?"))


@needs("responses.compact")
async def responses_compact(client):
    return await value(client.responses.compact(model=MODEL, input="A long story. " * 50))


async def chat_completions(client):
    create = client.chat.completions.create
    whole = await value(create(model=MODEL, messages=HELLO, n=2))
    chunks = await every(create(model=MODEL, messages=HELLO, stream=True))
    assert all(chunk["choices"] and chunk.get("usage") is None for chunk in chunks)
    with_usage = await every(
        create(model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True})
    )
    assert with_usage[-1]["usage"]["completion_tokens"] > 0
    return [whole, chunks, with_usage]


async def chat_calls_functions(client):
    create = client.chat.completions.create
    asking = await value(create(model=MODEL, messages=WEATHER, tools=[WEATHER_TOOL]))
    message = asking.choices[0].message
    outputs = [{"role": "tool", "tool_call_id": call.id, "content": "20"} for call in message.tool_calls]
    messages = [*WEATHER, message, *outputs]
    answered = await value(create(model=MODEL, messages=messages, tools=[WEATHER_TOOL]))
    chunks = await every(create(model=MODEL, messages=WEATHER, tools=[WEATHER_TOOL], stream=True))
    return [asking, answered, chunks]


async def chat_stream_helper(client):
    async def use(stream):
        events = await every(stream)
        return [events, await value(stream.get_final_completion())]

    return await helped(client.chat.completions.stream(model=MODEL, messages=HELLO), use)


async def legacy_completions(client):
    create = client.completions.create
    whole = await value(create(model="gpt-3.5-turbo-instruct", prompt="Once upon a time"))
    return [whole, await every(create(model="gpt-3.5-turbo-instruct", prompt="Once", stream=True))]


async def embeddings(client):
    create = client.embeddings.create
    return [
        await value(create(model="text-embedding-3-small", input=["one", "two"])),
        await value(create(model="text-embedding-3-small", input="one", encoding_format="float")),
        await value(create(model="text-embedding-3-small", input="one", encoding_format="base64")),
    ]


async def moderations_and_models(client):
    moderation = await value(client.moderations.create(input=["Have a nice day", "I will stab you"]))
    return [moderation, await every(client.models.list()), await value(client.models.retrieve("gpt-4o"))]


async def files(client):
    upload = ("dätà.bin", CONTENT, "application/octet-stream")
    file = await value(client.files.create(file=upload, purpose="user_data"))
    answer = await value(client.files.content(file.id))
    assert answer.content == CONTENT
    for index in range(3):
        content = f"File {index}".encode()
        await value(client.files.create(file=(f"{index}.txt", content), purpose="user_data"))
    listed = await every(client.files.list(purpose="user_data", limit=2, order="asc"))
    deleted = await value(client.files.delete(file.id))
    gone = await failure(lambda: client.files.content(file.id))
    digest = hashlib.sha256(answer.content).hexdigest()
    return [file, headers_of(answer.response), digest, listed, deleted, gone]


async def uploads_in_parts(client):
    return await value(
        client.uploads.upload_file_chunked(
            file=CONTENT,
            filename="parts.bin",
            bytes=len(CONTENT),
            mime_type="application/octet-stream",
            purpose="user_data",
            part_size=70_000,
        )
    )


async def vector_stores(client):
    store = await value(client.vector_stores.create(name="lore"))
    added = await value(
        client.vector_stores.files.upload_and_poll(
            vector_store_id=store.id, file=("lore.txt", b"Dragons sleep in caves."), poll_interval_ms=20
        )
    )
    assert added.status == "completed"
    found = await every(client.vector_stores.search(store.id, query="dragons"))
    assert found
    listed = await every(client.vector_stores.files.list(store.id))
    return [store, added, found, listed, await value(client.vector_stores.delete(store.id))]


async def conversations(client):
    conversation = await value(client.conversations.create(metadata={"topic": "tides"}))
    response = await value(client.responses.create(model=MODEL, input="Hi", conversation=conversation.id))
    items = await every(client.conversations.items.list(conversation.id, limit=1, order="asc"))
    assert len(items) == 2
    deleted = await value(client.conversations.delete(conversation.id))
    return [conversation, response, items, deleted]


async def batches(client):
    line = {"custom_id": "line-1", "method": "POST", "url": "/v1/chat/completions"}
    line["body"] = {"model": MODEL, "messages": HELLO}
    upload = ("batch.jsonl", json.dumps(line).encode())
    file = await value(client.files.create(file=upload, purpose="batch"))
    created = await value(
        client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
    )
    batch = created
    while batch.status != "completed":
        await asyncio.sleep(0.02)
        batch = await value(client.batches.retrieve(created.id))
    output = await value(client.files.content(batch.output_file_id))
    return [created, batch, output.text]


async def errors(client):
    def respond(**options):
        return client.responses.create(model=MODEL, input="Hello", **options)

    def fail_with(fault):
        return respond(extra_headers={"x-stand-in-fault": f"status {fault} shouldRetry=false"})

    failures = [
        await failure(lambda: respond(max_output_tokens=3)),
        await failure(lambda: client.responses.retrieve("resp_none")),
        await failure(lambda: client.models.retrieve("no-such-model")),
        await failure(lambda: fail_with("code=insufficient_quota")),
        await failure(lambda: fail_with("status=500")),
    ]
    assert [seen["class"] for seen in failures] == [
        "BadRequestError",
        "NotFoundError",
        "NotFoundError",
        "RateLimitError",
        "InternalServerError",
    ]
    return failures


async def timeout(client):
    hasty = client.with_options(timeout=0.5, max_retries=0)
    failed = await failure(lambda: hasty.responses.create(model=MODEL, input="[[thinkMs:5000]]"))
    # A sidecar answers just ahead of the SDK's own time, with a 504 that is not to be tried again.
    assert failed["class"] in ("APITimeoutError", "InternalServerError"), failed
    return "late"


async def retries(client):
    fault = f"status code=rate_limit_exceeded retryAfterMs=20 times=2 key={type(client).__name__}"
    raw = client.responses.with_raw_response.create(
        model=MODEL, input="Hello", extra_headers={"x-stand-in-fault": fault}
    )
    answer = await value(raw)
    assert answer.retries_taken == 2
    return [await value(answer.parse()), answer.status_code, headers_of(answer)]


async def a_stream_that_is_left(client):
    stream = await value(
        client.responses.create(model=MODEL, input="Hello [[words:400]] [[delayMs:5]]", stream=True)
    )
    seen = []
    if isinstance(client, AsyncOpenAI):
        async for event in stream:
            seen.append(event)
            if len(seen) == 12:
                break
    else:
        for event in stream:
            seen.append(event)
            if len(seen) == 12:
                break
    await value(stream.close())
    return seen


async def retired_assistants(client):
    failures = [
        await failure(lambda: client.beta.assistants.create(model="gpt-4o")),
        await failure(lambda: client.beta.threads.create()),
        await failure(lambda: client.beta.threads.runs.create("thread_1", assistant_id="asst_1")),
    ]
    assert all(seen["class"] == "NotFoundError" for seen in failures)
    return failures


async def live_assistants(client):
    threads = client.beta.threads
    assistant = await value(
        client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[WEATHER_TOOL])
    )
    thread = await value(threads.create(messages=WEATHER))
    waiting = await value(
        threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=20)
    )
    calls = waiting.required_action.submit_tool_outputs.tool_calls
    outputs = [{"tool_call_id": call.id, "output": "20 degrees"} for call in calls]

    async def use(stream):
        events = await every(stream)
        return [events, await value(stream.get_final_run()), await value(stream.get_final_messages())]

    answered = await helped(
        threads.runs.submit_tool_outputs_stream(
            run_id=waiting.id, thread_id=thread.id, tool_outputs=outputs
        ),
        use,
    )
    assert answered[1].status == "completed"
    messages = await every(threads.messages.list(thread.id))
    steps = await every(threads.runs.steps.list(waiting.id, thread_id=thread.id))
    more = await value(threads.create(messages=HELLO))
    streamed = await helped(threads.runs.stream(thread_id=more.id, assistant_id=assistant.id), use)
    return [assistant, thread, waiting, answered, messages, steps, streamed]


GROUPS = {
    "openai": [
        responses_follow_each_other,
        responses_stream,
        responses_stream_helper,
        responses_call_functions,
        responses_in_the_background,
        responses_count_input_tokens,
        responses_compact,
        chat_completions,
        chat_calls_functions,
        chat_stream_helper,
        legacy_completions,
        embeddings,
        moderations_and_models,
        files,
        uploads_in_parts,
        vector_stores,
        conversations,
        batches,
        errors,
        timeout,
        retries,
        a_stream_that_is_left,
        retired_assistants,
    ],
    "assistants": [live_assistants],
}

asyncio.run(main(sys.argv[1]))
