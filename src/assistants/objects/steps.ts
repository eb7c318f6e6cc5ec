import type { ApiHandler } from '../api-call.ts';
import { noSuch } from '../no-such.ts';
import { parseRecord, runIn, stepIn, threadIn } from '../store/parse-record.ts';
import { lists, type StepRecord, threadPartition } from '../store/records.ts';
import type { RunStep } from '../wire.ts';
import { includesSearchContent, withoutSearchContent } from './include.ts';
import type { ObjectParts } from './object-parts.ts';
import { readList, readPageRequest } from './pages.ts';

/** The operations on the steps of runs, which are only read. */
export function createStepHandlers({ store }: Pick<ObjectParts, 'store'>): Record<string, ApiHandler> {
  return {
    'threads.runs.steps.retrieve': async ({ identity, ids, query }) => {
      const [threadId = '', runId = '', id = ''] = ids;
      const view = viewFor(query);
      const [thread, run, document] = await store.get(threadPartition(identity.org, threadId), [
        threadId,
        runId,
        id,
      ]);
      if (!threadIn(thread)) throw noSuch('thread', threadId);
      if (!runIn(run)) throw noSuch('run', runId);
      const step = stepIn(document);
      if (step?.run_id !== runId) throw noSuch('run step', id);
      return { kind: 'object', value: view(step) };
    },

    'threads.runs.steps.list': async ({ identity, ids: [threadId = '', runId = ''], query }) => {
      const view = viewFor(query);
      const source = {
        partition: threadPartition(identity.org, threadId),
        list: lists.stepsOf(runId),
        kind: 'run step' as const,
        threadId,
        runId,
      };
      const value = await readList(store, source, readPageRequest(query), (document) =>
        view(parseRecord<StepRecord>(document)),
      );
      return { kind: 'object', value };
    },
  };
}

function viewFor(query: URLSearchParams): (step: RunStep) => RunStep {
  return includesSearchContent(query) ? (step) => step : withoutSearchContent;
}
