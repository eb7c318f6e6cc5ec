/**
 * What a test can write into the last user message to steer the answer. The text of the directives is not
 * part of what the stand-in quotes back.
 *
 * | directive                            | effect                                                          |
 * | ------------------------------------ | --------------------------------------------------------------- |
 * | `[[words:500]]`                      | an answer of that many words                                    |
 * | `[[bytes:100000]]`                   | an answer of that many bytes (ASCII)                            |
 * | `[[say:any text]]`                   | answers exactly this text                                       |
 * | `[[echo]]`                           | answers the message itself, without its directives              |
 * | `[[recall]]`                         | answers the first message of the user, without its directives   |
 * | `[[tool:get_weather {"city":"Rome"}]]` | calls this function if offered; several make parallel calls   |
 * | `[[search:words]]`                   | uses file_search, if offered, with this query                   |
 * | `[[code:print(1)]]`                  | uses code_interpreter, if offered, with this code               |
 * | `[[file:chart.csv]]`                 | its code writes this file; several may be asked for (Responses) |
 * | `[[refuse]]`                         | a refusal                                                       |
 * | `[[fail:server_error]]`              | Responses and runs end as failed with this code                 |
 * | `[[reasoning:300]]`                  | reports that many reasoning tokens                              |
 * | `[[thinkMs:200]]`                    | waits before the answer begins                                  |
 * | `[[delayMs:20]]`                     | waits between two chunks of a stream                            |
 * | `[[chunkCharacters:3]]`              | cuts stream chunks by characters instead of by tokens           |
 */
export interface Directives {
  words?: number;
  bytes?: number;
  say?: string;
  echo: boolean;
  recall: boolean;
  tools: { name: string; arguments: string | undefined }[];
  search?: string;
  code?: string;
  files: string[];
  refuse: boolean;
  fail?: string;
  reasoningTokens?: number;
  thinkMs: number;
  delayMs?: number;
  chunkCharacters?: number;
  /** The message without its directives. */
  rest: string;
}

export function readDirectives(message: string): Directives {
  const found: Directives = {
    echo: false,
    recall: false,
    tools: [],
    files: [],
    refuse: false,
    thinkMs: 0,
    rest: '',
  };
  found.rest = message
    .replace(/\[\[(\w+)(?::([\s\S]*?))?\]\](?!\])/g, (whole, name: string, value: string = '') =>
      apply(found, name, value) ? '' : whole,
    )
    .replace(/ {2,}/g, ' ')
    .trim();
  return found;
}

/** False if there is no such directive: the text then stays as it is. */
function apply(found: Directives, name: string, value: string): boolean {
  switch (name) {
    case 'words':
      found.words = Number(value);
      return true;
    case 'bytes':
      found.bytes = Number(value);
      return true;
    case 'say':
      found.say = value;
      return true;
    case 'echo':
      found.echo = true;
      return true;
    case 'recall':
      found.recall = true;
      return true;
    case 'tool': {
      const [, tool = '', args] = /^\s*([\w.-]+)\s*([\s\S]*)$/.exec(value) ?? [];
      found.tools.push({ name: tool, arguments: args || undefined });
      return true;
    }
    case 'search':
      found.search = value;
      return true;
    case 'code':
      found.code = value;
      return true;
    case 'file':
      found.files.push(value);
      return true;
    case 'refuse':
      found.refuse = true;
      return true;
    case 'fail':
      found.fail = value || 'server_error';
      return true;
    case 'reasoning':
      found.reasoningTokens = Number(value);
      return true;
    case 'thinkMs':
      found.thinkMs = Number(value);
      return true;
    case 'delayMs':
      found.delayMs = Number(value);
      return true;
    case 'chunkCharacters':
      found.chunkCharacters = Number(value);
      return true;
    default:
      return false;
  }
}
