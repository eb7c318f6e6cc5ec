export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly steps: readonly Step[];
}

export type Step =
  | { keyword: 'COPY'; from: string | undefined; sources: string[]; target: string }
  | { keyword: 'RUN'; command: string }
  | { keyword: 'ENV' | 'LABEL'; pairs: Record<string, string> }
  | { keyword: 'WORKDIR' | 'USER' | 'STOPSIGNAL'; value: string }
  | { keyword: 'EXPOSE'; ports: number[] }
  | { keyword: 'ENTRYPOINT'; argv: string[] };

/**
 * Reads as much of the Dockerfile language as this project's Dockerfile uses. Throws on all else, so that
 * nothing in the file stays unperformed unnoticed.
 */
export function parseDockerfile(text: string): Stage[] {
  const stages: { base: string; name: string | undefined; steps: Step[] }[] = [];
  for (const line of logicalLines(text)) {
    const [, keyword = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === 'FROM') {
      const [, base = '', name] = matched(/^(\S+)(?: AS (\S+))?$/, rest, line);
      stages.push({ base, name, steps: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`before the first FROM: ${line}`);
    stage.steps.push(parseStep(keyword, rest, line));
  }
  return stages;
}

/** Comments vanish, even between continued lines, and a backslash continues a line. */
function logicalLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const joined = lines.join('\n').replaceAll(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function parseStep(keyword: string, rest: string, line: string): Step {
  switch (keyword) {
    case 'COPY': {
      const [, from, paths = ''] = matched(/^(?:--from=(\S+) )?([\w./ -]+)$/, rest, line);
      const words = paths.split(/\s+/);
      const target = words.pop();
      if (target === undefined || words.length === 0 || words.some((word) => word.startsWith('-'))) {
        throw new Error(`not understood: ${line}`);
      }
      return { keyword, from, sources: words, target };
    }
    case 'RUN':
      matched(/^[^-[<]/, rest, line);
      return { keyword, command: rest };
    case 'ENV':
    case 'LABEL':
      return { keyword, pairs: parsePairs(rest, line) };
    case 'WORKDIR':
      matched(/^\/[\w/]*$/, rest, line);
      return { keyword, value: rest };
    case 'USER':
    case 'STOPSIGNAL':
      matched(/^[\w:]+$/, rest, line);
      return { keyword, value: rest };
    case 'EXPOSE':
      matched(/^\d+( \d+)*$/, rest, line);
      return { keyword, ports: rest.split(' ').map(Number) };
    case 'ENTRYPOINT':
      // The other form would need a shell in the image.
      matched(/^\[.*\]$/, rest, line);
      return { keyword, argv: JSON.parse(rest) as string[] };
    default:
      throw new Error(`not understood: ${line}`);
  }
}

function parsePairs(text: string, line: string): Record<string, string> {
  const pair = /([\w.-]+)=(?:"([^"\\$]*)"|([^\s"\\$]*))(?:\s+|$)/y;
  const pairs: Record<string, string> = {};
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text);
    if (found === null) throw new Error(`not understood: ${line}`);
    pairs[found[1] ?? ''] = found[2] ?? found[3] ?? '';
  }
  return pairs;
}

function matched(pattern: RegExp, text: string, line: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`not understood: ${line}`);
  return found;
}
