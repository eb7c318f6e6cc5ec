/** The model that a fine-tuned one was made of: `gpt-4o` for `ft:gpt-4o:acme::id`; of any other the model itself. */
export function baseModel(model: string): string {
  return model.startsWith('ft:') ? (model.split(':')[1] ?? '') : model;
}

/** A name without the date of its snapshot, which is written `-2024-08-06`, or `-0613` in older ones. */
export function undatedModel(model: string): string {
  return model.replace(/-(?:\d{4}-\d{2}-\d{2}|\d{4})$/, '');
}

/**
 * Whether a model may spend tokens on reasoning that a stream doesn't show. Those that certainly don't are the
 * ones from before the o-series, and what was made of them; all others may.
 */
export function mayThinkUnseen(model: string): boolean {
  return !/^(?:gpt-3\.5|gpt-35|gpt-4|chatgpt-4o)/.test(baseModel(model));
}
