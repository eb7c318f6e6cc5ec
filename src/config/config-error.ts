export interface Problem {
  /** The key at fault (`upstream.baseUrl`), or the file or variable where there is no such key. */
  readonly path: string;
  /** Never holds a value: it may be a secret, or a secret in the wrong place. */
  readonly message: string;
}

/** Everything that is wrong with a configuration, at once: one problem a line, their number at the end. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ path, message }) => `${path}: ${message}`);
    super([...lines, `${problems.length} problem${problems.length === 1 ? '' : 's'}`].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
