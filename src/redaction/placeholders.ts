/** What stands where an original of this entity was masked: `[EMAIL]`. */
export function maskFor(entity: string): string {
  return `[${entity}]`;
}

/** `[EMAIL:1a2b3c4d5e6f]`. @param digest twelve hexadecimal digits */
export function hashFor(entity: string, digest: string): string {
  return `[${entity}:${digest}]`;
}

/** `<EMAIL_1>`, which can be restored. @param number of its entity and scope: see `Vault` */
export function pseudonymFor(entity: string, number: number): string {
  return `<${entity}_${number}>`;
}

export type Placeholder =
  | { readonly form: 'mask'; readonly entity: string }
  | { readonly form: 'hash'; readonly entity: string; readonly digest: string }
  | { readonly form: 'pseudonym'; readonly entity: string; readonly number: number };

/** Undefined if the text, all of it, is no placeholder as it is made here. */
export function readPlaceholder(text: string): Placeholder | undefined {
  const { masked, digest, entity, number } = placeholderPattern.exec(text)?.groups ?? {};
  if (masked !== undefined && digest !== undefined) return { form: 'hash', entity: masked, digest };
  if (masked !== undefined) return { form: 'mask', entity: masked };
  if (entity !== undefined) return { form: 'pseudonym', entity, number: Number(number) };
  return undefined;
}

const placeholderPattern =
  /^(?:\[(?<masked>[A-Z][A-Z0-9_]*)(?::(?<digest>[0-9a-f]{12}))?\]|<(?<entity>[A-Z][A-Z0-9_]*)_(?<number>[1-9]\d{0,15})>)$/;
