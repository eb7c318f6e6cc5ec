export type Environment = Readonly<Record<string, string | undefined>>;

interface Interpolated {
  readonly text: string;
  /** Whether the environment, or a fallback for it, had a part in the text. */
  readonly expanded: boolean;
  /** Variables that are unset or empty, and have no fallback. */
  readonly unset: readonly string[];
  /** A `${` that starts nothing this grammar knows. */
  readonly malformed: boolean;
}

/**
 * Puts the environment into a text: `${NAME}` needs a value, `${NAME:-fallback}` falls back when the variable
 * is unset or empty as in a shell, and `$${` is a plain `${`. A fallback may hold one more `${...}`. What the
 * environment says is taken as it is and not looked into again.
 */
export function interpolate(text: string, env: Environment): Interpolated {
  const unset: string[] = [];
  let expanded = false;
  let malformed = false;
  const replaced = text.replace(reference, (whole, name?: string, fallback?: string) => {
    if (whole === '$${') return '${';
    if (name === undefined) {
      malformed = true;
      return whole;
    }
    expanded = true;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && value !== '') return value;
    if (fallback === undefined) {
      unset.push(name);
      return '';
    }
    const inner = interpolate(fallback, env);
    unset.push(...inner.unset);
    malformed ||= inner.malformed;
    return inner.text;
  });
  return { text: replaced, expanded, unset, malformed };
}

const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-((?:[^$}]|\$(?!\{)|\$\{[^{}]*\})*))?\}|\$\{/g;
