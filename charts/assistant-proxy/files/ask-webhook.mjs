// `helm test`: asks the webhook what it would do to a pod, over TLS, as the API server does. Nothing is made.
import { request } from 'node:https';

const { NAMESPACE: namespace, WEBHOOK_URL: webhookUrl } = process.env;
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'try', labels: { 'app.kubernetes.io/name': 'try' } },
  spec: { containers: [{ name: 'try', image: 'try' }] },
};
const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'helm-test', operation: 'CREATE', namespace, dryRun: true, object: pod },
};

const { status, text } = await post(webhookUrl, JSON.stringify(review));
if (status !== 200) fail(`it answered ${status}: ${text}`);
const { response } = JSON.parse(text);
if (response?.allowed !== true) fail(`it refused: ${response?.status?.message}`);
const patch = Buffer.from(response.patch ?? '', 'base64').toString();
if (!patch.includes('"assistant-proxy"')) fail(`it added no sidecar: ${response.warnings?.join('; ')}`);
console.log('The injector answers, and adds a sidecar.');

function post(url, body) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', headers, timeout: 10_000 }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
    sent.on('error', (error) => fail(error.message));
    sent.end(body);
  });
}

function fail(why) {
  console.error(`The webhook at ${webhookUrl} does not work: ${why}`);
  process.exit(1);
}
