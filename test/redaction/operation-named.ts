import { type Operation, operations } from '../../src/openai/operations.ts';

export function operationNamed(name: string): Operation {
  const operation = operations.find((candidate) => candidate.name === name);
  if (!operation) throw new Error(`there is no operation ${name}`);
  return operation;
}
