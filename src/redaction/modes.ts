/** What becomes of a finding; `off`: it is not looked for. */
export type Mode = 'off' | 'mask' | 'hash' | 'pseudonymize' | 'block' | 'observe';

export interface ModeSettings {
  readonly mode: Mode;
  readonly entities: readonly { readonly name: string; readonly mode?: Mode | undefined }[];
  readonly custom: readonly { readonly name: string; readonly mode?: Mode | undefined }[];
}

export interface Modes {
  of(entity: string): Mode;
  /** Whether any entity has this mode, among these and all that are named by the configuration. */
  uses(mode: Mode): boolean;
  /** Whether anything is looked for. */
  readonly isOn: boolean;
}

export function createModes({ mode, entities, custom }: ModeSettings): Modes {
  const own = new Map<string, Mode>();
  for (const { name, mode: ofOne } of entities) if (ofOne) own.set(name, ofOne);
  for (const { name, mode: ofOne } of custom) if (ofOne) own.set(name.toUpperCase(), ofOne);
  const used = new Set([mode, ...own.values()]);
  return {
    of: (entity) => own.get(entity) ?? mode,
    uses: (one) => used.has(one),
    isOn: [...used].some((one) => one !== 'off'),
  };
}
