import { cutText } from '../../telemetry/cut-text.ts';
import type { CallTrace, Span, TraceHeaders, Tracing } from '../../telemetry/tracing.ts';
import type { ModelEnding } from '../models/model-call.ts';
import type { RunRecord } from '../store/records.ts';
import type { Run } from '../wire.ts';

/** Begins the span of a run that is being created; what it says of its place in the trace is kept with the run. */
export function beginRunTrace(
  tracing: Tracing | undefined,
  caller: CallTrace | undefined,
  run: { readonly id: string; readonly threadId: string },
): CallTrace | undefined {
  if (!caller || !tracing) return caller && { headers: caller.headers, span: undefined };
  const span = tracing.begin('invoke_agent', {
    kind: 'internal',
    parent: caller.headers.traceparent,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.conversation.id': run.threadId,
      'assistant_proxy.run.id': run.id,
    },
  });
  return within(caller.headers, span);
}

/**
 * Goes on with the trace of a run that was begun earlier, perhaps by another pod.
 *
 * @param link the `traceparent` of the request that sets it going again.
 */
export function continueRunTrace(
  tracing: Tracing | undefined,
  { run, trace }: RunRecord,
  link?: string,
): CallTrace | undefined {
  if (!tracing) return trace && { headers: trace, span: undefined };
  const span = tracing.begin('continue run', {
    kind: 'internal',
    parent: trace?.traceparent,
    link,
    attributes: { 'gen_ai.conversation.id': run.thread_id, 'assistant_proxy.run.id': run.id },
  });
  return within(trace, span);
}

/** A request about a run belongs to it, and is found from there. */
export function linkToRun(trace: CallTrace | undefined, record: RunRecord): void {
  if (record.trace) trace?.span?.link(record.trace.traceparent);
}

/** It has ended, or waits, or is left to others. What it used is that of all its model calls so far. */
export function endRunSpan(span: Span | undefined, { run, used }: RunRecord, isLeft: boolean): void {
  if (!span) return;
  span.set({
    'gen_ai.agent.id': run.assistant_id,
    'gen_ai.request.model': cutText(run.model, maxModelLength),
    'assistant_proxy.run.status': run.status,
    'assistant_proxy.run.input_tokens': used.prompt_tokens,
    'assistant_proxy.run.output_tokens': used.completion_tokens,
    'assistant_proxy.run.is_left': isLeft || undefined,
  });
  if (run.status === 'failed') span.fail(run.last_error?.code ?? 'server_error');
  if (run.status === 'expired') span.fail('expired');
  span.end();
}

const maxModelLength = 128;

/** The part of a run's trace that one call of its model is. */
export function beginModelCall(trace: CallTrace | undefined, run: Run): CallTrace | undefined {
  const span = trace?.span?.child('model call', 'internal', {
    'gen_ai.conversation.id': run.thread_id,
    'gen_ai.request.model': cutText(run.model, maxModelLength),
    'assistant_proxy.run.id': run.id,
  });
  return trace && span ? within(trace.headers, span) : trace;
}

export function endModelCall(trace: CallTrace | undefined, { how, error }: ModelEnding): void {
  const span = trace?.span;
  span?.set({ 'assistant_proxy.ending': how });
  if (how === 'failed') span?.fail(error?.code ?? 'server_error');
  span?.end();
}

function within(headers: TraceHeaders | undefined, span: Span): CallTrace {
  return { headers: { ...headers, traceparent: span.traceparent }, span };
}
