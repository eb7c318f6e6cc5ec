import * as units from '@grafana/grafana-foundation-sdk/units';

import { steps } from './vocabulary/colours.ts';
import { dashboard, figures, row } from './vocabulary/dashboard.ts';
import { upstreamFailureShare } from './vocabulary/health.ts';
import { circuitNames } from './vocabulary/names.ts';
import { areas, bars, figure, lines, states } from './vocabulary/panels.ts';
import { gauge, max, min, observations, quantile, rate, sum } from './vocabulary/promql.ts';

const day = 86_400;
const certificate = gauge('assistant_proxy_upstream_certificate_expiry_timestamp_seconds');
const limitLeft = `${gauge('assistant_proxy_upstream_ratelimit_remaining')} / ${gauge('assistant_proxy_upstream_ratelimit_limit')}`;

export const upstreamAndRetries = dashboard({
  name: 'upstream-and-retries',
  title: 'Upstream and retries',
  description: 'How the upstreams do, what was sent again, and what waits for them.',
  rows: [
    figures(
      'Right now',
      figure({
        title: 'Attempts',
        description: 'Calls sent to upstreams in each second, those that were sent again among them.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_upstream_attempts_total'), legend: 'attempts' }],
      }),
      figure({
        title: 'Failures',
        description:
          'The share of attempts that an upstream fails or does not answer. Look below which upstream it is, and at its status page.',
        unit: units.PercentUnit,
        decimals: 1,
        queries: [{ expr: upstreamFailureShare([]), legend: 'failures' }],
        thresholds: steps(0.02, 0.1),
        runbook: 'AssistantProxyUpstreamBrownOut',
      }),
      figure({
        title: 'Circuits open',
        description: 'Upstreams that at least one pod sends nothing to but a probe now and then.',
        unit: units.Short,
        queries: [
          {
            expr: `count(${max(['upstream'], gauge('assistant_proxy_circuit_state'))} == 2) or vector(0)`,
            legend: 'open',
          },
        ],
        thresholds: steps(1, 2),
        runbook: 'AssistantProxyCircuitOpen',
      }),
      figure({
        title: 'Retries left',
        description:
          'How many more calls may be sent again now, in the pod that has the fewest. At 0 failures reach the callers.',
        unit: units.Short,
        decimals: 0,
        queries: [{ expr: min([], gauge('assistant_proxy_retry_budget_left')), legend: 'left' }],
        thresholds: steps(5, 1),
      }),
      figure({
        title: "Upstream's limit left",
        description:
          "The least that is left of any of the upstreams' own rate limits. Near 0 calls are slowed down.",
        unit: units.PercentUnit,
        decimals: 0,
        queries: [{ expr: min([], limitLeft), legend: 'left' }],
        thresholds: steps(0.2, 0.05),
      }),
      figure({
        title: 'Certificate expires in',
        description: 'Of the https upstream whose certificate ends first. From then on no call reaches it.',
        unit: units.Seconds,
        queries: [{ expr: `${min([], certificate)} - time()`, legend: 'expires' }],
        thresholds: steps(14 * day, 3 * day),
        runbook: 'AssistantProxyUpstreamCertificateExpires',
      }),
    ),
    row(
      'How upstreams do',
      areas({
        title: 'Attempts by result',
        description:
          'client_error: the call was wrong. rate_limited: too fast for the upstream. server_error, timeout and unreachable: the upstream is in trouble. aborted: the caller left.',
        unit: units.RequestsPerSecond,
        queries: [
          { expr: rate('assistant_proxy_upstream_attempts_total', ['result']), legend: '{{result}}' },
        ],
        meanings: {
          ok: 'good',
          client_error: 'plain',
          rate_limited: 'held',
          server_error: 'bad',
          timeout: 'bad',
          unreachable: 'bad',
          aborted: 'faint',
        },
        runbook: 'AssistantProxyUpstreamBrownOut',
      }),
      lines({
        title: 'Failures by upstream',
        description: 'The share of attempts that fail. Above 10 % for five minutes an alert fires.',
        unit: units.PercentUnit,
        queries: [{ expr: upstreamFailureShare(['upstream']), legend: '{{upstream}}' }],
        thresholds: steps(0.02, 0.1),
        runbook: 'AssistantProxyUpstreamBrownOut',
      }),
      lines({
        title: 'Until an answer begins',
        description:
          'Of each upstream, as the sidecar sees it. Answers that are not streamed begin when they are done.',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(0.5, 'assistant_proxy_upstream_duration_seconds', ['upstream']),
            legend: '{{upstream}} median',
          },
          {
            expr: quantile(0.95, 'assistant_proxy_upstream_duration_seconds', ['upstream']),
            legend: '{{upstream}} 95 %',
            exemplars: true,
          },
        ],
      }),
    ),
    row(
      'How models do',
      lines({
        title: 'Duration by model, 95 %',
        description: 'From the request to the last byte.',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(0.95, 'gen_ai_client_operation_duration_seconds', ['gen_ai_request_model']),
            legend: '{{gen_ai_request_model}}',
            exemplars: true,
          },
        ],
      }),
      lines({
        title: 'Time to the first token, 95 %',
        description: 'Of streamed answers. If one model alone is slow, so is the upstream for it.',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(0.95, 'gen_ai_server_time_to_first_token_seconds', ['gen_ai_request_model']),
            legend: '{{gen_ai_request_model}}',
            exemplars: true,
          },
        ],
      }),
      lines({
        title: 'Time for each further token, median',
        description: 'Of streamed answers: how fast they can be read.',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(0.5, 'gen_ai_server_time_per_output_token_seconds', ['gen_ai_request_model']),
            legend: '{{gen_ai_request_model}}',
          },
        ],
      }),
      lines({
        title: 'Tokens of a call, 95 %',
        description: 'Input grows with the length of conversations; it is what most calls cost.',
        unit: units.Short,
        width: 12,
        queries: [
          {
            expr: quantile(0.95, 'gen_ai_client_token_usage', ['gen_ai_token_type']),
            legend: '{{gen_ai_token_type}}',
            exemplars: true,
          },
        ],
        meanings: { input: 'plain', output: 'second' },
      }),
      areas({
        title: 'Calls of models that went wrong',
        description: 'By status, by the code of a refusal, or by how they broke off.',
        unit: units.RequestsPerSecond,
        width: 12,
        queries: [
          {
            expr: observations('gen_ai_client_operation_duration_seconds', ['error_type'], 'error_type!=""'),
            legend: '{{error_type}}',
          },
        ],
      }),
    ),
    row(
      'What was sent again',
      areas({
        title: 'Sent again, by what went wrong',
        description:
          'unsent: no connection. refused: not run, says the upstream. exhausted: its quota is used up. failed: it tried. unclear: it may have run, and may so often.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_retries_total', ['failure']), legend: '{{failure}}' }],
      }),
      areas({
        title: 'Not sent again, and why',
        description:
          'budget: too many were, of late. unclear: it may have run, and be paid for twice. These are failures that callers see.',
        unit: units.RequestsPerSecond,
        queries: [{ expr: rate('assistant_proxy_retries_withheld_total', ['why']), legend: '{{why}}' }],
        meanings: {
          final: 'faint',
          unclear: 'plain',
          attempts: 'held',
          budget: 'bad',
          wait: 'held',
          time: 'held',
        },
      }),
      lines({
        title: 'Retries left, over time',
        description:
          'Of each pod, the least in the time of a point. Calls fill it up, retries use it: see retry.budgetPercent.',
        unit: units.Short,
        queries: [{ expr: min([], gauge('assistant_proxy_retry_budget_left')), legend: 'fewest' }],
        meanings: { fewest: 'plain' },
      }),
    ),
    row(
      'Circuits',
      states({
        title: 'Circuits',
        description:
          'The worst state in any pod. Open: the upstream fails or is slow, and its callers are told so at once.',
        unit: units.Short,
        queries: [
          { expr: max(['upstream'], gauge('assistant_proxy_circuit_state')), legend: '{{upstream}}' },
        ],
        names: circuitNames,
        runbook: 'AssistantProxyCircuitOpen',
      }),
      lines({
        title: 'Openings',
        description:
          'How often circuits opened, in each hour. One that opens again and again meets an upstream that answers probes and fails the rest.',
        unit: units.Short,
        queries: [
          {
            expr: `${rate('assistant_proxy_circuit_openings_total', ['upstream'])} * 3600`,
            legend: '{{upstream}}',
          },
        ],
        runbook: 'AssistantProxyCircuitOpen',
      }),
      bars({
        title: 'Certificates expire in',
        description: 'As seen at the last handshake with each https upstream.',
        unit: units.Seconds,
        queries: [
          {
            expr: `${min(['upstream'], certificate)} - time()`,
            legend: '{{upstream}}',
          },
        ],
        thresholds: steps(14 * day, 3 * day),
        runbook: 'AssistantProxyUpstreamCertificateExpires',
      }),
    ),
    row(
      'What waits',
      lines({
        title: 'At work for each upstream',
        description:
          'Calls that an upstream works on, and calls that wait for one of those to end: see overload.maxConcurrent.',
        unit: units.Short,
        queries: [
          {
            expr: sum(['upstream'], gauge('assistant_proxy_upstream_calls_running')),
            legend: '{{upstream}} running',
          },
          {
            expr: sum(['upstream'], gauge('assistant_proxy_upstream_calls_waiting')),
            legend: '{{upstream}} waiting',
          },
        ],
      }),
      lines({
        title: 'Time in queues, 95 %',
        description:
          "limit: for a limit of yours (waitUpToMs). upstream: for a place there. pacing: for the upstream's own rate limit.",
        unit: units.Seconds,
        queries: [{ expr: quantile(0.95, 'assistant_proxy_queue_seconds', ['queue']), legend: '{{queue}}' }],
        meanings: { limit: 'held', upstream: 'plain', pacing: 'second' },
      }),
      lines({
        title: "Left of the upstream's limits",
        description: 'As it last said, the least of all pods. Calls slow down before it is used up.',
        unit: units.PercentUnit,
        max: 1,
        queries: [
          { expr: min(['upstream', 'model', 'kind'], limitLeft), legend: '{{upstream}} {{model}} {{kind}}' },
        ],
        thresholds: steps(0.2, 0.05),
      }),
      lines({
        title: 'Slowed down',
        description:
          "Seconds that calls waited in each second, so that the upstream's limits are not hit. Ask the provider for more if it stays.",
        unit: units.Seconds,
        width: 24,
        queries: [
          {
            expr: rate('assistant_proxy_upstream_pacing_seconds_total', ['upstream', 'model']),
            legend: '{{upstream}} {{model}}',
          },
        ],
      }),
    ),
  ],
});
