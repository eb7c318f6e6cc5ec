import type { IncomingHttpHeaders } from 'node:http';

/** Who sees the console, which tells whose calls are made, and how the sidecar is configured. */
export type ConsoleAudience = 'loopback' | 'everyone' | 'off';

export interface Visitor {
  readonly remoteAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Undefined if the visitor may see it, or else why not. */
export function refuseVisitor(
  audience: ConsoleAudience,
  { remoteAddress, headers }: Visitor,
): string | undefined {
  if (audience === 'everyone') return undefined;
  if (audience === 'off') return 'The console is off (admin.console).';
  if (!loopbackAddresses.has(remoteAddress ?? '') || isForwarded(headers)) {
    return 'The console answers only who comes over the loopback address of its pod. Use kubectl port-forward, or set admin.console to `everyone`.';
  }
  // A page of somebody else's whose name was made to lead here would be told apart by nothing else (DNS rebinding).
  if (isLoopbackName(headers.host)) return undefined;
  return 'The console answers only to localhost and to loopback addresses. Open it as http://localhost:PORT.';
}

/**
 * Whence `kubectl port-forward` comes. No other address of 127.0.0.0/8: service meshes hand on what comes from other
 * pods from 127.0.0.6.
 */
const loopbackAddresses: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Whoever came by a proxy in this pod came from elsewhere. */
function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) =>
      name === 'forwarded' ||
      name === 'via' ||
      name === 'x-real-ip' ||
      /^(x-forwarded|x-envoy|l5d)-/.test(name),
  );
}

function isLoopbackName(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(host?.toLowerCase() ?? '')?.[1];
  return name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name ?? '');
}
