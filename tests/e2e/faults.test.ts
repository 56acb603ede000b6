import assert from 'node:assert/strict';
import {test} from 'node:test';

import type {Fault} from './harness/simulator.ts';
import {standaloneWorld} from './harness/world.ts';

const world = standaloneWorld();

/** One generation under a fault that strikes it alone. */
async function under(fault: Fault, seconds = 60) {
  const {client, sim} = world;
  const prompt = world.prompt(fault.kind);
  await sim.fault({...fault, prompt_contains: prompt});
  const {id} = await client.create({model: 'sora-2', prompt});
  return {ended: await client.ended(id, seconds), paid: await sim.paid(prompt)};
}

for (const fault of [
  {kind: 'drop_after', op: 'create'},
  {kind: 'error_after', op: 'create', code: 500},
  {kind: 'html_200', op: 'create'},
] as const) {
  test(`${fault.kind} at the create: the job is found, not sent again`, async () => {
    const {ended, paid} = await under(fault);
    assert.equal(ended.status, 'completed', JSON.stringify(ended));
    assert.equal(paid, 1);
  });
}

test('a create that timed out is looked up', async () => {
  const {ended, paid} = await under({kind: 'latency', op: 'create', ms: 6000}, 90);
  assert.equal(ended.status, 'completed', JSON.stringify(ended));
  assert.equal(paid, 1);
});

test('a provider that is busy is asked again: nothing was paid yet', async () => {
  const {ended, paid} =
      await under({kind: 'status', op: 'create', code: 429, retry_after: 1, count: 2}, 90);
  assert.equal(ended.status, 'completed', JSON.stringify(ended));
  assert.equal(paid, 1);
});

test('a create that was cut off and cannot be found is not sent again', async () => {
  const {ended, paid} = await under({kind: 'drop_before', op: 'create'}, 90);
  assert.equal(ended.status, 'failed');
  assert.equal(ended.error_code, 'submit_outcome_unknown');
  assert.equal(paid, 0);
});

for (const fault of [
  {kind: 'status', op: 'poll', code: 500, count: 4},
  {kind: 'status', op: 'poll', code: 429, retry_after: 1, count: 2},
  {kind: 'drop_before', op: 'poll', count: 3},
  {kind: 'html_200', op: 'poll', count: 3},
  {kind: 'unknown_status', op: 'poll', count: 3},
  {kind: 'progress_backwards', op: 'poll', count: 3},
] as const) {
  test(`${fault.kind} at polls is no verdict`, async () => {
    const {ended, paid} = await under(fault, 90);
    assert.equal(ended.status, 'completed', JSON.stringify(ended));
    assert.equal(paid, 1);
  });
}

for (const fault of [
  {kind: 'truncated_body', op: 'content', count: 1},
  {kind: 'status', op: 'content', code: 503, count: 2},
  {kind: 'expired_link', op: 'content', count: 1},
  {kind: 'html_200', op: 'content', count: 1},
  {kind: 'redirect', op: 'content', count: 1},
] as const) {
  test(`${fault.kind} at the download: it is fetched again, whole`, async () => {
    const {ended, paid} = await under(fault, 90);
    assert.equal(ended.status, 'completed', JSON.stringify(ended));
    assert.equal(paid, 1);
    const bytes = await world.client.bytes(ended.video!.url);
    assert.equal(bytes.subarray(4, 8).toString(), 'ftyp');
    assert.ok(bytes.includes('moov'));
  });
}

test("the provider's reason for a failure reaches the client", async () => {
  const {ended, paid} = await under(
      {kind: 'fail', code: 'moderation_blocked', message: 'The content is not allowed.'});
  assert.equal(ended.status, 'failed');
  assert.equal(ended.error_code, 'moderation_blocked');
  assert.match(ended.error ?? '', /not allowed/);
  assert.equal(ended.video, null);
  assert.equal(paid, 1);
});

test('a create that the provider refuses fails, unpaid, with the reason', async () => {
  const {ended, paid} = await under({kind: 'status', op: 'create', code: 400, count: 0});
  assert.equal(ended.status, 'failed');
  assert.ok(ended.error_code);
  assert.ok(ended.error);
  assert.equal(paid, 0);
});
