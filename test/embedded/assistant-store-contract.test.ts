import { describeStore } from '../assistants-store/contract/store-contract.ts';
import { openEmbeddedStore } from './open-embedded-store.ts';

describeStore('a file', openEmbeddedStore);
