import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

import { ensureCommand } from '../../harness/system-packages.ts';
import { unshareNetwork } from './network.ts';

/** A text says why there can be no pods with networks of their own on this machine. */
export async function preparePodTests(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are of Linux, and this machine is not';
  const missing =
    (await ensureCommand('ip', 'iproute2')) ??
    (await ensureCommand('nsenter', 'util-linux')) ??
    (await ensureCommand('perl', 'perl-base'));
  if (missing !== undefined) return missing;
  if (!existsSync('/proc/net/if_inet6')) return "this machine's kernel has no IPv6";
  const [command, ...args] = [...unshareNetwork, 'ip', 'link', 'set', 'lo', 'up'];
  const isAllowed = await new Promise<boolean>((resolve) => {
    execFile(command!, args, (error) => resolve(error === null));
  });
  return isAllowed ? undefined : 'this machine does not let a process make networks of its own (unshare)';
}
