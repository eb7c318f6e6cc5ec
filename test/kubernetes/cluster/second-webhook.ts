import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

import { createAuthority } from '../../upstream/certificates.ts';
import type { ClusterClient } from './cluster-client.ts';

/** Somebody else's mutating webhook, which is asked after the injector; gone when the test ends. */
export async function startSecondWebhook(
  test: TestContext,
  client: ClusterClient,
  { namespaceLabels, patch }: { namespaceLabels: object; patch: readonly object[] },
): Promise<{ calls(): number }> {
  const { caFile, issue } = createAuthority(test);
  let calls = 0;
  const server = createServer(issue(), async (request, response) => {
    const { request: asked } = (await json(request)) as { request: { uid: string } };
    calls += 1;
    const answer = {
      uid: asked.uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // They are asked in the order of their names.
  const name = 'zz-second';
  await client.create({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'second.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        clientConfig: {
          url: `https://localhost:${(server.address() as AddressInfo).port}/`,
          caBundle: readFileSync(caFile).toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: namespaceLabels },
      },
    ],
  });
  test.after(async () => {
    await client.remove(`/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`);
    server.closeAllConnections();
    server.close();
  });
  return { calls: () => calls };
}
