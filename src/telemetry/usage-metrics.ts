import { nanoUsdPerUsd } from '../openai/price.ts';
import type { Usage } from '../openai/usage.ts';
import type { BoundedLabel } from './bounded-label.ts';
import { createDistribution } from './distribution.ts';
import type { Registers } from './registers.ts';
import { createTally } from './tally.ts';
import { usageDefinitions as definitions } from './usage-definitions.ts';

/** A call that asked a model, and has ended. */
export interface ModelCall {
  /** In OpenTelemetry's words: `chat`. */
  readonly genAiOperation: string;
  readonly askedModel: string | undefined;
  /** Empty if all went well; else a status, the code of a refusal, or how it ended. */
  readonly errorType: string;
  readonly usage: Usage | undefined;
  readonly isStreamed: boolean;
  readonly durationMs: number;
  readonly timeToFirstByteMs: number | undefined;
  /** Of a trace that is kept. */
  readonly traceId: string | undefined;
}

/** What a call has used, and for whom. */
export interface UsedTokens {
  readonly operation: string;
  /** The one that answered. */
  readonly model: string | undefined;
  readonly team: string | undefined;
  readonly app: string | undefined;
  readonly usage: Usage;
  readonly nanoUsd: number;
}

export interface UsageMetrics {
  called(call: ModelCall): void;
  /** Once for each call, however often the upstream tells it. */
  used(used: UsedTokens): void;
}

export interface CallLabels {
  readonly model: BoundedLabel;
  readonly team: BoundedLabel;
  readonly app: BoundedLabel;
}

const provider = 'openai';

export function createUsageMetrics(registers: Registers, labels: CallLabels): UsageMetrics {
  const tokens = createTally(definitions.tokens, registers);
  const cost = createTally(definitions.cost, registers);
  const tokenUsage = createDistribution(definitions.genAiTokens, registers);
  const duration = createDistribution(definitions.genAiDuration, registers);
  const timeToFirstToken = createDistribution(definitions.genAiTimeToFirstToken, registers);
  const timePerOutputToken = createDistribution(definitions.genAiTimePerOutputToken, registers);

  return {
    called(call) {
      const { genAiOperation, errorType, usage, durationMs, timeToFirstByteMs, traceId } = call;
      const model = labels.model(call.askedModel);
      duration([genAiOperation, provider, model, errorType], durationMs / 1000, traceId);
      if (usage) {
        tokenUsage([genAiOperation, provider, model, 'input'], usage.inputTokens, traceId);
        tokenUsage([genAiOperation, provider, model, 'output'], usage.outputTokens, traceId);
      }
      if (!call.isStreamed || timeToFirstByteMs === undefined) return;
      const streamed = [genAiOperation, provider, model];
      timeToFirstToken(streamed, timeToFirstByteMs / 1000, traceId);
      if (usage && usage.outputTokens > 1) {
        const perTokenMs = (durationMs - timeToFirstByteMs) / (usage.outputTokens - 1);
        timePerOutputToken(streamed, perTokenMs / 1000, traceId);
      }
    },
    used({ operation, usage, nanoUsd, ...call }) {
      const model = labels.model(call.model);
      const team = labels.team(call.team);
      const app = labels.app(call.app);
      tokens([operation, model, 'input', team, app], usage.inputTokens);
      tokens([operation, model, 'output', team, app], usage.outputTokens);
      if (usage.cachedInputTokens > 0) {
        tokens([operation, model, 'cached_input', team, app], usage.cachedInputTokens);
      }
      if (usage.cacheWriteTokens > 0) {
        tokens([operation, model, 'cache_write', team, app], usage.cacheWriteTokens);
      }
      if (usage.reasoningTokens > 0) {
        tokens([operation, model, 'reasoning', team, app], usage.reasoningTokens);
      }
      cost([operation, model, team, app], nanoUsd / nanoUsdPerUsd);
    },
  };
}
