import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { Original } from '../../../src/redaction/vault.ts';
import {
  begin,
  email,
  type OpenVaultStore,
  randomRing,
  read,
  ring,
  scopeOf,
  terms,
  vaultOn,
} from './vault-under-test.ts';

const { keepMs } = terms;
const thread = scopeOf('thread', 'thread_1');
const first = scopeOf('response', 'request-1');
const [one, two, three] = ['resp_1', 'resp_2', 'resp_3'].map((id) => scopeOf('response', id)) as [
  typeof first,
  typeof first,
  typeof first,
];

/** Registers what every adapter of the port has to pass, behind its seal. */
export function describeVault(name: string, open: OpenVaultStore): void {
  describe(`the vault in ${name}`, () => {
    test('originals of a first table are numbered by entity from 1, and have the same number for ever', async (t) => {
      const { vault, another } = await openVault(t);
      await begin(vault, thread);
      const wanted = [
        email('a@x.example'),
        { entity: 'PHONE', original: '+1 202 555 0143' },
        email('b@x.example'),
      ];
      const placeholders = ['<EMAIL_1>', '<PHONE_1>', '<EMAIL_2>'];
      assert.deepEqual(await vault.name(thread, wanted), placeholders);
      const other = await another();
      assert.deepEqual(await other.name(thread, [email('c@x.example'), ...wanted.toReversed()]), [
        '<EMAIL_3>',
        ...placeholders.toReversed(),
      ]);
      assert.deepEqual(await read(vault, thread), [
        '<EMAIL_1> a@x.example',
        '<EMAIL_2> b@x.example',
        '<EMAIL_3> c@x.example',
        '<PHONE_1> +1 202 555 0143',
      ]);
    });

    test('what is wanted twice at once has one number', async (t) => {
      const { vault } = await openVault(t);
      await begin(vault, thread);
      const wanted = [email('a'), email('b'), email('a'), { entity: 'SECRET', original: 'a' }];
      assert.deepEqual(await vault.name(thread, wanted), [
        '<EMAIL_1>',
        '<EMAIL_2>',
        '<EMAIL_1>',
        '<SECRET_1>',
      ]);
      assert.deepEqual(await vault.name(thread, []), []);
    });

    test('pods that race get one numbering without gaps', async (t) => {
      const { vault, another } = await openVault(t);
      await begin(vault, thread);
      const pods = [vault, await another(), await another()];
      const originals = Array.from({ length: 12 }, (_, index) => `${index}@x.example`);
      const told = new Map<string, Set<string>>();
      await Promise.all(
        Array.from({ length: 60 }, async (_, call) => {
          // Each asks for half of them, each in another order.
          const wanted = originals
            .map((_, index) => originals[(index * 5 + call) % 12]!)
            .slice(call % 6, 6 + (call % 6));
          const placeholders = await pods[call % 3]!.name(thread, wanted.map(email));
          for (const [index, original] of wanted.entries()) {
            told.set(original, (told.get(original) ?? new Set()).add(placeholders[index]!));
          }
        }),
      );
      assert.ok([...told.values()].every(({ size }) => size === 1));
      const numbered = [...told.values()].flatMap((names) => [...names]).sort();
      assert.deepEqual(numbered, originals.map((_, index) => `<EMAIL_${index + 1}>`).sort());
      const lines = [...told].map(([original, [placeholder]]) => `${placeholder} ${original}`).sort();
      assert.deepEqual(await read(vault, thread), lines);
    });

    test('what is named comes back as it was, whatever is in it', async (t) => {
      const { vault } = await openVault(t);
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 8 }),
          async (texts) => {
            const scope = scopeOf('conversation', `conv_${(run += 1)}`);
            const originals = [...texts, '\ud800', 'a:b\0c\r\n'];
            const placeholders = await vault.name(scope, originals.map(email));
            const found = new Map((await vault.read(scope)).map((each) => [each.placeholder, each.original]));
            assert.deepEqual(
              placeholders.map((each) => found.get(each)),
              originals,
            );
            assert.equal(found.size, new Set(originals).size);
          },
        ),
        { numRuns: 30 },
      );
    });

    test('tables of other scopes and organisations are others', async (t) => {
      const { vault } = await openVault(t);
      const others = [
        scopeOf('thread', 'thread_2'),
        scopeOf('conversation', 'thread_1'),
        scopeOf('response', 'thread_1'),
        scopeOf('thread', 'thread_1', 'globex'),
        scopeOf('thread', '', ''),
        scopeOf('thread', 'a}:{b', 'a:{b}'),
      ];
      await begin(vault, thread, ...others);
      await vault.name(thread, [email('a')]);
      for (const other of others) {
        assert.deepEqual(await read(vault, other), []);
        assert.deepEqual(await vault.name(other, [email('b')]), ['<EMAIL_1>']);
      }
      assert.deepEqual(await read(vault, thread), ['<EMAIL_1> a']);
    });

    test('a chain of responses goes on with one table, through whichever of them', async (t) => {
      const { vault, another } = await openVault(t);
      const other = await another();
      await begin(vault, first);
      await vault.name(first, [email('a')]);
      await vault.join(first, one);
      assert.deepEqual(await other.name(one, [email('b'), email('a')]), ['<EMAIL_2>', '<EMAIL_1>']);
      await other.join(one, two);
      assert.deepEqual(await vault.name(one, [email('c')]), ['<EMAIL_3>'], 'a branch of it');
      await vault.join(one, three);
      for (const scope of [first, one, two, three]) {
        assert.deepEqual(await read(vault, scope), ['<EMAIL_1> a', '<EMAIL_2> b', '<EMAIL_3> c']);
      }
    });

    test('a chain may begin with nothing to hide', async (t) => {
      const { vault } = await openVault(t);
      await begin(vault, first);
      await vault.join(first, one);
      await vault.join(one, two);
      assert.deepEqual(await vault.name(two, [email('a')]), ['<EMAIL_1>']);
    });

    test('a scope that others lead to leads nowhere else, though nothing be in it yet', async (t) => {
      const { vault } = await openVault(t);
      const other = scopeOf('response', 'other');
      await begin(vault, first, other);
      await vault.join(first, one);
      await vault.join(other, first);
      await vault.name(other, [email('b')]);
      await vault.name(one, [email('a')]);
      for (const scope of [first, one]) assert.deepEqual(await read(vault, scope), ['<EMAIL_1> a']);
      assert.deepEqual(await read(vault, other), ['<EMAIL_1> b']);
    });

    test('a scope that has a table keeps it, whoever would join it', async (t) => {
      const { vault } = await openVault(t);
      await begin(vault, one, two);
      await vault.name(one, [email('a')]);
      await vault.name(two, [email('b')]);
      await vault.join(one, two);
      await vault.join(one, one);
      assert.deepEqual([await read(vault, one), await read(vault, two)], [['<EMAIL_1> a'], ['<EMAIL_1> b']]);
      await vault.join(one, three);
      await vault.join(two, one);
      await vault.join(two, three);
      assert.deepEqual(
        [await read(vault, one), await read(vault, three)],
        [['<EMAIL_1> a'], ['<EMAIL_1> a']],
      );
    });

    test('a table is kept as long as it is named into or read, and then forgotten', async (t) => {
      const { vault, advance } = await openVault(t);
      await begin(vault, thread);
      await vault.name(thread, [email('a'), email('b')]);
      await advance(keepMs - 60_000);
      assert.equal((await read(vault, thread)).length, 2);
      await advance(keepMs - 60_000);
      assert.deepEqual(await vault.name(thread, [email('b')]), ['<EMAIL_2>']);
      await advance(keepMs - 60_000);
      assert.equal((await read(vault, thread)).length, 2);
      await advance(keepMs + 60_000);
      assert.deepEqual(await read(vault, thread), []);
    });

    test('a table that was begun is kept as long as any, with nothing in it', async (t) => {
      const { vault, advance } = await openVault(t);
      await begin(vault, thread, scopeOf('thread', 'thread_2'));
      await advance(keepMs - 60_000);
      assert.deepEqual(await vault.name(thread, [email('a')]), ['<EMAIL_1>']);
      await advance(120_000);
      assert.deepEqual(await vault.name(thread, [email('b')]), ['<EMAIL_2>']);
      const [late] = await vault.name(scopeOf('thread', 'thread_2'), [email('a')]);
      assert.notEqual(late, '<EMAIL_1>');
    });

    test('a table begins with the originals that it is given, and goes on from their numbers', async (t) => {
      const { vault } = await openVault(t);
      const originals = [
        { ...email('b'), placeholder: '<EMAIL_12>' },
        { ...email('a'), placeholder: '<EMAIL_3>' },
        { entity: 'PHONE', original: 'c', placeholder: '<PHONE_1>' },
      ];
      await vault.begin(thread, { originals, isFirst: true });
      await vault.begin(thread, { originals: [{ ...email('d'), placeholder: '<EMAIL_1>' }], isFirst: true });
      assert.deepEqual(await read(vault, thread), ['<EMAIL_12> b', '<EMAIL_3> a', '<PHONE_1> c']);
      assert.deepEqual(await vault.name(thread, [email('d'), email('a')]), ['<EMAIL_13>', '<EMAIL_3>']);
    });

    test('a table that may not be the first of its scope numbers by the seconds of 2026 and later', async (t) => {
      const { vault, nowMs } = await openVault(t);
      const seconds = async () => Math.floor(((await nowMs()) - Date.UTC(2026, 0, 1)) / 1000);
      const copied = scopeOf('response', 'copied');
      await vault.begin(copied, { originals: [{ ...email('a'), placeholder: '<EMAIL_1>' }], isFirst: false });
      await vault.join(first, one);
      for (const scope of [thread, copied, one]) {
        const from = await seconds();
        const [next, another] = numbersOf(await vault.name(scope, [email('b'), email('c')]));
        assert.ok(next! >= from && next! <= (await seconds()), `${next}`);
        assert.equal(another, next! + 1);
      }
    });

    test('no number comes again in a table that is made when the one before was forgotten', async (t) => {
      const { vault, advance } = await openVault(t);
      const told = new Set<number>();
      await begin(vault, thread);
      for (const count of [5, 1, keepMs / 1000 + 50, 3, 2 * (keepMs / 1000), 1]) {
        const wanted = Array.from({ length: count }, (_, index) => email(`${index}`));
        // Not all at once, which takes longer than a store may.
        for (let from = 0; from < count; from += 500) {
          for (const number of numbersOf(await vault.name(thread, wanted.slice(from, from + 500)))) {
            assert.ok(!told.has(number), `${number} again`);
            told.add(number);
          }
        }
        // The last millisecond of it is its own.
        await advance(keepMs + 1);
        assert.deepEqual(await vault.read(thread), []);
      }
    });

    test('no number comes again when a store has lost a table that named less than one original a second', async (t) => {
      const { vault, advance } = await openVault(t);
      // Another scope stands for the same one of a store that has lost it.
      const before = numbersOf(await vault.name(thread, [email('a'), email('b')]));
      await advance(2000);
      const after = numbersOf(await vault.name(scopeOf('thread', 'again'), [email('c'), email('d')]));
      assert.ok(after[0]! > before[1]!, `${after.join()} after ${before.join()}`);
    });

    test('who came into a table keeps it alive for all of it, and is forgotten when nobody asks for it', async (t) => {
      const { vault, advance } = await openVault(t);
      await begin(vault, first);
      await vault.name(first, [email('a')]);
      await vault.join(first, one);
      await vault.join(one, two);
      for (let step = 0; step < 3; step += 1) {
        await advance(keepMs - 60_000);
        assert.deepEqual(await read(vault, two), ['<EMAIL_1> a']);
      }
      assert.deepEqual(await read(vault, first), ['<EMAIL_1> a']);
      assert.deepEqual(await read(vault, one), [], 'nobody asked for it');
    });

    test('no original is kept in the clear, nor two in the same way', async (t) => {
      const { vault, rawBytes } = await openVault(t);
      const secrets = ['jane.doe@secret.example', '4111 1111 1111 1111', 'größer@geheim.example'];
      const wanted: Original[] = secrets.map((original) => ({ entity: 'EMAIL', original }));
      const other = scopeOf('thread', 'thread_2');
      for (const scope of [thread, other, first]) await vault.name(scope, wanted);
      await vault.join(first, one);
      const raw = await rawBytes();
      assert.ok(raw.includes('thread_2') && raw.includes('EMAIL'), 'it is the place to look at');
      for (const secret of secrets) {
        for (const form of [
          Buffer.from(secret),
          Buffer.from(secret, 'latin1'),
          Buffer.from(secret, 'utf16le'),
          Buffer.from(secret).toString('hex'),
          Buffer.from(secret).toString('base64').slice(0, -4),
          encodeURIComponent(secret),
        ]) {
          assert.ok(!raw.includes(form), 'an original is in the store');
        }
      }
    });

    test('what is kept of two tables tells nobody that they share an original', async (t) => {
      const { store } = await open(t);
      const vault = vaultOn(store, randomRing());
      const other = scopeOf('thread', 'thread_2');
      for (const scope of [thread, other]) await vault.name(scope, [email('a@x.example')]);
      const [here] = await store.read(thread);
      const [there] = await store.read(other);
      assert.notEqual(here!.digest, there!.digest);
      assert.ok(!here!.sealed.equals(there!.sealed));
    });

    test('an original opens in its own place alone', async (t) => {
      const { store } = await open(t);
      const vault = vaultOn(store, ring('k1'));
      await vault.name(thread, [email('a@x.example')]);
      const { digest, sealed } = (await store.read(thread))[0]!;
      for (const [scope, moved] of [
        [scopeOf('thread', 'thread_2'), { entity: 'EMAIL', digest, sealed }],
        [scopeOf('thread', 'thread_1', 'globex'), { entity: 'EMAIL', digest, sealed }],
        [scopeOf('conversation', 'thread_1'), { entity: 'EMAIL', digest, sealed }],
        [thread, { entity: 'PHONE', digest, sealed }],
        [thread, { entity: 'EMAIL', digest: 'other', sealed }],
        [scopeOf('thread', 'cut'), { entity: 'EMAIL', digest, sealed: sealed.subarray(0, 9) }],
        [scopeOf('thread', 'none'), { entity: 'EMAIL', digest, sealed: Buffer.alloc(0) }],
      ] as const) {
        await store.name(scope, [moved]);
        await assert.rejects(vault.read(scope), { name: 'StoreUnavailable' });
      }
    });

    test('keys are rotated: numbers stay, and what was sealed before still opens', async (t) => {
      const { store } = await open(t);
      await begin(vaultOn(store, ring('k1')), thread);
      await vaultOn(store, ring('k1')).name(thread, [email('a')]);
      const rotated = vaultOn(store, ring('k2', 'k1'));
      assert.deepEqual(await rotated.name(thread, [email('b'), email('a')]), ['<EMAIL_2>', '<EMAIL_1>']);
      const again = vaultOn(store, ring('k3', 'k2', 'k1'));
      assert.deepEqual(await again.name(thread, [email('a'), email('b')]), ['<EMAIL_1>', '<EMAIL_2>']);
      assert.deepEqual(await read(again, thread), ['<EMAIL_1> a', '<EMAIL_2> b']);
      const sealedWith = (await store.read(thread))
        .map(({ sealed }) => sealed.toString('latin1', 0, 3))
        .sort();
      assert.deepEqual(sealedWith, ['k1:', 'k2:']);
      await assert.rejects(vaultOn(store, ring('k3', 'k2')).read(thread), {
        name: 'StoreUnavailable',
        message:
          /original of a placeholder can't be opened: redaction\.encryptionKeyFile has no key of the id "k1"/,
      });
    });

    test('a vault that was closed says so, and that nothing has happened', async (t) => {
      const { vault } = await openVault(t);
      await vault.close();
      await vault.close();
      const refused = { name: 'StoreUnavailable', mayHaveHappened: false };
      await assert.rejects(vault.name(thread, [email('a')]), refused);
      await assert.rejects(vault.read(thread), refused);
      await assert.rejects(vault.join(thread, one), refused);
      await assert.rejects(begin(vault, thread), refused);
    });
  });

  const numbersOf = (placeholders: readonly string[]) =>
    placeholders.map((placeholder) => Number(/^<EMAIL_(\d+)>$/.exec(placeholder)?.[1]));

  async function openVault(t: Parameters<OpenVaultStore>[0]) {
    const under = await open(t);
    const keyring = randomRing();
    return {
      ...under,
      vault: vaultOn(under.store, keyring),
      another: async () => vaultOn(await under.another(), keyring),
    };
  }
}
