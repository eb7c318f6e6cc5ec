import { type Operation, operations } from '../../src/openai/operations.ts';
import { requestFields } from './request-fields.ts';

/** What must be found nowhere: no other text of a test holds a piece of it. */
export const planted = {
  email: 'leak.anna@planted.example',
  card: '4012888888881881',
  iban: 'GB82WEST12345698765432',
  phone: '+442079460958',
  ssn: '536-90-4399',
};

export const plantedText = `Mail ${planted.email}, card ${planted.card}, IBAN ${planted.iban}, phone ${planted.phone}, SSN ${planted.ssn}.`;

/** What stands in texts, in schemas, and in addresses that are fetched. */
const plantedValues = {
  text: plantedText,
  schema: { type: 'object', description: plantedText, enum: [plantedText], pattern: planted.email },
  url: `https://i.example/a.png?for=${encodeURIComponent(plantedText)}&w=1`,
};

/** Addresses that the upstream calls, or told itself, are left alone. */
const calledPath = /(?:server_url|outputs\[\]\.url)$/;

export interface PlantedCall {
  readonly operation: Operation;
  readonly path: string;
  readonly body: object;
}

/** Every operation that takes JSON, with personal data in each of its texts, schemas and addresses at once. */
export function plantedCalls(): PlantedCall[] {
  return operations
    .filter(({ requestBody }) => requestBody === 'json')
    .map((operation) => {
      const body: Record<string, unknown> = { model: 'gpt-4o', unheard_of: { note: plantedText } };
      const fields = requestFields.filter((each) => each.operations.split(' ').includes(operation.name));
      for (const [kind, value] of Object.entries(plantedValues)) {
        const paths = fields.flatMap((each) => each[kind as keyof typeof plantedValues]?.split(' ') ?? []);
        for (const path of paths.filter((each) => !calledPath.test(each))) {
          plant(body, path.split('.'), value);
        }
      }
      return { operation, path: operation.path.replaceAll(/\{\w+\}/g, 'id_1'), body };
    });
}

/** Puts it at a path, unless something else has to stand on the way there: `input` and `input[].content`. */
function plant(into: Record<string, unknown>, [step = '', ...rest]: readonly string[], value: unknown): void {
  const isList = step.endsWith('[]');
  const name = step.replaceAll('[]', '').replace('*', 'own');
  const before = into[name];
  if (rest.length === 0) {
    if (before === undefined) into[name] = isList ? [value] : value;
    return;
  }
  const element = isList ? (Array.isArray(before) ? before[0] : undefined) : before;
  if (before !== undefined && (typeof element !== 'object' || element === null)) return;
  const inner = (element ?? {}) as Record<string, unknown>;
  plant(inner, rest, value);
  into[name] = isList ? [inner] : inner;
}

/** The pieces of planted data that a text holds. */
export function leaksIn(text: string): string[] {
  return Object.entries(planted)
    .filter(([, value]) => text.includes(value) || text.includes(encodeURIComponent(value)))
    .map(([name]) => name);
}
