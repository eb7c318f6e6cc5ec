import { testLongThreads } from '../assistants-store/contract/long-threads.ts';
import { testStoreProperties } from '../assistants-store/contract/store-properties.ts';
import { openEmbeddedStore } from './open-embedded-store.ts';

testStoreProperties('a file', openEmbeddedStore, 500);
testLongThreads('a file', openEmbeddedStore);
