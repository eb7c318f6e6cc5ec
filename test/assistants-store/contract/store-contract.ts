import { describe } from 'node:test';

import { commitsContract } from './commits-contract.ts';
import { listsContract } from './lists-contract.ts';
import { type OpenStore, sealed } from './store-under-test.ts';
import { workContract } from './work-contract.ts';

/** Registers what every adapter of the store's port has to pass, also behind a seal. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`the store of assistants in ${name}`, () => {
    commitsContract(open);
    listsContract(open);
    workContract(open);
  });
  describe(`the sealed store of assistants in ${name}`, () => {
    commitsContract(sealed(open));
    listsContract(sealed(open));
    workContract(sealed(open));
  });
}
