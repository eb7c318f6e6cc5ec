import { OpenRedaction } from '@openredaction/core';
import { Redactor } from '@redactpii/node';
import { SyncRedactor } from 'redact-pii';

import type { Detector } from '../../src/redaction/detector.ts';
import type { Label } from '../../test/redaction/corpus/labelled-sentences.ts';

/** Something that finds personal data, under this project's names for it. */
export interface Engine {
  readonly name: string;
  find(text: string): Promise<readonly Label[]> | readonly Label[];
}

/**
 * The engines that people use from npm, as they come. What they call by a name for which this project has none
 * (`DATE`, `URL`, `DIGITS`, `NAME` ...) is neither held against them nor counted for them.
 */
export function createEngines(detector: Detector): Engine[] {
  const open = new OpenRedaction();
  const redactPii = new SyncRedactor();
  const redactpiiNode = new Redactor({
    rules: { CREDIT_CARD: true, EMAIL: true, NAME: false, PHONE: true, SSN: true },
  });
  return [
    { name: 'assistant-proxy', find: (text) => detector.find(text) },
    {
      name: 'openredaction',
      async find(text) {
        const { detections } = await open.detect(text);
        return detections.flatMap(({ type, position: [from, end] }) => {
          const entity = openRedactionNames.find(([pattern]) => pattern.test(type))?.[1];
          return entity === undefined ? [] : [{ entity, from, end }];
        });
      },
    },
    { name: 'redact-pii', find: (text) => spansOf(text, redactPii.redact(text)) },
    { name: '@redactpii/node', find: (text) => spansOf(text, redactpiiNode.redact(text)) },
  ];
}

const openRedactionNames: readonly (readonly [RegExp, string])[] = [
  [/^EMAIL$/, 'EMAIL'],
  [/^PHONE_(?!LINE)|^PHONE$/, 'PHONE'],
  [/^CREDIT_CARD$/, 'CREDIT_CARD'],
  [/^SSN$/, 'US_SSN'],
  [/^ITIN$/, 'US_ITIN'],
  [/IBAN/, 'IBAN'],
  [/^IPV[46]$/, 'IP_ADDRESS'],
  [/^MAC_ADDRESS$/, 'MAC_ADDRESS'],
  [/^URL_WITH_AUTH$|^DATABASE_CONNECTION$/, 'URL_CREDENTIALS'],
  [/^PASSPORT/, 'PASSPORT'],
  [/^NATIONAL_INSURANCE_UK$/, 'UK_NINO'],
  [/^NHS_NUMBER$/, 'UK_NHS'],
  [/^SIN_CA$|^CANADIAN_SIN$/, 'CA_SIN'],
  [/^GERMAN_TAX_ID$/, 'DE_TAX_ID'],
  [/^SPANISH_DNI$/, 'ES_NIF'],
  [/^ITALIAN_FISCAL_CODE$/, 'IT_CODICE_FISCALE'],
  [/^FRENCH_SOCIAL_SECURITY$/, 'FR_NIR'],
  [/^DUTCH_BSN$/, 'NL_BSN'],
  [/^INDIAN_AADHAAR$/, 'IN_AADHAAR'],
  [/^BRAZILIAN_CPF$/, 'BR_CPF'],
  [/^AUSTRALIAN_TFN$/, 'AU_TFN'],
  [/^SINGAPORE_NRIC$/, 'SG_NRIC'],
  [/^DATE_OF_BIRTH$/, 'DATE_OF_BIRTH'],
  [/(?:BITCOIN|ETHEREUM|LITECOIN)_ADDRESS$/, 'CRYPTO_WALLET'],
  [/API_KEY|_TOKEN$|PRIVATE_KEY|ACCESS_KEY|SECRET/, 'SECRET'],
];

const replacements: Readonly<Record<string, string>> = {
  EMAIL_ADDRESS: 'EMAIL',
  PHONE_NUMBER: 'PHONE',
  CREDIT_CARD_NUMBER: 'CREDIT_CARD',
  US_SOCIAL_SECURITY_NUMBER: 'US_SSN',
  IP_ADDRESS: 'IP_ADDRESS',
};

/** Where an engine that only gives the redacted text replaced something: what is left is found again in order. */
function spansOf(text: string, redacted: string): Label[] {
  const parts = redacted.split(
    /(EMAIL_ADDRESS|PHONE_NUMBER|CREDIT_CARD_NUMBER|US_SOCIAL_SECURITY_NUMBER|IP_ADDRESS|PERSON_NAME|STREET_ADDRESS|ZIPCODE|USERNAME|PASSWORD|CREDENTIALS|DIGITS|URL)/,
  );
  const labels: Label[] = [];
  let at = 0;
  for (let index = 1; index < parts.length; index += 2) {
    const from = index === 1 ? parts[0]!.length : at;
    const after = parts[index + 1]!;
    const found = index + 2 >= parts.length ? text.length - after.length : text.indexOf(after, from + 1);
    const end = found < from ? text.length : found;
    const entity = replacements[parts[index]!];
    if (entity !== undefined) labels.push({ entity, from, end });
    at = end + after.length;
  }
  return labels;
}
