/** Makes the calls that its parent asks for, from wherever it runs. */
import { type CallAnswer, type CallRequest } from './call-from.ts';

process.on('message', (request: CallRequest) => {
  void answer(request).then((answered) => process.send!(answered));
});

async function answer({ url, init }: CallRequest): Promise<CallAnswer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return { status: 0, body: cause?.code ?? message };
  }
}
