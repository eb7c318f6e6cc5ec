"""The loop of every tutorial: create, poll while queued or in progress, answer what is asked, read the answer.

Usage: classic_loop.py sdk | http, with OPENAI_BASE_URL and OPENAI_API_KEY set. With `http` it makes the calls that the
API reference shows with curl. Prints one JSON object with all that it saw.
"""

import json
import os
import sys
import time
import urllib.request

import openai

WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "The city and state"}},
            "required": ["location"],
        },
    },
}
QUESTION = 'What is the weather? [[tool:get_current_weather {"location":"San Francisco, CA"}]]'


def get_current_weather(location):
    return f"70 degrees and sunny in {location}."


def with_sdk():
    client = openai.OpenAI()
    assistant = client.beta.assistants.create(
        name="Weather bot",
        instructions="You are a weather bot. Use the provided functions to answer questions.",
        tools=[WEATHER_TOOL],
        model="gpt-4o",
    )
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread_id=thread.id, role="user", content=QUESTION)
    run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    waiting = None
    while True:
        while run.status in ("queued", "in_progress"):
            time.sleep(0.05)
            run = client.beta.threads.runs.retrieve(thread_id=thread.id, run_id=run.id)
        if run.status != "requires_action":
            break
        waiting = run
        tool_outputs = []
        for call in run.required_action.submit_tool_outputs.tool_calls:
            arguments = json.loads(call.function.arguments)
            tool_outputs.append({"tool_call_id": call.id, "output": get_current_weather(**arguments)})
        run = client.beta.threads.runs.submit_tool_outputs(
            thread_id=thread.id, run_id=run.id, tool_outputs=tool_outputs
        )
    messages = client.beta.threads.messages.list(thread_id=thread.id)
    steps = client.beta.threads.runs.steps.list(thread_id=thread.id, run_id=run.id)
    assert run.status == "completed", run.status
    assert "70 degrees" in messages.data[0].content[0].text.value
    objects = [assistant, thread, message, waiting, run, *messages.data, *steps.data]
    return {"seen": [item.model_dump(mode="json") for item in objects]}


def with_http():
    assistant = call(
        "POST",
        "/assistants",
        {
            "name": "Weather bot",
            "instructions": "You are a weather bot. Use the provided functions to answer questions.",
            "tools": [WEATHER_TOOL],
            "model": "gpt-4o",
        },
    )
    thread = call("POST", "/threads", "")
    in_thread = f"/threads/{thread['id']}"
    message = call("POST", f"{in_thread}/messages", {"role": "user", "content": QUESTION})
    run = call("POST", f"{in_thread}/runs", {"assistant_id": assistant["id"]})
    in_run = f"{in_thread}/runs/{run['id']}"
    waiting = None
    while True:
        while run["status"] in ("queued", "in_progress"):
            time.sleep(0.05)
            run = call("GET", in_run)
        if run["status"] != "requires_action":
            break
        waiting = run
        tool_outputs = []
        for asked in run["required_action"]["submit_tool_outputs"]["tool_calls"]:
            arguments = json.loads(asked["function"]["arguments"])
            tool_outputs.append({"tool_call_id": asked["id"], "output": get_current_weather(**arguments)})
        run = call("POST", f"{in_run}/submit_tool_outputs", {"tool_outputs": tool_outputs})
    messages = call("GET", f"{in_thread}/messages")
    steps = call("GET", f"{in_run}/steps")
    assert run["status"] == "completed", run["status"]
    assert "70 degrees" in messages["data"][0]["content"][0]["text"]["value"]
    return {"seen": [assistant, thread, message, waiting, run, messages, steps]}


def call(method, path, body=None):
    """As curl does it with `-d`: an empty text is sent as one."""
    data = None if body is None else (body if body == "" else json.dumps(body)).encode()
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + path,
        data=data,
        method=method,
        headers={
            "Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}",
            "Content-Type": "application/json",
            "OpenAI-Beta": "assistants=v2",
        },
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


json.dump({"sdk": with_sdk, "http": with_http}[sys.argv[1]](), sys.stdout)
