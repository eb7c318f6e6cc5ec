import { configDefinitions as definitions } from './config-definitions.ts';
import { type Registers, type Sample, expose } from './registers.ts';
import { createTally } from './tally.ts';

interface State {
  readonly enactedAtMs: number;
  readonly refusal: string | undefined;
  readonly waiting: readonly string[];
}

export interface ConfigMetrics {
  changed(result: 'applied' | 'refused'): void;
  /** Asked when metrics are scraped. */
  stateFrom(state: () => State): void;
}

export function createConfigMetrics(registers: Registers): ConfigMetrics {
  const changes = createTally(definitions.configChanges, registers);
  let read: (() => State) | undefined;
  const told = (value: (state: State) => number) => (): Sample[] =>
    read ? [{ labels: {}, value: value(read()) }] : [];
  expose(
    definitions.configRefused,
    registers,
    told(({ refusal }) => (refusal === undefined ? 0 : 1)),
  );
  expose(
    definitions.configWaitingKeys,
    registers,
    told(({ waiting }) => waiting.length),
  );
  expose(
    definitions.configEnacted,
    registers,
    told(({ enactedAtMs }) => enactedAtMs / 1000),
  );
  return {
    changed: (result) => changes([result], 1),
    stateFrom(from) {
      read = from;
    },
  };
}
