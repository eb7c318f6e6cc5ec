import { type PartHead, readHead } from './part-head.ts';

/** `jsonLines` and `json` must stay what they are; `unknown` is looked at. */
export type PartKind = 'text' | 'jsonLines' | 'json' | 'binary' | 'unknown';

/**
 * What a part is by its content type and by its file's name; text if either says so. A form field is text. A file
 * that says nothing but that it has bytes, as parts of an upload do, is unknown.
 */
export function partKind(head: PartHead): PartKind {
  const type = readHead(head, 'content-type') ?? '';
  const fileName = readHead(head, 'content-disposition', 'filename');
  // A field of a form is text, whatever it calls itself.
  if (fileName === undefined) return kindOfType(type) === 'json' ? 'json' : 'text';
  const kinds = [kindOfType(type), kindOfName(fileName)];
  return (['jsonLines', 'json', 'text', 'binary'] as const).find((kind) => kinds.includes(kind)) ?? 'unknown';
}

/** The end of a file's name that tells its kind, with its dot; empty if it tells none. */
export function extensionThatTells(name: string): string {
  return kindOfName(name) === 'unknown' ? '' : name.slice(name.lastIndexOf('.'));
}

function kindOfType(type: string): PartKind {
  if (/^application\/(jsonl|x-jsonl|jsonlines|x-jsonlines|x-ndjson|ndjson)$/.test(type)) return 'jsonLines';
  if (/^application\/json$|\+json$|^text\/json$/.test(type)) return 'json';
  if (/^text\/|\+xml$/.test(type) || textTypes.has(type)) return 'text';
  if (type === '' || type === 'application/octet-stream' || !type.includes('/')) return 'unknown';
  return 'binary';
}

function kindOfName(name: string): PartKind {
  const extension = extensionOf(name);
  if (extension === 'jsonl' || extension === 'ndjson') return 'jsonLines';
  if (extension === 'json') return 'json';
  if (textExtensions.has(extension)) return 'text';
  return binaryExtensions.has(extension) ? 'binary' : 'unknown';
}

function extensionOf(name: string): string {
  return /\.([a-z\d]{1,10})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}

const words = (text: string) => new Set(text.split(' '));

const textTypes = words(
  'application/csv application/xml application/yaml application/x-yaml application/javascript application/typescript application/sql application/x-sh application/x-tex application/x-www-form-urlencoded application/rtf application/toml application/x-httpd-php',
);

const textExtensions = words(
  'txt text md markdown csv tsv log xml html htm yaml yml toml ini conf cfg env properties sql tex rst adoc eml ics vcf srt vtt svg rtf c h cc cpp hpp cs css go java js jsx mjs cjs ts tsx kt php pl py r rb rs scala sh swift ps1 bat',
);

const binaryExtensions = words(
  'pdf doc docx ppt pptx xls xlsx odt ods odp epub png jpg jpeg gif webp bmp tif tiff heic avif ico mp3 mp4 mpeg mpga m4a ogg oga opus wav flac aac webm mov avi mkv zip gz tgz tar bz2 xz zst 7z rar parquet pkl npy woff woff2 ttf otf',
);
