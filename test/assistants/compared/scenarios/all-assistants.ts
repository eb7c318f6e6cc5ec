import assert from 'node:assert/strict';

import { createAssistant } from '../applications.ts';
import type { Scenario } from '../scenario.ts';

/** Where nobody else makes assistants. */
export const listScenarios: readonly Scenario[] = [
  {
    title: 'assistants are listed with every parameter',
    async run(client) {
      const { assistants } = client.beta;
      const empty = await assistants.list();
      const ids = [];
      for (const name of ['a', 'b', 'c', 'd']) ids.push((await createAssistant(client, { name })).id);
      const [, second, third] = ids;
      assert.ok(second && third);
      const pages = [
        empty,
        await assistants.list(),
        await assistants.list({ limit: 2 }),
        await assistants.list({ order: 'asc', limit: 3 }),
        await assistants.list({ after: third }),
        await assistants.list({ before: second, limit: 1 }),
      ];
      await assistants.delete(second);
      const names = [];
      for await (const { name } of assistants.list({ limit: 2 })) names.push(name);
      assert.deepEqual(names, ['d', 'c', 'a']);
      return { pages: pages.map(({ data, has_more }) => ({ data, has_more })), names };
    },
  },
];
