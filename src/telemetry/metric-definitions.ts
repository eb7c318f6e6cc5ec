/** Every metric, defined once. The README's table is generated from here. */
export const metricDefinitions = {
  requests: {
    name: 'assistant_proxy_requests_total',
    type: 'counter',
    help: 'Requests answered.',
    labelNames: ['operation', 'status'],
  },
} as const;
