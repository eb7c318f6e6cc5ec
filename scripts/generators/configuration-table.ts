import { describeKeys } from '../../src/config/describe.ts';
import { configSchema } from '../../src/config/schema.ts';
import { code, markdownTable } from './markdown-table.ts';

export function configurationTable(): string {
  const rows = describeKeys(configSchema).map((key) => [
    code(key.path),
    key.type,
    code(typeof key.default === 'string' && key.default !== '' ? key.default : JSON.stringify(key.default)),
    key.env === undefined ? '' : code(key.env),
    key.secret ? `${key.description} Secret.` : key.description,
  ]);
  return markdownTable(['Key', 'Type', 'Default', 'Environment variable', 'Meaning'], rows);
}
