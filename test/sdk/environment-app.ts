/**
 * An application that says nothing about where OpenAI is: `node environment-app.ts MAJOR`. Prints one line of
 * JSON with what it was told.
 */
import { eventsOf, failureOf } from './record.ts';
import { type Major, loadSdk } from './sdk-versions.ts';

const { OpenAI } = await loadSdk(Number(process.argv[2]) as Major);
const client = new OpenAI();
const model = 'gpt-4o-mini';
const messages = [{ role: 'user' as const, content: 'Hello' }];
const told = {
  response: await client.responses.create({ model, input: 'Hello' }),
  chunks: await eventsOf(await client.chat.completions.create({ model, messages, stream: true })),
  file: await client.files.create({ file: new File(['Hello'], 'hello.txt'), purpose: 'user_data' }),
  failure: await failureOf(client.responses.retrieve('resp_none')),
};
process.stdout.write(`${JSON.stringify(told)}\n`);
