/**
 * An error without what ioredis hangs on it: the command's arguments, which are names of users, or, of the
 * command that logs in, the password.
 */
export function plainError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('an unknown error');
  const plain = new Error(error.message);
  plain.name = error.name;
  return 'code' in error ? Object.assign(plain, { code: error.code }) : plain;
}
