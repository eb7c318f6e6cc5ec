import type { MetricDefinition } from './metric-definition.ts';

const callLabels = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;

/**
 * What models were asked for, and what they used. Those in `gen_ai` are named, labelled and divided into buckets as
 * OpenTelemetry's semantic conventions have it.
 */
export const usageDefinitions = {
  tokens: {
    type: 'counter',
    name: 'assistant_proxy_tokens_total',
    help: 'Tokens as the upstream told them, once for each call. cached_input and cache_write are parts of input, reasoning is a part of output.',
    labelNames: ['operation', 'model', 'kind', 'team', 'app'],
  },
  cost: {
    type: 'counter',
    name: 'assistant_proxy_cost_usd_total',
    help: 'US dollars that those tokens cost by the price table, budgeted or not.',
    labelNames: ['operation', 'model', 'team', 'app'],
  },
  genAiTokens: {
    type: 'histogram',
    name: 'gen_ai_client_token_usage',
    help: 'Tokens of a call, input or output.',
    labelNames: [...callLabels, 'gen_ai_token_type'],
    buckets: [
      1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
    ],
  },
  genAiDuration: {
    type: 'histogram',
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'From the headers of the request to the last byte of the answer. error_type is empty if all went well; else a status, the code of a refusal, or aborted or cut.',
    labelNames: [...callLabels, 'error_type'],
    buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  },
  genAiTimeToFirstToken: {
    type: 'histogram',
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'From the headers of the request to the first byte of a streamed answer.',
    labelNames: callLabels,
    buckets: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
  genAiTimePerOutputToken: {
    type: 'histogram',
    name: 'gen_ai_server_time_per_output_token_seconds',
    help: 'The rest of the time of a streamed answer, divided by the tokens of its output after the first.',
    labelNames: callLabels,
    buckets: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
  },
} as const satisfies Record<string, MetricDefinition>;
