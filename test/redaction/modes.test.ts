import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtInEntities } from '../../src/config/entity-names.ts';
import { entities } from '../../src/redaction/detect/entities.ts';
import { createModes } from '../../src/redaction/modes.ts';

test('an entity has its own mode, or that of all', () => {
  const modes = createModes({
    mode: 'mask',
    entities: [{ name: 'EMAIL', mode: 'hash' }, { name: 'IBAN' }],
    custom: [{ name: 'employee', mode: 'block' }],
  });
  assert.deepEqual(
    ['EMAIL', 'IBAN', 'EMPLOYEE', 'PERSON'].map((entity) => modes.of(entity)),
    ['hash', 'mask', 'block', 'mask'],
  );
  assert.deepEqual([modes.uses('block'), modes.uses('pseudonymize'), modes.isOn], [true, false, true]);
});

test('nothing is looked for while all is off', () => {
  assert.equal(createModes({ mode: 'off', entities: [], custom: [] }).isOn, false);
  const one = createModes({ mode: 'off', entities: [{ name: 'EMAIL', mode: 'mask' }], custom: [] });
  assert.deepEqual([one.isOn, one.of('EMAIL'), one.of('IBAN')], [true, 'mask', 'off']);
});

test('the configuration knows the entities that are found, and no others', () => {
  assert.deepEqual([...builtInEntities].sort(), Object.keys(entities).sort());
});
