import type { MetricDefinition } from './metric-definition.ts';

export const redactionDefinitions = {
  redactions: {
    type: 'counter',
    name: 'assistant_proxy_redactions_total',
    help: 'Pieces of personal data and secrets that were found, by what they are and by what became of them: mask, hash, pseudonymize, block, observe. In an answer each is counted once.',
    labelNames: ['entity', 'operation', 'mode'],
  },
  redactionOptOuts: {
    type: 'counter',
    name: 'assistant_proxy_redaction_opt_outs_total',
    help: 'Calls that were not redacted because they asked for that, and redaction.optOut allows it.',
    labelNames: ['operation'],
  },
  redactionFailures: {
    type: 'counter',
    name: 'assistant_proxy_redaction_failures_total',
    help: 'What kept redaction from its work: analyzer_timeout, analyzer_unreachable and analyzer_answer (no success, or nothing that makes sense), counted also where a call goes on without; store (originals could not be kept or read); answer_size (an answer was too large to be held); internal.',
    labelNames: ['reason'],
    seldom: [['analyzer_timeout'], ['analyzer_unreachable'], ['analyzer_answer'], ['store'], ['internal']],
  },
} as const satisfies Record<string, MetricDefinition>;
