import { type KeyDescription, describeKeys } from '../../src/config/describe.ts';
import { isLive } from '../../src/config/live-keys.ts';
import { configSchema } from '../../src/config/schema.ts';
import { code, markdownTable } from './markdown-table.ts';

export function configurationTable(): string {
  const rows = describeKeys(configSchema).map((key) => [
    code(key.path),
    key.type,
    defaultOf(key),
    isLive(key.path) ? 'yes' : '',
    key.env === undefined ? '' : code(key.env),
    key.secret ? `${key.description} Secret.` : key.description,
  ]);
  return markdownTable(['Key', 'Type', 'Default', 'Live', 'Environment variable', 'Meaning'], rows);
}

function defaultOf({ default: value, required }: KeyDescription): string {
  if (value === undefined) return required ? 'required' : '';
  return code(typeof value === 'string' && value !== '' ? value : JSON.stringify(value));
}
