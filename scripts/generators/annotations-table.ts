import { annotations, domain } from '../../src/injector/pods/annotations.ts';
import { code, markdownTable } from './markdown-table.ts';

export function annotationsTable(): string {
  const rows = Object.entries(annotations).map(([name, { form, otherwise, meaning }]) => [
    code(domain + name),
    form,
    otherwise,
    meaning,
  ]);
  return markdownTable(['Annotation', 'Form', 'Without it', 'Meaning'], rows);
}
