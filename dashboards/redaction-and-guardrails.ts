import * as units from '@grafana/grafana-foundation-sdk/units';

import { atMost, steps } from './vocabulary/colours.ts';
import { dashboard, figures, row } from './vocabulary/dashboard.ts';
import { areas, bars, lines, total } from './vocabulary/panels.ts';
import { increase, orZero, quantile, rate } from './vocabulary/promql.ts';

/** Refusals by what a call is, not by how much it costs. */
const guards =
  'code=~"pii_blocked|unscannable_upload|redaction_failed|unsupported_media_type|body_too_large|unknown_operation|invalid_api_key|malformed_.*|headers_too_large"';

export const redactionAndGuardrails = dashboard({
  name: 'redaction-and-guardrails',
  title: 'Redaction and guardrails',
  description: 'What was found and replaced, what was refused, and what went round it.',
  rows: [
    figures(
      'In the time shown',
      total({
        title: 'Found',
        description: 'Pieces of personal data and secrets that were found.',
        unit: units.Short,
        queries: [{ expr: increase('assistant_proxy_redactions_total'), legend: 'found' }],
      }),
      total({
        title: 'Only observed',
        description: 'Found, and sent on as they were (mode observe).',
        unit: units.Short,
        queries: [
          {
            expr: orZero(increase('assistant_proxy_redactions_total', [], 'mode="observe"')),
            legend: 'observed',
          },
        ],
        thresholds: steps(1, 1000),
      }),
      total({
        title: 'Calls blocked',
        description: 'Calls with something of mode block in them, refused with 400 pii_blocked.',
        unit: units.Short,
        queries: [
          {
            expr: orZero(increase('assistant_proxy_refusals_total', [], 'code="pii_blocked"')),
            legend: 'blocked',
          },
        ],
        thresholds: steps(1, 1000),
      }),
      total({
        title: 'Opted out',
        description: 'Calls that asked not to be redacted, and were not. The audit log says whose they are.',
        unit: units.Short,
        queries: [
          { expr: orZero(increase('assistant_proxy_redaction_opt_outs_total')), legend: 'opted out' },
        ],
        thresholds: steps(1, 1000),
      }),
      total({
        title: 'Failures',
        description:
          'How often redaction was kept from its work. Such calls are refused, unless the analyzer is allowed to fail.',
        unit: units.Short,
        queries: [{ expr: orZero(increase('assistant_proxy_redaction_failures_total')), legend: 'failures' }],
        thresholds: atMost(1),
        runbook: 'AssistantProxyRedactionFails',
      }),
      total({
        title: 'Calls denied',
        description: 'By budgets and limits.',
        unit: units.Short,
        queries: [{ expr: orZero(increase('assistant_proxy_denials_total')), legend: 'denied' }],
        thresholds: steps(1, 1000),
      }),
    ),
    row(
      'What was found',
      areas({
        title: 'By what it is',
        description:
          'A kind that rises suddenly is a new feature of an application, or a pattern that fits too much.',
        unit: units.CountsPerSecond,
        queries: [{ expr: rate('assistant_proxy_redactions_total', ['entity']), legend: '{{entity}}' }],
      }),
      areas({
        title: 'By what became of it',
        description: 'observe lets it pass; block refuses the whole call.',
        unit: units.CountsPerSecond,
        queries: [{ expr: rate('assistant_proxy_redactions_total', ['mode']), legend: '{{mode}}' }],
        meanings: { mask: 'good', hash: 'plain', pseudonymize: 'second', block: 'held', observe: 'bad' },
      }),
      bars({
        title: 'By operation',
        description: 'Where callers send it, in the time shown.',
        unit: units.Short,
        queries: [
          { expr: increase('assistant_proxy_redactions_total', ['operation']), legend: '{{operation}}' },
        ],
      }),
    ),
    row(
      'What went round it, and what failed',
      areas({
        title: 'Opted out, by operation',
        description: 'Each is a call that the sidecar did not look at. redaction.optOut: deny ends that.',
        unit: units.CountsPerSecond,
        queries: [
          { expr: rate('assistant_proxy_redaction_opt_outs_total', ['operation']), legend: '{{operation}}' },
        ],
      }),
      areas({
        title: 'Failures, by reason',
        description:
          'analyzer_...: the analyzer of names and places is slow, away or wrong. store: originals could not be kept or read. internal: see the log.',
        unit: units.CountsPerSecond,
        queries: [
          { expr: rate('assistant_proxy_redaction_failures_total', ['reason']), legend: '{{reason}}' },
        ],
        runbook: 'AssistantProxyRedactionFails',
      }),
      lines({
        title: 'Store of originals, 95 %',
        description: 'How long it takes to keep and to read what placeholders stand for (mode pseudonymize).',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(0.95, 'assistant_proxy_store_duration_seconds', ['step'], 'store="vault"'),
            legend: '{{step}}',
          },
        ],
        runbook: 'AssistantProxyStoreDown',
      }),
    ),
    row(
      'Guardrails',
      areas({
        title: 'Refused for what they are',
        description:
          'Calls with personal data, of a wrong form or type, too large, or of a stranger. The code says which.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_refusals_total', ['code'], guards), legend: '{{code}}' }],
      }),
      areas({
        title: 'Denied for how much they are',
        description: 'By budgets and limits, by their names.',
        unit: units.RequestsPerSecond,
        queries: [
          {
            expr: rate('assistant_proxy_denials_total', ['rule', 'reason']),
            legend: '{{rule}} ({{reason}})',
          },
        ],
        runbook: 'AssistantProxyBudgetGone',
      }),
      areas({
        title: 'Would have been denied',
        description: 'By budgets with mode observe.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_denials_observed_total', ['rule']), legend: '{{rule}}' }],
      }),
      bars({
        title: 'Denied, by team',
        description: 'Whose calls budgets and limits refused, in the time shown.',
        unit: units.Short,
        width: 12,
        queries: [
          { expr: increase('assistant_proxy_denials_total', ['team', 'app']), legend: '{{team}} {{app}}' },
        ],
      }),
      areas({
        title: 'Calls with an Idempotency-Key',
        description:
          'replayed and waited: made once, answered twice. conflict: the key was used for another call, which is a fault of the application. abandoned: nobody knows whether it has run.',
        unit: units.RequestsPerSecond,
        width: 12,
        queries: [
          { expr: rate('assistant_proxy_idempotent_requests_total', ['result']), legend: '{{result}}' },
        ],
        meanings: {
          begun: 'plain',
          replayed: 'good',
          waited: 'good',
          conflict: 'bad',
          abandoned: 'held',
          left: 'faint',
          refused: 'held',
        },
      }),
    ),
  ],
});
