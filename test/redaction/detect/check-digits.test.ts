import assert from 'node:assert/strict';
import { it } from 'node:test';

import { stdnum } from 'stdnum';

import * as checks from '../../../src/redaction/detect/check-digits.ts';
import { createRandom } from '../corpus/random.ts';

type Check = (characters: string) => boolean;

const random = createRandom(20_261_128);
const digits = (length: number) => (): string => random.digits(length);
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What each check says beside what the library `stdnum` says, of numbers drawn by lot. */
const pairs: Readonly<Record<string, { draw: () => string; ours: Check; theirs: Check }>> = {
  'UK NHS number': {
    draw: digits(10),
    ours: checks.passesNhs,
    theirs: (text) => weighted(text, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 11),
  },
  'Canadian SIN': {
    draw: () => random.pick([...'1234567']) + random.digits(8),
    ours: checks.passesLuhn,
    theirs: valid('CA', 'sin'),
  },
  'Dutch BSN': { draw: digits(9), ours: checks.passesBsn, theirs: valid('NL', 'bsn') },
  'Australian TFN': { draw: digits(9), ours: checks.passesTfn, theirs: valid('AU', 'tfn') },
  'Brazilian CPF': { draw: digits(11), ours: checks.passesCpf, theirs: valid('BR', 'cpf') },
  'Indian Aadhaar': {
    draw: () => random.between(2, 9) + random.digits(11),
    ours: checks.passesVerhoeff,
    theirs: valid('IN', 'aadhaar'),
  },
  'Spanish DNI': {
    draw: () => random.digits(8) + random.text(letters, 1),
    ours: checks.passesNif,
    theirs: valid('ES', 'dni'),
  },
  'Italian codice fiscale': {
    draw: () => `${random.text(letters, 6)}85T10A${random.digits(3)}${random.text(letters, 1)}`,
    ours: checks.passesCodiceFiscale,
    theirs: valid('IT', 'codicefiscale'),
  },
  'French NIR': {
    draw: () =>
      `${random.pick(['1', '2'])}${random.digits(2)}0${random.between(1, 9)}75${random.digits(6)}${random.digits(2)}`,
    ours: checks.passesNir,
    theirs: valid('FR', 'nir'),
  },
};

for (const [name, { draw, ours, theirs }] of Object.entries(pairs)) {
  it(`agrees with an independent library on 100,000 numbers: ${name}`, () => {
    let passed = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const text = draw();
      const isRight = ours(text);
      if (isRight) passed += 1;
      assert.equal(isRight, theirs(text), text);
    }
    assert.ok(passed > 100, `${passed} passed`);
  });
}

it('asks for one repeated digit in a German tax id, as its specification does', () => {
  assert.ok(checks.passesDeTaxId('86095742719'));
  assert.ok(!checks.passesDeTaxId('86095742718'));
  assert.ok(!checks.passesDeTaxId('00095742719'));
});

function valid(country: string, name: string): Check {
  const validator = (
    stdnum as unknown as Record<string, Record<string, { validate(text: string): { isValid: boolean } }>>
  )[country]![name]!;
  return (text) => validator.validate(text).isValid;
}

function weighted(text: string, weights: readonly number[], modulus: number): boolean {
  return weights.reduce((sum, weight, index) => sum + weight * Number(text[index]), 0) % modulus === 0;
}
