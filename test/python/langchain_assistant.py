"""LangChain's OpenAIAssistantRunnable, unmodified, as its own documentation uses it.

Needs OPENAI_BASE_URL and OPENAI_API_KEY. Prints one JSON object with all that it returned.
"""

import asyncio
import json
import sys

from langchain_classic.agents import AgentExecutor
from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable
from langchain_core.agents import AgentFinish
from langchain_core.tools import tool

QUESTION = 'Weather? [[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]'


@tool
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"20 degrees in {city}"


def create(**options):
    return OpenAIAssistantRunnable.create_assistant(
        name="langchain assistant",
        instructions="You are a weather bot.",
        model="gpt-4o",
        check_every_ms=20,
        **options,
    )


def plain(item):
    if hasattr(item, "model_dump"):
        return item.model_dump(mode="json", warnings=False)
    return str(item)


def without_an_agent():
    """Returns the messages of the thread, and the calls that it is to answer."""
    assistant = create(tools=[get_weather])
    first = assistant.invoke({"content": "Hello", "thread_metadata": {"user": "u1"}})
    second = assistant.invoke({"content": "And now?", "thread_id": first[0].thread_id})
    asked = assistant.invoke({"content": QUESTION, "instructions": "Be rude."})
    return [first, second, asked]


def as_an_agent():
    """Calls the functions by itself, as the documentation does."""
    agent = create(tools=[get_weather], as_agent=True)
    answers = []

    def execute(response):
        while not isinstance(response, AgentFinish):
            answers.append(response)
            outputs = [
                {"tool_call_id": action.tool_call_id, "output": get_weather.invoke(action.tool_input)}
                for action in response
            ]
            asked = {"run_id": response[-1].run_id, "thread_id": response[-1].thread_id}
            response = agent.invoke({"tool_outputs": outputs, **asked})
        answers.append(response)
        return response

    first = execute(agent.invoke({"content": QUESTION}))
    assert "20 degrees in Oslo" in first.return_values["output"]
    execute(agent.invoke({"content": "Thanks", "thread_id": first.thread_id}))
    return answers


def with_an_executor():
    """The executor calls the functions."""
    agent = create(tools=[get_weather], as_agent=True)
    answer = AgentExecutor(agent=agent, tools=[get_weather]).invoke({"content": QUESTION})
    assert "20 degrees in Oslo" in answer["output"]
    return answer


async def asynchronous():
    """As far as the calls: this version of LangChain fails when it reads an answer asynchronously."""
    agent = await OpenAIAssistantRunnable.acreate_assistant(
        name="langchain assistant",
        instructions="You are a weather bot.",
        tools=[get_weather],
        model="gpt-4o",
        as_agent=True,
        check_every_ms=20,
    )
    return await agent.ainvoke({"content": QUESTION})


seen = {
    "without an agent": without_an_agent(),
    "as an agent": as_an_agent(),
    "with an executor": with_an_executor(),
    "asynchronous": asyncio.run(asynchronous()),
}
json.dump(seen, sys.stdout, default=plain)
