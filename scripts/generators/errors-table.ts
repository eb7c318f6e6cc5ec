import { errorTable } from '../../src/error-table.ts';
import { code, markdownTable } from './markdown-table.ts';

export function errorsTable(): string {
  const rows = Object.entries(errorTable).map(([name, { status, type, message }]) => [
    String(status),
    code(name),
    code(type),
    message,
  ]);
  return markdownTable(['Status', 'Code', 'Type', 'Message'], rows);
}
