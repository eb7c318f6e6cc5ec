/** Whether the upstream keeps the responses that it makes, so that it can be asked for them later. */
export type UpstreamStore = 'keep' | 'forget';
