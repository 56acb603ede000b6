import assert from 'node:assert/strict';
import {test} from 'node:test';

import {errorOf} from './harness/client.ts';
import {standaloneWorld} from './harness/world.ts';

const PAGE = 'https://page.example';
const world = standaloneWorld({CORS_ORIGINS: `${PAGE},http://localhost:5173`});

test('the open routes need no key', async () => {
  const {client} = world;
  for (const path of ['/', '/health', '/livez', '/readyz']) {
    assert.equal((await client.call('GET', path, {key: null})).status, 200, path);
  }
  const root = await client.ok<{message: string; version: string}>('GET', '/', {key: null});
  assert.equal(root.message, 'MediaRouter API');
  assert.match(root.version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(await client.ok('GET', '/health', {key: null}), {status: 'healthy'});
});

test('everything else needs a key that is one', async () => {
  const {client} = world;
  const routes = [
    ['POST', '/v1/video/generations'], ['GET', '/v1/video/generations'],
    ['GET', '/v1/video/generations/gen_00000000000000000000000000'],
    ['DELETE', '/v1/video/generations/gen_00000000000000000000000000'],
    ['POST', '/v1/keys'], ['GET', '/v1/keys'], ['DELETE', '/v1/keys/1'],
    ['POST', '/v1/keys/1/validate'], ['GET', '/v1/providers'], ['POST', '/v1/usage/estimate'],
  ] as const;
  for (const [method, path] of routes) {
    const body = method === 'POST' ? '{}' : undefined;
    for (const key of [null, 'mr_wrong', client.key + 'x', client.key.slice(0, -1)]) {
      const answer = await client.call(method, path, {key, body});
      const error = errorOf(answer, 401);
      assert.equal(error.code, 'invalid_api_key', `${method} ${path}`);
      assert.equal(error.type, 'invalid_request_error');
    }
  }
  for (const authorization of ['Basic YWRtaW46YWRtaW4=', 'Bearer', 'Bearer ', client.key]) {
    const answer = await client.call('GET', '/v1/keys', {key: null, headers: {authorization}});
    errorOf(answer, 401);
  }
});

test('providers and models say what they can', async () => {
  interface Provider {
    name: string;
    display_name: string;
    models: unknown[];
    features: Record<string, unknown>;
    has_key: boolean;
    key_status: string | null;
  }
  const providers = await world.client.ok<Provider[]>('GET', '/v1/providers');
  assert.ok(Array.isArray(providers));
  const openai = providers.find(({name}) => name === 'openai')!;
  assert.ok(JSON.stringify(openai.models).includes('sora-2'));
  assert.equal(openai.has_key, true);
  assert.equal(openai.key_status, 'active');
  assert.equal(openai.features.supports_duration, true);
  assert.ok(Array.isArray(openai.features.available_aspect_ratios));
  assert.ok(!providers.some(({name}) => name === 'demo'), 'the demo is off');
});

test('an estimate is what a generation costs', async () => {
  const {client} = world;
  const estimate = await client.ok<Record<string, unknown>>(
      'POST', '/v1/usage/estimate', {json: {model: 'sora-2', duration: 8}});
  assert.equal(estimate.model, 'sora-2');
  assert.equal(estimate.provider, 'openai');
  assert.equal(estimate.duration, 8);
  assert.equal(estimate.aspect_ratio, '16:9');
  assert.equal(estimate.estimated_cost, 0.8);
  assert.equal(estimate.per_second_rate, 0.1);
  assert.equal(estimate.resolution, '1280x720');
  const refused = await client.call('POST', '/v1/usage/estimate', {json: {model: 'nothing-1'}});
  assert.equal(errorOf(refused, 400).code, 'model_not_found');
});

test('a page of a known origin may call, another may not', async () => {
  const {client} = world;
  const preflight = (origin: string, method = 'POST', headers = 'authorization') =>
    client.call('OPTIONS', '/v1/video/generations', {key: null, headers: {
      origin, 'access-control-request-method': method, 'access-control-request-headers': headers,
    }});
  const wanted = 'authorization,content-type,x-stainless-lang,x-stainless-retry-count,' +
      'idempotency-key,last-event-id,range';
  const allowed = await preflight(PAGE, 'POST', wanted);
  assert.ok(allowed.status === 200 || allowed.status === 204, String(allowed.status));
  assert.equal(allowed.headers.get('access-control-allow-origin'), PAGE);
  assert.match(allowed.headers.get('access-control-allow-methods') ?? '', /POST/);
  assert.match(allowed.headers.get('vary') ?? '', /origin/i);
  const granted = (allowed.headers.get('access-control-allow-headers') ?? '').toLowerCase();
  for (const name of wanted.split(',')) assert.ok(granted.includes(name), name);

  const refused = await preflight('https://evil.example');
  assert.notEqual(refused.headers.get('access-control-allow-origin'), 'https://evil.example');
  assert.notEqual(refused.headers.get('access-control-allow-origin'), '*');

  const actual = await client.call('GET', '/v1/providers', {headers: {origin: PAGE}});
  assert.equal(actual.headers.get('access-control-allow-origin'), PAGE);
  const exposed = (actual.headers.get('access-control-expose-headers') ?? '').toLowerCase();
  for (const name of ['x-request-id', 'retry-after', 'openai-poll-after-ms', 'content-range', 'link']) {
    assert.ok(exposed.includes(name), name);
  }
  const failed = await client.call('GET', '/v1/providers', {key: null, headers: {origin: PAGE}});
  assert.equal(failed.headers.get('access-control-allow-origin'), PAGE, 'errors are readable too');
});

test("a client's request id comes back, a strange one does not", async () => {
  const {client} = world;
  const sent = (id: string) => client.call('GET', '/health', {headers: {'x-request-id': id}});
  assert.equal((await sent('abc-123.X_9')).headers.get('x-request-id'), 'abc-123.X_9');
  const answer = await sent('"quoted" text');
  assert.match(answer.headers.get('x-request-id') ?? '', /^[A-Za-z0-9._-]{1,64}$/);
});

test('an unknown path is a 404, a wrong method a 405 with Allow', async () => {
  const {client} = world;
  errorOf(await client.call('GET', '/v1/nothing'), 404);
  const answer = await client.call('PUT', '/v1/video/generations', {json: {}});
  errorOf(answer, 405);
  assert.match(answer.headers.get('allow') ?? '', /GET.*POST|POST.*GET/);
});

test('metrics count requests and jobs, and hold no ids', async () => {
  const {client, deployment} = world;
  const {id} = await client.create({model: 'sora-2', prompt: world.prompt('counted')});
  await client.completed(id);
  const text = await deployment.metrics();
  assert.match(text, /^mediarouter_\w*request\w*(_total|_count)\{.*\} [1-9]/m);
  assert.match(text, /^mediarouter_orchestrator_generations_created_total\{.*\} [1-9]/m);
  assert.doesNotMatch(text, /gen_[a-z0-9]{26}/i);
});
