import type { OpenAI } from 'openai';

/** What an application does with the SDK. Each resolves to whether it got the whole of what it asked for. */
type ApplicationCall = (client: OpenAI, headers: Record<string, string>) => Promise<boolean>;

/** Long enough that a stream can break off in its middle. */
const question = 'Hello [[words:40]]';
const chat = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: question }] };
const response = { model: 'gpt-4o', input: question };

/** Made in turn, so that each kind is a sixth of all. */
export const applicationCalls: readonly ApplicationCall[] = [
  async (client, headers) => {
    const { choices } = await client.chat.completions.create(chat, { headers });
    return choices[0]?.finish_reason === 'stop';
  },
  async (client, headers) => {
    let isWhole = false;
    const stream = await client.chat.completions.create({ ...chat, stream: true }, { headers });
    for await (const { choices } of stream) isWhole ||= choices[0]?.finish_reason === 'stop';
    return isWhole;
  },
  async (client, headers) => {
    const { status } = await client.responses.create(response, { headers });
    return status === 'completed';
  },
  async (client, headers) => {
    let isWhole = false;
    const stream = await client.responses.create({ ...response, stream: true }, { headers });
    for await (const { type } of stream) isWhole ||= type === 'response.completed';
    return isWhole;
  },
  async (client, headers) => {
    const request = { model: 'text-embedding-3-small', input: question };
    const { data } = await client.embeddings.create(request, { headers });
    return data.length === 1;
  },
  async (client, headers) => {
    const { data } = await client.models.list({ headers });
    return data.length > 0;
  },
];
