import type { AddressInfo } from 'node:net';

/** As much of a Fastify server as opens its port. */
interface Listener {
  readonly server: { address(): AddressInfo | string | null };
  listen(where: { host: string; port: number }): Promise<string>;
}

/**
 * Opens a server's port and resolves to what it listens on, as a URL. `::` is every address of the machine, of both
 * families; where the kernel has no IPv6 (`ipv6.disable=1`) it is `0.0.0.0`. Any other host is taken as it is.
 */
export async function listenOn(server: Listener, { host, port }: { host: string; port: number }) {
  const url = await server.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    if (host !== '::' || !isWithoutIpv6(error)) throw error;
    return server.listen({ host: '0.0.0.0', port });
  });
  const bound = server.server.address() as AddressInfo;
  // Fastify would name but one of the addresses that this stands for.
  return bound.address === '0.0.0.0' ? `${new URL(url).protocol}//0.0.0.0:${bound.port}` : url;
}

function isWithoutIpv6({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}
