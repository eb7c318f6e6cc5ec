import { createDistribution } from './distribution.ts';
import { processDefinitions as definitions } from './process-definitions.ts';
import { type Registers, expose } from './registers.ts';
import { createTally } from './tally.ts';

export type StoreName = 'ledger' | 'assistants' | 'answers' | 'vault';

export interface StoreMetrics {
  /** The same store, with the time and the ending of these of its steps counted. */
  measured<Store extends object>(name: StoreName, store: Store, steps: readonly AsyncStep<Store>[]): Store;
  /** A step of it that was not waited for any longer. */
  silent(name: StoreName): void;
}

type AsyncStep<Store> = {
  [Key in keyof Store]: Store[Key] extends (...args: never[]) => Promise<unknown> ? Key : never;
}[keyof Store] &
  string;

export function createStoreMetrics(registers: Registers): StoreMetrics {
  const duration = createDistribution(definitions.storeDuration, registers);
  const errors = createTally(definitions.storeErrors, registers);
  const isUp = new Map<StoreName, boolean>();
  expose(definitions.storeUp, registers, () =>
    Iterator.from(isUp).map(([store, up]) => ({ labels: { store }, value: up ? 1 : 0 })),
  );

  function measure(name: StoreName, step: string, work: (...args: unknown[]) => Promise<unknown>) {
    const labels = [name, step];
    return (...args: unknown[]) => {
      const startedAtMs = performance.now();
      return work(...args).then(
        (result) => {
          isUp.set(name, true);
          duration(labels, (performance.now() - startedAtMs) / 1000);
          return result;
        },
        (error: unknown) => {
          isUp.set(name, false);
          duration(labels, (performance.now() - startedAtMs) / 1000);
          errors([name], 1);
          throw error;
        },
      );
    };
  }

  return {
    measured(name, store, steps) {
      if (registers.length === 0) return store;
      const work = store as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const measuredSteps = steps.map((step) => [step, measure(name, step, work[step]!)]);
      return { ...store, ...Object.fromEntries(measuredSteps) };
    },
    silent: (name) => void isUp.set(name, false),
  };
}
