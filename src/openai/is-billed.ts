import type { Operation } from './operations.ts';

/** Whether a call makes the upstream work, unlike one that asks for, changes or ends what was begun before. */
export function isBilled({ name, usage }: Pick<Operation, 'name' | 'usage'>): boolean {
  return usage !== null && billedNames.test(name);
}

const billedNames = /\.(create|createAndRun|compact|generate|edit|createVariation)$/;
