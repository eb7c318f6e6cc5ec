import type { MetricDefinition } from './metric-definition.ts';

/** The configuration in effect beside its file. */
export const configDefinitions = {
  configChanges: {
    type: 'counter',
    name: 'assistant_proxy_config_changes_total',
    help: 'Changes of the configuration file, by what became of them: applied, or refused because something in them is wrong.',
    labelNames: ['result'],
    seldom: [['applied'], ['refused']],
  },
  configRefused: {
    type: 'gauge',
    name: 'assistant_proxy_config_refused',
    help: 'Whether the configuration file is refused as it is now, and a former one is in effect: 1 or 0.',
    labelNames: [],
  },
  configWaitingKeys: {
    type: 'gauge',
    name: 'assistant_proxy_config_waiting_keys',
    help: 'Keys that were changed in the configuration file and wait for the next start.',
    labelNames: [],
  },
  configEnacted: {
    type: 'gauge',
    name: 'assistant_proxy_config_enacted_timestamp_seconds',
    help: 'Since when the configuration in effect is so, in Unix seconds.',
    labelNames: [],
  },
} as const satisfies Record<string, MetricDefinition>;
