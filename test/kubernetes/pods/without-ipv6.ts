/** The numbers by which the kernel knows these two calls. */
const callNumbers: Readonly<Record<string, { readonly socket: number; readonly prctl: number }>> = {
  x64: { socket: 41, prctl: 157 },
  arm64: { socket: 198, prctl: 167 },
};

/**
 * A command line that runs another as on a machine whose kernel was booted with `ipv6.disable=1`: there are no sockets of
 * that family. A filter of system calls (seccomp) refuses them; Perl, which every Debian has, sets it, since Node can't.
 */
export function withoutIpv6(): string[] {
  const calls = callNumbers[process.arch];
  if (calls === undefined) throw new Error(`no system calls are known of ${process.arch}`);
  return ['perl', '-e', refuseSockets, String(calls.prctl), String(calls.socket)];
}

/**
 * Classic BPF over `struct seccomp_data`: the call's number is at 0, its first argument at 16. 10 is AF_INET6, and 97
 * EAFNOSUPPORT. https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
 */
const refuseSockets = `
my ($prctl, $socket) = (shift, shift);
my @filter = ([0x20, 0, 0, 0], [0x15, 0, 3, $socket], [0x20, 0, 0, 16], [0x15, 0, 1, 10],
  [0x06, 0, 0, 0x00050000 | 97], [0x06, 0, 0, 0x7fff0000]);
my $program = join '', map { pack 'SCCL', @$_ } @filter;
syscall(0 + $prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
syscall(0 + $prctl, 22, 2, pack('S x6 P', scalar @filter, $program)) == 0 or die "seccomp: $!";
exec @ARGV or die "exec: $!";
`;
