import type { Container, EnvironmentVariable } from './pod-shape.ts';

interface PointedEnv {
  /** Undefined if nothing changes. */
  readonly env: EnvironmentVariable[] | undefined;
  readonly warnings: readonly string[];
}

/** SDKs want a key. That this is none is seen at once where it turns up. */
const placeholder = 'placeholder-the-sidecar-has-the-key';

/** The environment of an application's container that calls the sidecar. One with a base URL of its own is left alone. */
export function pointAtSidecar({ name, env }: Container, proxyPort: number): PointedEnv {
  const own = env ?? [];
  const baseUrl = own.find((variable) => variable.name === 'OPENAI_BASE_URL');
  if (baseUrl !== undefined && !isSidecar(baseUrl.value, proxyPort)) {
    const warning = `the container ${name} sets OPENAI_BASE_URL itself and is left alone; its calls are not governed`;
    return { env: undefined, warnings: [warning] };
  }
  const key = own.find((variable) => variable.name === 'OPENAI_API_KEY');
  const isKeyReplaced = key !== undefined && key.value !== placeholder;
  if (baseUrl !== undefined && key !== undefined && !isKeyReplaced) return { env: undefined, warnings: [] };
  const added = [
    ...(baseUrl === undefined
      ? [{ name: 'OPENAI_BASE_URL', value: `http://127.0.0.1:${proxyPort}/v1` }]
      : []),
    ...(key === undefined ? [{ name: 'OPENAI_API_KEY', value: placeholder }] : []),
  ];
  const kept = own.map((variable) =>
    variable.name === 'OPENAI_API_KEY' ? { name: variable.name, value: placeholder } : variable,
  );
  const warning = `the OPENAI_API_KEY of the container ${name} is replaced by a placeholder; the sidecar has the key`;
  // First, so that the variables after them can refer to them.
  return { env: [...added, ...kept], warnings: isKeyReplaced ? [warning] : [] };
}

function isSidecar(baseUrl: string | null | undefined, proxyPort: number): boolean {
  const url = URL.parse(baseUrl ?? '');
  return (
    url?.protocol === 'http:' &&
    ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname) &&
    url.port === String(proxyPort)
  );
}
