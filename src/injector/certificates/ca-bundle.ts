import type { KubernetesClient, KubernetesObject } from '../kubernetes/kubernetes-client.ts';
import type { PatchOperation } from '../pods/json-patch.ts';

interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig?: { readonly caBundle?: string };
  }[];
}

/** Tells the API server whom to trust when it calls the injector: all webhooks of the configuration of that name. */
export async function publishBundle(
  client: Pick<KubernetesClient, 'get' | 'patch'>,
  name: string,
  pem: string,
): Promise<void> {
  const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`;
  const configuration = await client.get<WebhookConfiguration>(path);
  if (configuration === undefined) {
    throw new Error(`there is no MutatingWebhookConfiguration ${name}, so no pod gets a sidecar`);
  }
  const wanted = Buffer.from(pem).toString('base64');
  const operations = (configuration.webhooks ?? []).flatMap((webhook, index): PatchOperation[] =>
    webhook.clientConfig?.caBundle === wanted
      ? []
      : [
          // Else it could be another's by now.
          { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
          { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted },
        ],
  );
  if (operations.length > 0) await client.patch(path, operations);
}
