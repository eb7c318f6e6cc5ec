export async function preparePython(): Promise<string | undefined> {
  return undefined;
}
