/** A call that answers with a stream, made again and again. */
export interface StreamedCall {
  /** Whatever has to be there before each call, and is not measured. */
  prepare(): Promise<string>;
  /** Makes one call with what was prepared, and reads its stream to the end. */
  make(prepared: string): Promise<void>;
}

const model = 'gpt-4o';

/** The bare call to the Responses API. */
export function responseCalls(url: string, key: string, question: string): StreamedCall {
  return {
    prepare: async () => '',
    make: () =>
      readStream(`${url}/responses`, key, { model, input: question, stream: true }, 'response.completed'),
  };
}

/** The same question, asked by a run on a thread that is there already. */
export async function runCalls(url: string, key: string, question: string): Promise<StreamedCall> {
  const assistant_id = await create(`${url}/assistants`, key, { model });
  return {
    prepare: () => create(`${url}/threads`, key, { messages: [{ role: 'user', content: question }] }),
    make: (threadId) =>
      readStream(
        `${url}/threads/${threadId}/runs`,
        key,
        { assistant_id, stream: true },
        'thread.run.completed',
      ),
  };
}

/** Resolves to the id of what was created. */
async function create(url: string, key: string, body: object): Promise<string> {
  const response = await post(url, key, body);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

/** Rejects if the stream does not end with this event. */
async function readStream(url: string, key: string, body: object, lastEvent: string): Promise<void> {
  const response = await post(url, key, body);
  const text = await response.text();
  if (!text.includes(`\nevent: ${lastEvent}\n`)) {
    throw new Error(`${url} answered ${response.status}, and no ${lastEvent}: ...${text.slice(-500)}`);
  }
}

function post(url: string, key: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'openai-beta': 'assistants=v2',
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify(body),
  });
}
