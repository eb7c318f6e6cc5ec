import Type from 'typebox';

/** The keys of the comparison of the ledger with the provider's own count. */
import { baseUrl, flag, headerText, integer, list, section, text } from './fields.ts';

export const driftSection = section({
  count: flag(
    false,
    'Whether calls are counted by the hour, so that another pod, which has the admin key, can compare.',
  ),
  adminKey: headerText(
    '',
    "Admin key of the provider, with which its usage and costs are asked for; empty: this pod doesn't ask.",
    { secret: true },
  ),
  adminKeyFile: text(
    '',
    'File that holds the admin key; read again when it changes, and wins over `adminKey`.',
  ),
  baseUrl: baseUrl('https://api.openai.com/v1', 'Where usage and costs are asked for.'),
  projectIds: list(
    Type.String({ minLength: 1, maxLength: 128 }),
    'Projects whose keys only sidecars have; without, the whole organisation is compared.',
  ),
  everyMinutes: integer(60, 'How often one of all pods asks.', { minimum: 1, maximum: 1440 }),
  periodHours: integer(24, 'So many whole hours of tokens are compared; costs by whole days of UTC.', {
    minimum: 1,
    maximum: 48,
  }),
  delayMinutes: integer(60, "How long after a period's end the provider is taken to have counted it.", {
    minimum: 0,
    maximum: 1440,
  }),
});
