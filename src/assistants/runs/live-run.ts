import type { CallTrace, Tracing } from '../../telemetry/tracing.ts';
import type { NewId } from '../ids.ts';
import type { StreamEvent } from '../wire-events.ts';
import type { Run } from '../wire.ts';
import type { Prompt, PromptParts } from './prompt.ts';
import type { RunStream } from './run-stream.ts';
import type { RunWriter } from './run-writer.ts';

export interface ConductParts extends PromptParts {
  readonly newId: NewId;
  /** Container files, of which the upstream wants to know the container whenever it is asked for them. */
  readonly rememberFile: (org: string, fileId: string, containerId: string) => Promise<void>;
  /** Undefined: no traces are made. */
  readonly tracing?: Tracing | undefined;
}

/** A run that this pod carries on. */
export interface LiveRun {
  readonly org: string;
  readonly writer: RunWriter;
  readonly stream: RunStream | undefined;
  /** What its calls are parts of. */
  readonly trace?: CallTrace | undefined;
  /** Put together already, if all went well. */
  readonly prompt: Promise<Prompt | undefined> | undefined;
  /** Ends what the run does now: it is to be cancelled, as the store says, or its time is up. */
  readonly stop: AbortSignal;
  /** Ends what the run does now, because nothing of it can be written any more. */
  readonly giveUp: () => void;
  /** The pod has to let go of the run, whatever state it is in. */
  readonly release: AbortSignal;
}

export function tell({ stream }: LiveRun, events: readonly StreamEvent[]): void {
  if (stream) for (const event of events) stream.tell(event);
}

export function tellRun(live: LiveRun, event: Extract<StreamEvent, { data: Run }>['event']): void {
  live.stream?.tell({ event, data: live.writer.record.run });
}

/** Unix time, as the API tells it. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
