import { describeStore } from '../../assistants-store/contract/store-contract.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';

describeStore('memory', async () => {
  let nowMs = Date.UTC(2026, 10, 20, 12);
  const store = createMemoryAssistantStore(() => nowMs);
  return {
    store,
    another: async () => store,
    async advance(ms) {
      nowMs += ms;
    },
  };
});
